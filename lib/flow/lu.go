package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// LU mixes the channels by a learned invertible matrix in factors (Kingma and Dhariwal 2018's 1×1 convolution), so that
// its determinant costs nothing:
//
//	W = P·L·U·D: P a fixed permutation π, L and U unit lower and upper triangular, D = diag(exp d)
//	z = W·x at every pixel
//	x = D⁻¹·U⁻¹·L⁻¹·Pᵀ·z, by substitution
//	ln|det ∂z/∂x| = H·W·Σ_c d
//
// It starts as a random permutation: L, U and D are identities.
type LU struct {
	channels        int
	π               hardMixing
	lower, upper, d *Param // (C,C,1,1) of which the strict triangle counts; (1,C,1,1)
}

// NewLU is a block for maps of c channels with the state "perm" and the parameters lower, upper and log_scale.
func NewLU(c int, rng *rand.Rand) (*LU, error) {
	if c < 1 {
		return nil, fmt.Errorf("LU of %d channels", c)
	}
	return &LU{
		channels: c,
		π:        newHardMixing("perm", c, rng),
		lower:    constParam("lower", 0, c, c, 1, 1),
		upper:    constParam("upper", 0, c, c, 1, 1),
		d:        constParam("log_scale", 0, 1, c, 1, 1),
	}, nil
}

// Out keeps the shape.
func (b *LU) Out(in []Map) ([]Map, error) { return sameMap("LU", in, b.channels) }

// Forward multiplies by D, U, L and P in turn.
func (b *LU) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c, d := t.calc(), t.Node(b.d)
	z := c.affine(x[0], c.exp(d), nil)
	z = c.convNode(z, b.triangle(c, b.upper, true), nil, 1)
	z = c.convNode(z, b.triangle(c, b.lower, false), nil, 1)
	return []*G.Node{b.π.apply(c, z)}, b.logdet(c, d, MapOf(x[0])), c.fail("LU")
}

// Inverse divides by P, L, U and D in turn.
func (b *LU) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c, d := t.calc(), t.Node(b.d)
	x := b.π.undo(c, z[0])
	x = c.solve(x, t.Node(b.lower), false)
	x = c.solve(x, t.Node(b.upper), true)
	x = c.affine(x, c.exp(c.neg(d)), nil)
	return []*G.Node{x}, c.neg(b.logdet(c, d, MapOf(z[0]))), c.fail("LU")
}

func (b *LU) logdet(c *calc, d *G.Node, m Map) *G.Node {
	return c.scale(c.total(d), float64(m.H*m.W))
}

// Params are the permutation, both triangles and the logarithms of the diagonal.
func (b *LU) Params() []*Param { return append(b.π.params(), b.lower, b.upper, b.d) }

// triangle is the identity plus the strict triangle of a parameter: (C,C,1,1).
func (b *LU) triangle(c *calc, p *Param, upper bool) *G.Node {
	part := c.unary(func(w *G.Node) (*G.Node, error) { return op.TriangularPart(w, upper) }, c.t.Node(p))
	return c.add(part, c.identity(b.channels))
}

// solve divides x by the identity plus w's strict triangle, at every pixel.
func (c *calc) solve(x, w *G.Node, upper bool) *G.Node {
	return c.binary(func(x, w *G.Node) (*G.Node, error) { return op.SolveTriangular(x, w, upper) }, x, w)
}
