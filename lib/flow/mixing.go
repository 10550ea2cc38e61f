package flow

import (
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// mixing is an orthogonal map of the channels at every pixel, y = W·x with |det W| = 1, so its log-determinant is zero.
// Couplings need one between them, or half of the channels would never change.
type mixing interface {
	apply(c *calc, x *G.Node) *G.Node // W·x
	undo(c *calc, y *G.Node) *G.Node  // Wᵀ·y
	params() []*Param
}

// hardMixing is a fixed permutation π: y[:,j] = x[:,π[j]].
type hardMixing struct{ π *Param }

func newHardMixing(name string, c int, rng *rand.Rand) hardMixing {
	return hardMixing{newIntParam(name, rng.Perm(c))}
}

func (h hardMixing) apply(c *calc, x *G.Node) *G.Node {
	π, err := permutation(h.π)
	return c.permute(c.note(x, err), π)
}

func (h hardMixing) undo(c *calc, y *G.Node) *G.Node {
	π, err := permutation(h.π)
	return c.permute(c.note(y, err), InversePermutation(π))
}

func (h hardMixing) params() []*Param { return []*Param{h.π} }

// permutation reads a permutation that may have come from a file.
func permutation(p *Param) ([]int, error) {
	π := p.Ints()
	seen := make([]bool, len(π))
	for _, j := range π {
		if j < 0 || j >= len(π) || seen[j] {
			return nil, fmt.Errorf("parameter %s is not a permutation of 0..%d: %v", p.Name, len(π)-1, π)
		}
		seen[j] = true
	}
	return π, nil
}

// InversePermutation is the σ with σ[π[j]] = j.
func InversePermutation(π []int) []int {
	σ := make([]int, len(π))
	for j, k := range π {
		σ[k] = j
	}
	return σ
}

// PermutationOfMatrix reads a permutation from its c×c matrix, W[j,π[j]] = 1, the form in which FrEIA stored it before
// August 2023.
func PermutationOfMatrix(w []float32, c int) ([]int, error) {
	if len(w) != c*c {
		return nil, fmt.Errorf("permutation matrix of %d channels has %d values", c, len(w))
	}
	π, taken := make([]int, c), make([]bool, c)
	for j := range c {
		π[j] = -1
		for k, v := range w[j*c : (j+1)*c] {
			if v == 0 {
				continue
			}
			if v != 1 || π[j] >= 0 || taken[k] {
				return nil, fmt.Errorf("permutation matrix: row %d is not one-hot or repeats a column", j)
			}
			π[j], taken[k] = k, true
		}
		if π[j] < 0 {
			return nil, fmt.Errorf("permutation matrix: row %d is empty", j)
		}
	}
	return π, nil
}

// softMixing is a fixed orthogonal matrix W (C,C,1,1), stored with its inverse.
type softMixing struct{ w, inverse *Param }

func newSoftMixing(name string, c int, rng *rand.Rand) softMixing {
	w := randomOrthogonal(c, rng)
	return softMixing{
		w:       frozen(NewParam(name, convert[float32](w), c, c, 1, 1)),
		inverse: frozen(NewParam(name+"_inv", convert[float32](transposed(w, c)), c, c, 1, 1)),
	}
}

func (s softMixing) apply(c *calc, x *G.Node) *G.Node { return c.conv(x, s.w, nil) }
func (s softMixing) undo(c *calc, y *G.Node) *G.Node  { return c.conv(y, s.inverse, nil) }
func (s softMixing) params() []*Param                 { return []*Param{s.w, s.inverse} }

// randomOrthogonal is a c×c matrix with orthonormal rows, uniform over the orthogonal group: Gaussian rows, made
// orthonormal.
func randomOrthogonal(c int, rng *rand.Rand) []float64 {
	q := make([]float64, c*c)
	for i := range q {
		q[i] = rng.NormFloat64()
	}
	orthonormalRows(q, c)
	return q
}

// orthonormalRows is Gram and Schmidt's method on the rows of a c×c matrix. Each row is cleaned twice, which keeps
// orthogonality to rounding.
func orthonormalRows(q []float64, c int) {
	for i := range c {
		row := q[i*c : (i+1)*c]
		for k := range 2 * i {
			other := q[k%i*c : (k%i+1)*c]
			d := dot(row, other)
			for j := range row {
				row[j] -= d * other[j]
			}
		}
		n := 1 / math.Sqrt(dot(row, row))
		for j := range row {
			row[j] *= n
		}
	}
}

func dot(a, b []float64) float64 {
	var s float64
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

func transposed(w []float64, c int) []float64 {
	out := make([]float64, c*c)
	for i := range c {
		for j := range c {
			out[j*c+i] = w[i*c+j]
		}
	}
	return out
}

// reflectionMixing is W = W₀·H₁·H₂⋯H_K with H_k = I − 2·v_k·v_kᵀ/‖v_k‖²: a fixed start W₀ and K learned Householder
// reflections, given by the rows of v (K,C).
type reflectionMixing struct{ v, w0 *Param }

// newReflectionMixing starts at w0, a permutation's or any other orthogonal matrix.
func newReflectionMixing(v, w0 string, c, k int, start []float64, rng *rand.Rand) reflectionMixing {
	return reflectionMixing{
		v:  normalParam(v, rng, 0.2, k, c),
		w0: frozen(NewParam(w0, convert[float32](start), c, c)),
	}
}

func (r reflectionMixing) apply(c *calc, x *G.Node) *G.Node {
	// A convolution of 1×1 "images" multiplies matrices: conv(A, B) = A·Bᵀ.
	return c.convNode(x, c.matmulT(r.start(c), r.product(c, true)), nil, 1)
}

func (r reflectionMixing) undo(c *calc, y *G.Node) *G.Node {
	return c.convNode(y, c.matmulT(r.product(c, true), r.start(c)), nil, 1)
}

func (r reflectionMixing) params() []*Param { return []*Param{r.v, r.w0} }

func (r reflectionMixing) channels() int { return r.w0.Value.Shape()[0] }

func (r reflectionMixing) start(c *calc) *G.Node {
	n := r.channels()
	return c.reshape(c.t.Node(r.w0), n, n, 1, 1)
}

// product is the matrix (C,C,1,1) of H₁⋯H_K, or its transpose H_K⋯H₁. The rows of the identity stand as a batch of C
// pixels; reflecting them by H₁ first gives the rows of (H_K⋯H₁)ᵀ.
func (r reflectionMixing) product(c *calc, transpose bool) *G.Node {
	k := r.v.Value.Shape()[0]
	h := c.identity(r.channels())
	for i := range k {
		if transpose {
			i = k - 1 - i
		}
		h = c.reflect(h, r.row(c, i, k))
	}
	return h
}

// row is v_i as (1,C,1,1).
func (r reflectionMixing) row(c *calc, i, k int) *G.Node {
	n := r.channels()
	rows := c.reshape(c.t.Node(r.v), 1, k, n, 1)
	return c.reshape(c.slice(rows, i, i+1), 1, n, 1, 1)
}

// reflect is x − 2·v·(vᵀx)/‖v‖² at every pixel, v being (1,C,1,1).
func (c *calc) reflect(x, v *G.Node) *G.Node {
	two := c.t.Const("two", func() []float64 { return []float64{2} }, 1, 1, 1, 1)
	along := c.affine(c.convNode(x, v, nil, 1), c.div(two, c.convNode(v, v, nil, 1)), nil)
	if c.err != nil {
		return nil
	}
	return c.sub(x, c.convNode(along, c.reshape(v, MapOf(v).C, 1, 1, 1), nil, 1))
}

// matmulT is A·Bᵀ for matrices (n,k,1,1) and (m,k,1,1).
func (c *calc) matmulT(a, b *G.Node) *G.Node { return c.convNode(a, b, nil, 1) }

// identity is the n×n identity matrix as (n,n,1,1).
func (c *calc) identity(n int) *G.Node {
	return c.t.Const(fmt.Sprintf("identity(%d)", n), func() []float64 {
		e := make([]float64, n*n)
		for i := range n {
			e[i*n+i] = 1
		}
		return e
	}, n, n, 1, 1)
}

func (c *calc) reshape(x *G.Node, shape ...int) *G.Node {
	return c.unary(func(x *G.Node) (*G.Node, error) { return G.Reshape(x, tensor.Shape(shape)) }, x)
}
