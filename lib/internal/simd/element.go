package simd

import (
	"fmt"
	"math"
	"unsafe"
)

// Each function here is its plain loop; the kernels of the element functions differ from the correctly rounded result by at
// most the units in the last place their documentation states. dst may be an input. Arrays of more than a few thousand
// values are shared among the workers.

// Exp sets dst[i] = e^src[i], within 2 ulp.
func Exp(dst, src []float32) { apply(active.elements.exp, plainExp, dst, src, nil, 0, 0) }

// Log sets dst[i] = ln src[i], within 2 ulp.
func Log(dst, src []float32) { apply(active.elements.log, plainLog, dst, src, nil, 0, 0) }

// Tanh sets dst[i] = tanh src[i], within 3 ulp.
func Tanh(dst, src []float32) { apply(active.elements.tanh, plainTanh, dst, src, nil, 0, 0) }

// Atan sets dst[i] = arctan src[i], within 3 ulp.
func Atan(dst, src []float32) { apply(active.elements.atan, plainAtan, dst, src, nil, 0, 0) }

// Sigmoid sets dst[i] = 1/(1+e^−src[i]), within 3 ulp.
func Sigmoid(dst, src []float32) { apply(active.elements.sigmoid, plainSigmoid, dst, src, nil, 0, 0) }

// Softplus sets dst[i] = ln(1+e^src[i]), within 4 ulp.
func Softplus(dst, src []float32) {
	apply(active.elements.softplus, plainSoftplus, dst, src, nil, 0, 0)
}

// Add sets dst[i] = a[i] + b[i].
func Add(dst, a, b []float32) { apply(active.elements.add, plainAdd, dst, a, b, 0, 0) }

// Sub sets dst[i] = a[i] − b[i].
func Sub(dst, a, b []float32) { apply(active.elements.sub, plainSub, dst, a, b, 0, 0) }

// Mul sets dst[i] = a[i]·b[i].
func Mul(dst, a, b []float32) { apply(active.elements.mul, plainMul, dst, a, b, 0, 0) }

// Div sets dst[i] = a[i]/b[i].
func Div(dst, a, b []float32) { apply(active.elements.div, plainDiv, dst, a, b, 0, 0) }

// Scale sets dst[i] = k·src[i].
func Scale(dst []float32, k float32, src []float32) {
	apply(active.elements.scale, plainScale, dst, src, nil, k, 0)
}

// AddConst sets dst[i] = src[i] + k.
func AddConst(dst []float32, k float32, src []float32) {
	apply(active.elements.addConst, plainAddConst, dst, src, nil, k, 0)
}

// Clamp sets dst[i] = min(max(src[i], lo), hi); what is not a number stays.
func Clamp(dst, src []float32, lo, hi float32) {
	apply(active.elements.clamp, plainClamp, dst, src, nil, lo, hi)
}

// ReLU sets dst[i] = max(src[i], 0); what is not a number stays.
func ReLU(dst, src []float32) { apply(active.elements.relu, plainReLU, dst, src, nil, 0, 0) }

// ReLUGrad sets dst[i] = dy[i] where x[i] > 0 and 0 elsewhere; x may be ReLU's input or its output.
func ReLUGrad(dst, dy, x []float32) {
	apply(active.elements.reluGrad, plainReLUGrad, dst, dy, x, 0, 0)
}

// sameLength panics unless all slices have n values.
func sameLength(n int, others ...[]float32) {
	for _, o := range others {
		if len(o) != n {
			panic(fmt.Sprintf("simd: slices of %d and %d values", n, len(o)))
		}
	}
}

// A loop is the definition of an element function with parameters k and l; b may be nil.
type loop func(dst, a, b []float32, k, l float32)

// elementJob is an element function over long arrays, cut into blocks.
type elementJob struct {
	kernel    func(*mapArgs)
	loop      loop
	dst, a, b []float32
	k, l      float32
}

const elementBlock = 8192

var elementJobs freeList[elementJob]

// apply runs an element function by its kernel or, if there is none, by its loop.
func apply(kernel func(*mapArgs), plain loop, dst, a, b []float32, k, l float32) {
	sameLength(len(dst), a)
	if b != nil {
		sameLength(len(dst), b)
	}
	if len(dst) == 0 {
		return
	}
	j := elementJobs.get()
	defer elementJobs.put(j)
	*j = elementJob{kernel, plain, dst, a, b, k, l}
	dispatch(ceilDiv(len(dst), elementBlock), j)
	*j = elementJob{}
}

// run implements task.
func (j *elementJob) run(i int, s *scratch) {
	lo := i * elementBlock
	hi := min(lo+elementBlock, len(j.dst))
	var b []float32
	if j.b != nil {
		b = j.b[lo:hi]
	}
	if j.kernel == nil {
		j.loop(j.dst[lo:hi], j.a[lo:hi], b, j.k, j.l)
		return
	}
	s.maps = mapArgs{dst: unsafe.Pointer(&j.dst[lo]), a: unsafe.Pointer(&j.a[lo]), b: unsafe.Pointer(unsafe.SliceData(b)), n: hi - lo, k: j.k, l: j.l}
	callMap(j.kernel, &s.maps)
}

func mapFunc(dst, src []float32, f func(float64) float64) {
	for i := range dst {
		dst[i] = float32(f(float64(src[i])))
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func plainExp(dst, a, _ []float32, _, _ float32)      { mapFunc(dst, a, math.Exp) }
func plainLog(dst, a, _ []float32, _, _ float32)      { mapFunc(dst, a, math.Log) }
func plainTanh(dst, a, _ []float32, _, _ float32)     { mapFunc(dst, a, math.Tanh) }
func plainAtan(dst, a, _ []float32, _, _ float32)     { mapFunc(dst, a, math.Atan) }
func plainSigmoid(dst, a, _ []float32, _, _ float32)  { mapFunc(dst, a, sigmoid) }
func plainSoftplus(dst, a, _ []float32, _, _ float32) { mapFunc(dst, a, softplus) }

func plainAdd(dst, a, b []float32, _, _ float32) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func plainSub(dst, a, b []float32, _, _ float32) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func plainMul(dst, a, b []float32, _, _ float32) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func plainDiv(dst, a, b []float32, _, _ float32) {
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

func plainScale(dst, a, _ []float32, k, _ float32) {
	for i := range dst {
		dst[i] = k * a[i]
	}
}

func plainAddConst(dst, a, _ []float32, k, _ float32) {
	for i := range dst {
		dst[i] = a[i] + k
	}
}

func plainClamp(dst, a, _ []float32, lo, hi float32) {
	for i := range dst {
		dst[i] = min(max(a[i], lo), hi)
	}
}

func plainReLU(dst, a, _ []float32, _, _ float32) {
	for i := range dst {
		dst[i] = max(a[i], 0)
	}
}

func plainReLUGrad(dst, dy, x []float32, _, _ float32) {
	for i := range dst {
		if x[i] > 0 {
			dst[i] = dy[i]
		} else {
			dst[i] = 0
		}
	}
}
