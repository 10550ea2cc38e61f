package simd

import "unsafe"

// An Element is one of the element functions, to be a link of a Chain.
type Element struct {
	kernel func(*elementKernels) func(*mapArgs)
	loop   loop
}

// elementsByName are the functions that a Chain can have. K and L are Scale's factor, AddConst's summand and Clamp's limits.
var elementsByName = map[string]Element{
	"exp":       {func(e *elementKernels) func(*mapArgs) { return e.exp }, plainExp},
	"log":       {func(e *elementKernels) func(*mapArgs) { return e.log }, plainLog},
	"tanh":      {func(e *elementKernels) func(*mapArgs) { return e.tanh }, plainTanh},
	"atan":      {func(e *elementKernels) func(*mapArgs) { return e.atan }, plainAtan},
	"sigmoid":   {func(e *elementKernels) func(*mapArgs) { return e.sigmoid }, plainSigmoid},
	"add":       {func(e *elementKernels) func(*mapArgs) { return e.add }, plainAdd},
	"sub":       {func(e *elementKernels) func(*mapArgs) { return e.sub }, plainSub},
	"mul":       {func(e *elementKernels) func(*mapArgs) { return e.mul }, plainMul},
	"div":       {func(e *elementKernels) func(*mapArgs) { return e.div }, plainDiv},
	"scale":     {func(e *elementKernels) func(*mapArgs) { return e.scale }, plainScale},
	"add const": {func(e *elementKernels) func(*mapArgs) { return e.addConst }, plainAddConst},
	"clamp":     {func(e *elementKernels) func(*mapArgs) { return e.clamp }, plainClamp},
	"relu":      {func(e *elementKernels) func(*mapArgs) { return e.relu }, plainReLU},
	"gate":      {func(e *elementKernels) func(*mapArgs) { return e.reluGrad }, plainReLUGrad},
}

// ElementNamed finds an element function: exp, log, tanh, atan, sigmoid, add, sub, mul, div, scale, add const, clamp, relu
// or gate, which is ReLUGrad.
func ElementNamed(name string) (Element, bool) {
	e, ok := elementsByName[name]
	return e, ok
}

// A Link sets Y[i] = Func(A[i], B[i]) with parameters K and L. B is nil for functions of one argument. Y may be A or B.
type Link struct {
	Func    Element
	Y, A, B []float32
	K, L    float32
}

// Chain runs its links one after the other, block by block, so that what one writes and the next reads is still in the
// first-level cache. All arrays have one length; those that share memory must start at the same place.
func Chain(links []Link) {
	n := len(links[0].Y)
	for _, l := range links {
		sameLength(n, l.Y, l.A)
		if l.B != nil {
			sameLength(n, l.B)
		}
	}
	j := chainJobs.get()
	defer chainJobs.put(j)
	j.links = links
	dispatch(ceilDiv(n, elementBlock), j)
	j.links = nil
}

// chainBlock is how many values the links of a chain take at a time: some six arrays of them fill the first-level cache.
const chainBlock = 2048

type chainJob struct{ links []Link }

var chainJobs freeList[chainJob]

// run implements task.
func (j *chainJob) run(i int, s *scratch) {
	end := min((i+1)*elementBlock, len(j.links[0].Y))
	for lo := i * elementBlock; lo < end; lo += chainBlock {
		hi := min(lo+chainBlock, end)
		for k := range j.links {
			j.links[k].run(lo, hi, s)
		}
	}
}

// run computes values lo to hi−1.
func (l *Link) run(lo, hi int, s *scratch) {
	var b []float32
	if l.B != nil {
		b = l.B[lo:hi]
	}
	kernel := l.Func.kernel(&active.elements)
	if kernel == nil {
		l.Func.loop(l.Y[lo:hi], l.A[lo:hi], b, l.K, l.L)
		return
	}
	s.maps = mapArgs{dst: unsafe.Pointer(&l.Y[lo]), a: unsafe.Pointer(&l.A[lo]), b: unsafe.Pointer(unsafe.SliceData(b)), n: hi - lo, k: l.K, l: l.L}
	callMap(kernel, &s.maps)
}
