package op

import (
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ref is an array of the slow implementations that the tests compare with: float64, indexed by coordinates.
type ref struct {
	shape []int
	data  []float64
}

func newRef(shape ...int) ref {
	return ref{shape, make([]float64, max(1, tensor.Shape(shape).TotalSize()))}
}

// random values, uniform in [lo,hi).
func random(rng *rand.Rand, lo, hi float64, shape ...int) ref {
	r := newRef(shape...)
	for i := range r.data {
		r.data[i] = lo + (hi-lo)*rng.Float64()
	}
	return r
}

func (r ref) index(i ...int) int {
	at := 0
	for d, v := range i {
		at = at*r.shape[d] + v
	}
	return at
}

func (r ref) at(i ...int) float64     { return r.data[r.index(i...)] }
func (r ref) add(v float64, i ...int) { r.data[r.index(i...)] += v }

// padded is the element at (b,c,y,x) of a map that is surrounded by zeros.
func (r ref) padded(b, c, y, x int) float64 {
	if y < 0 || x < 0 || y >= r.shape[2] || x >= r.shape[3] {
		return 0
	}
	return r.at(b, c, y, x)
}

// build makes a new array by calling f for every coordinate.
func build(shape []int, f func(i []int) float64) ref {
	r := newRef(shape...)
	i := make([]int, len(shape))
	for k := range r.data {
		rest := k
		for d := len(shape) - 1; d >= 0; d-- {
			i[d], rest = rest%shape[d], rest/shape[d]
		}
		r.data[k] = f(i)
	}
	return r
}

// value is the array as a Gorgonia value of the given type.
func (r ref) value(dt tensor.Dtype) G.Value {
	if dt == tensor.Float64 {
		if len(r.shape) == 0 {
			return G.NewF64(r.data[0])
		}
		return tensor.New(tensor.WithShape(r.shape...), tensor.WithBacking(append([]float64(nil), r.data...)))
	}
	if len(r.shape) == 0 {
		return G.NewF32(float32(r.data[0]))
	}
	f := make([]float32, len(r.data))
	for i, v := range r.data {
		f[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(r.shape...), tensor.WithBacking(f))
}

// refOf copies a value of either type.
func refOf(t testing.TB, v G.Value) ref {
	t.Helper()
	r := ref{shape: v.Shape().Clone()}
	if v.Dtype() == tensor.Float64 {
		a, err := arrayOf[float64](v)
		check(t, err)
		r.data = append(r.data, a.Data...)
		return r
	}
	a, err := arrayOf[float32](v)
	check(t, err)
	for _, x := range a.Data {
		r.data = append(r.data, float64(x))
	}
	return r
}

// leaf adds a node with the array's shape and value.
func leaf(g *G.ExprGraph, name string, r ref, dt tensor.Dtype) *G.Node {
	if len(r.shape) == 0 {
		return G.NewScalar(g, dt, G.WithName(name), G.WithValue(r.value(dt)))
	}
	return G.NewTensor(g, dt, len(r.shape), G.WithShape(r.shape...), G.WithName(name), G.WithValue(r.value(dt)))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// near fails the test unless got has want's shape and ‖got−want‖ ≤ tol·‖want‖.
func near(t testing.TB, what string, got, want ref, tol float64) {
	t.Helper()
	if !tensor.Shape(got.shape).Eq(want.shape) || len(got.data) != len(want.data) {
		t.Errorf("%s has shape %v, want %v", what, got.shape, want.shape)
		return
	}
	if e := distance(got, want); !(e <= tol) {
		t.Errorf("%s: relative error %.2g > %.0g\ngot  %.6v\nwant %.6v", what, e, tol, head(got.data), head(want.data))
	}
}

func distance(got, want ref) float64 {
	var diff, norm float64
	for i, w := range want.data {
		diff += (got.data[i] - w) * (got.data[i] - w)
		norm += w * w
	}
	if norm == 0 {
		return math.Sqrt(diff)
	}
	return math.Sqrt(diff / norm)
}

func head(x []float64) []float64 { return x[:min(len(x), 12)] }
