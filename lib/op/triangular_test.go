package op

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// triangularCase is T·y = x (or Tᵀ·y = x) for random x (2,5,2,3) and w.
type triangularCase struct {
	x, w    *tensor.Dense
	program *Program
	y       *G.Node
	cost    *G.Node // Σ r⊙y for fixed random r
	grads   G.Nodes
}

func newTriangularCase(t *testing.T, p TriangularSolveOp) *triangularCase {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(shape ...int) *tensor.Dense {
		v := make([]float64, tensor.Shape(shape).TotalSize())
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
	}
	c := &triangularCase{x: random(2, 5, 2, 3), w: random(5, 5, 1, 1)}
	g := G.NewGraph()
	leaf := func(name string, v *tensor.Dense) *G.Node {
		return G.NewTensor(g, tensor.Float64, 4, G.WithName(name), G.WithShape(v.Shape()...), G.WithValue(v))
	}
	x, w, r := leaf("x", c.x), leaf("w", c.w), leaf("r", random(2, 5, 2, 3))
	var b chain
	c.y = b.do(apply(p, x, w))
	c.cost = b.do(SumAll(b.do(Mul(c.y, r))))
	if b.err != nil {
		t.Fatal(b.err)
	}
	var err error
	if c.grads, err = G.Grad(c.cost, x, w); err != nil {
		t.Fatal(err)
	}
	if c.program, err = Compile(append(G.Nodes{c.y, c.cost}, c.grads...)...); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *triangularCase) run(t *testing.T) {
	t.Helper()
	if err := c.program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

var triangularOps = []TriangularSolveOp{{}, {Upper: true}, {Transpose: true}, {Upper: true, Transpose: true}}

// TestSolveTriangular multiplies the solution back.
func TestSolveTriangular(t *testing.T) {
	for _, p := range triangularOps {
		c := newTriangularCase(t, p)
		c.run(t)
		const n, pixels = 5, 6
		x, w, y := c.x.Float64s(), c.w.Float64s(), c.program.Value(c.y).Float64s()
		for at := range x {
			b, i, pixel := at/(n*pixels), at/pixels%n, at%pixels
			back := y[at]
			for j := range n {
				row, col := i, j
				if p.Transpose {
					row, col = j, i
				}
				if row != col && (col > row) == p.Upper {
					back += w[row*n+col] * y[(b*n+j)*pixels+pixel]
				}
			}
			if math.Abs(back-x[at]) > 1e-10 {
				t.Fatalf("%v: T·y = %g where x = %g", p, back, x[at])
			}
		}
	}
}

// TestSolveTriangularGradient compares with finite differences.
func TestSolveTriangularGradient(t *testing.T) {
	const h = 1e-6
	for _, p := range triangularOps {
		c := newTriangularCase(t, p)
		for k, leaf := range []*tensor.Dense{c.x, c.w} {
			v := leaf.Float64s()
			for i := range v {
				old, cost := v[i], [2]float64{}
				for side, d := range []float64{-h, h} {
					v[i] = old + d
					c.run(t)
					cost[side] = c.program.Value(c.cost).Float64s()[0]
				}
				v[i] = old
				c.run(t)
				got, want := c.program.Value(c.grads[k]).Float64s()[i], (cost[1]-cost[0])/(2*h)
				if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Fatalf("%v: gradient by input %d at %d is %g, by differences %g", p, k, i, got, want)
				}
			}
		}
	}
}
