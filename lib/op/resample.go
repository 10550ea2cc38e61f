package op

import (
	"fmt"
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Axis is a linear map from In cells to Out cells of a line: padding, pooling and interpolation along one axis. A, B are
// the map's parameters.
type Axis struct {
	Map     string // "window", "adaptive", "linear" or "reflect"; see axisMaps
	In, Out int
	A, B, C int
}

// axisMaps says which input cells make output cell j, and with which weights.
var axisMaps = map[string]func(a Axis, j int, tap func(i int, w float64)){
	// the mean of A cells, B apart, after C zeros; zeros count in the divisor
	"window": func(a Axis, j int, tap func(int, float64)) {
		for i := j*a.B - a.C; i < j*a.B-a.C+a.A; i++ {
			if i >= 0 && i < a.In {
				tap(i, 1/float64(a.A))
			}
		}
	},
	// the mean of cells ⌊j·In/Out⌋ ... ⌈(j+1)·In/Out⌉−1
	"adaptive": func(a Axis, j int, tap func(int, float64)) {
		lo, hi := j*a.In/a.Out, ((j+1)*a.In+a.Out-1)/a.Out
		for i := lo; i < hi; i++ {
			tap(i, 1/float64(hi-lo))
		}
	},
	// interpolation between cells, the first and the last cell of both lines aligned
	"linear": func(a Axis, j int, tap func(int, float64)) {
		at := 0.0
		if a.Out > 1 {
			at = float64(j) * float64(a.In-1) / float64(a.Out-1)
		}
		i := min(int(at), a.In-1)
		f := at - float64(i)
		tap(i, 1-f)
		if f > 0 && i+1 < a.In {
			tap(i+1, f)
		}
	},
	// A cells mirrored before the first one, which is not repeated, and the rest after the last one
	"reflect": func(a Axis, j int, tap func(int, float64)) {
		i := j - a.A
		if i < 0 {
			i = -i
		}
		if i >= a.In {
			i = 2*(a.In-1) - i
		}
		tap(i, 1)
	},
}

// ResampleOp maps the rows of every channel of x (B,C,H,W) by Rows and the columns by Cols: y = R·x·Cᵀ with R and C the
// maps' matrices. Transposed, it is y = Rᵀ·x·C, the gradient. What is not finite in x may reach its whole row and column
// of y.
type ResampleOp struct {
	Rows, Cols Axis
	Transposed bool
}

// AvgPool averages windows of k×k pixels, stride apart, with pad zeros around x (B,C,H,W). The divisor is k² everywhere,
// also where the window covers padding. It panics unless k > 0, stride > 0 and 0 ≤ pad < k.
func AvgPool(x *G.Node, k, stride, pad int) (*G.Node, error) {
	checkWindow("AvgPool", k, stride, pad)
	return resample("AvgPool", x, func(n int) Axis { return Axis{"window", n, pooled(n, k, stride, pad), k, stride, pad} })
}

// AdaptiveAvgPool averages x (B,C,H,W) to (B,C,h,w): cell j is the mean of rows ⌊jH/h⌋ … ⌈(j+1)H/h⌉−1, and so along the
// columns. It panics unless h > 0 and w > 0.
func AdaptiveAvgPool(x *G.Node, h, w int) (*G.Node, error) { return resize("adaptive", x, h, w) }

// Resize interpolates x (B,C,H,W) bilinearly to (B,C,h,w), with the corner pixels of both aligned. It panics unless
// h > 0 and w > 0.
func Resize(x *G.Node, h, w int) (*G.Node, error) { return resize("linear", x, h, w) }

func resize(kind string, x *G.Node, h, w int) (*G.Node, error) {
	if h < 1 || w < 1 {
		panic(fmt.Sprintf("op: resizing to %d×%d pixels", h, w))
	}
	sizes := []int{h, w}
	return resample(kind, x, func(n int) Axis {
		out := sizes[0]
		sizes = sizes[1:]
		return Axis{Map: kind, In: n, Out: out}
	})
}

// ReflectPad adds rows and columns that mirror x (B,C,H,W) at its border pixels, which are not repeated. Each must be
// smaller than x in its direction. It panics if one is negative.
func ReflectPad(x *G.Node, top, bottom, left, right int) (*G.Node, error) {
	if min(top, bottom, left, right) < 0 {
		panic(fmt.Sprintf("op: ReflectPad by %d, %d, %d, %d", top, bottom, left, right))
	}
	ends := [][2]int{{top, bottom}, {left, right}}
	return resample("ReflectPad", x, func(n int) Axis {
		end := ends[0]
		ends = ends[1:]
		return Axis{Map: "reflect", In: n, Out: n + end[0] + end[1], A: end[0]}
	})
}

// resample applies the maps that axis makes for the number of rows and then for the number of columns.
func resample(name string, x *G.Node, axis func(n int) Axis) (*G.Node, error) {
	if x == nil || x.Dims() != 4 {
		return nil, fmt.Errorf("op: %s: want a map (B,C,H,W)", name)
	}
	s := x.Shape()
	rows := axis(s[2])
	return apply(ResampleOp{Rows: rows, Cols: axis(s[3])}, x)
}

func checkWindow(name string, k, stride, pad int) {
	if k < 1 || stride < 1 || pad < 0 || pad >= k {
		panic(fmt.Sprintf("op: %s with windows of %d, stride %d, padding %d", name, k, stride, pad))
	}
}

// pooled is the number of windows along an axis.
func pooled(n, k, stride, pad int) int {
	if n+2*pad < k {
		return 0
	}
	return (n+2*pad-k)/stride + 1
}

func (p ResampleOp) String() string {
	arrow := "→"
	if p.Transposed {
		arrow = "←"
	}
	r, c := p.Rows, p.Cols
	return fmt.Sprintf("Resample %s{%d×%d %s %d×%d}", r.Map, r.In, c.In, arrow, r.Out, c.Out)
}

// ends are the numbers of cells that the axis takes and gives.
func (p ResampleOp) ends(a Axis) (from, to int) {
	if p.Transposed {
		return a.Out, a.In
	}
	return a.In, a.Out
}

// Shape is (B,C,h,w).
func (p ResampleOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	h, oh := p.ends(p.Rows)
	w, ow := p.ends(p.Cols)
	if len(x) != 4 || x[2] != h || x[3] != w {
		return nil, fmt.Errorf("x is %s, want (B,C,%d,%d)", shapeText(x), h, w)
	}
	for _, a := range []Axis{p.Rows, p.Cols} {
		if a.Out < 1 {
			return nil, fmt.Errorf("x %s is smaller than the window of %d", shapeText(x), a.A)
		}
		if a.Map == "reflect" && max(a.A, a.Out-a.In-a.A) >= a.In {
			return nil, fmt.Errorf("x %s is too small to mirror %d and %d pixels", shapeText(x), a.A, a.Out-a.In-a.A)
		}
	}
	return tensor.Shape{x[0], x[1], oh, ow}, nil
}

// taps are the nonzero entries of a matrix by rows: row j is entries start[j] to start[j+1]−1.
type taps struct {
	start, in []int
	weight    []float64
	weight32  []float32
	dense     []float32 // the matrix with its zeros, (out,in), if matrix kernels are faster on it; or nil
}

// Matrix products are faster on matrices that have no more than denseTerms entries, zeros included, for every tap, and only
// where a map has at least denseTaps.
const (
	denseTerms = 32
	denseTaps  = 700
)

// fill sets dense. What mirrors only copies: zeros times infinity, which is not a number, must not come in. And means, which
// have fewer cells than what they are taken of, are short sums, which loops add as fast.
func (t *taps) fill(a Axis) {
	out := len(t.start) - 1
	in := a.In * a.Out / out
	if a.Map == "reflect" || a.Map != "linear" && out < in || simd.Kernel() == "plain" || a.In*a.Out > denseTerms*len(t.in) {
		return
	}
	t.dense = make([]float32, a.In*a.Out)
	for j := range out {
		for k := t.start[j]; k < t.start[j+1]; k++ {
			t.dense[j*in+t.in[k]] = t.weight32[k]
		}
	}
}

// weightsOf are the entries' values in the type of the maps.
func weightsOf[T Float](t *taps) []T {
	var out []T
	switch p := any(&out).(type) {
	case *[]float32:
		*p = t.weight32
	case *[]float64:
		*p = t.weight
	}
	return out
}

// Matrix is the map as Out rows of In weights.
func (a Axis) Matrix() [][]float64 {
	m := make([][]float64, a.Out)
	for j := range m {
		m[j] = make([]float64, a.In)
		axisMaps[a.Map](a, j, func(i int, w float64) { m[j][i] += w })
	}
	return m
}

// tapCache keeps what tapsOf made: there are as many as there are sizes of maps in a program.
var tapCache sync.Map // of ResampleOp with Cols left out → *taps

// tapsOf is the axis's matrix, or its transpose, without the zeros.
func tapsOf(a Axis, transposed bool) *taps {
	key := ResampleOp{Rows: a, Transposed: transposed}
	if t, ok := tapCache.Load(key); ok {
		return t.(*taps)
	}
	t, m, n, k := &taps{start: []int{0}}, a.Matrix(), a.Out, a.In
	if transposed {
		n, k = k, n
	}
	for j := range n {
		for i := range k {
			w := 0.0
			if transposed {
				w = m[i][j]
			} else {
				w = m[j][i]
			}
			if w != 0 {
				t.in, t.weight, t.weight32 = append(t.in, i), append(t.weight, w), append(t.weight32, float32(w))
			}
		}
		t.start = append(t.start, len(t.in))
	}
	t.fill(a)
	tapCache.Store(key, t)
	return t
}

// Float32 multiplies by dense matrices where that is faster.
func (p ResampleOp) Float32(c *Call[float32]) {
	vertical, horizontal := tapsOf(p.Rows, p.Transposed), tapsOf(p.Cols, p.Transposed)
	maps, h, w := c.X[0].Shape[0]*c.X[0].Shape[1], c.X[0].Shape[2], c.X[0].Shape[3]
	oh, ow := c.Y.Shape[2], c.Y.Shape[3]
	if vertical.dense == nil || horizontal.dense == nil || len(vertical.in)*w+oh*len(horizontal.in) < denseTaps {
		resampleAll(p, c)
		return
	}
	mixed := borrow[float32](maps * oh * w)
	defer giveBack(mixed)
	// The rows of a map are the channels of an image of one row, which R mixes.
	simd.Conv2D(*mixed, c.X[0].Data, vertical.dense, nil, simd.ConvShape{B: maps, Cin: h, H: 1, W: w, Cout: oh, KH: 1, KW: 1,
		StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1})
	simd.Gemm(false, true, maps*oh, ow, w, 1, *mixed, w, horizontal.dense, w, 0, c.Y.Data, ow)
}

func (p ResampleOp) Float64(c *Call[float64]) { resampleAll(p, c) }

func resampleAll[T Float](p ResampleOp, c *Call[T]) {
	vertical, horizontal := tapsOf(p.Rows, p.Transposed), tapsOf(p.Cols, p.Transposed)
	h, w := c.X[0].Shape[2], c.X[0].Shape[3]
	oh, ow := c.Y.Shape[2], c.Y.Shape[3]
	rows(c.Y.Shape[0]*c.Y.Shape[1], max(h*w, oh*ow), func(i int) {
		x, y := c.X[0].Data[i*h*w:(i+1)*h*w], c.Y.Data[i*oh*ow:(i+1)*oh*ow]
		mixed := borrow[T](w)
		defer giveBack(mixed)
		for j := range oh {
			mixRows(*mixed, x, vertical, j)
			mixCells(y[j*ow:(j+1)*ow], *mixed, horizontal)
		}
	})
}

// mixRows is the weighted sum of rows of x that cell j of the axis asks for.
func mixRows[T Float](sum, x []T, t *taps, j int) {
	clear(sum)
	weight := weightsOf[T](t)
	for k := t.start[j]; k < t.start[j+1]; k++ {
		w, i := weight[k], t.in[k]
		for n, v := range x[i*len(sum) : (i+1)*len(sum)] {
			sum[n] += w * v
		}
	}
}

// mixCells makes each cell of y a weighted sum of cells of x.
func mixCells[T Float](y, x []T, t *taps) {
	weight, start := weightsOf[T](t), t.start[:len(y)+1]
	in := t.in[:len(weight)]
	k := 0
	for j := range y {
		var sum T
		for ; k < start[j+1]; k++ {
			sum += weight[k] * x[in[k]]
		}
		y[j] = sum
	}
}

// Grad is the same map transposed.
func (p ResampleOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	p.Transposed = !p.Transposed
	return c.nodes(c.do(apply(p, dy)))
}
