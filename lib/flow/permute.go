package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
)

// mixBlock makes a block of a mixing.
//
//	z = W·x at every pixel,  x = Wᵀ·z,  ln|det| = H·W·ln|det W| = 0
type mixBlock struct {
	name     string
	channels int
	m        mixing
}

func (b *mixBlock) Out(in []Map) ([]Map, error) { return sameMap(b.name, in, b.channels) }

func (b *mixBlock) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	return b.run(t, x, b.m.apply)
}

func (b *mixBlock) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	return b.run(t, z, b.m.undo)
}

func (b *mixBlock) run(t *Tape, x []*G.Node, f func(*calc, *G.Node) *G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := b.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	return []*G.Node{f(c, x[0])}, c.zeros(), c.fail(b.name)
}

func (b *mixBlock) Params() []*Param { return b.m.params() }

// Permute reorders the channels by a fixed permutation π, z[:,j] = x[:,π[j]]; it is kept as integer state "perm".
type Permute struct{ mixBlock }

// NewPermute draws π from rng.
func NewPermute(c int, rng *rand.Rand) (*Permute, error) { return PermuteBy(rng.Perm(max(c, 0))) }

// PermuteBy takes π as it is; an error says why π is none.
func PermuteBy(π []int) (*Permute, error) {
	p := newIntParam("perm", π)
	if _, err := permutation(p); err != nil {
		return nil, err
	}
	if len(π) == 0 {
		return nil, fmt.Errorf("Permute of no channels")
	}
	return &Permute{mixBlock{"Permute", len(π), hardMixing{p}}}, nil
}

// Orthogonal mixes the channels by a fixed random orthogonal matrix, "w_perm" (C,C,1,1): a soft permutation.
type Orthogonal struct{ mixBlock }

// NewOrthogonal draws the matrix from rng, uniformly over the orthogonal group.
func NewOrthogonal(c int, rng *rand.Rand) (*Orthogonal, error) {
	if c < 1 {
		return nil, fmt.Errorf("Orthogonal of %d channels", c)
	}
	return &Orthogonal{mixBlock{"Orthogonal", c, newSoftMixing("w_perm", c, rng)}}, nil
}

// Householder mixes the channels by a learned orthogonal matrix W = W₀·H₁⋯H_K, a product of K reflections
// H_k = I − 2·v_k·v_kᵀ/‖v_k‖² on a random permutation W₀.
type Householder struct{ mixBlock }

// NewHouseholder has k reflections "vk_householder" (K,C), which start at N(0, 0.2²), and the fixed "w_0" (C,C).
func NewHouseholder(c, k int, rng *rand.Rand) (*Householder, error) {
	if c < 1 || k < 1 {
		return nil, fmt.Errorf("Householder of %d channels with %d reflections", c, k)
	}
	start := permutationMatrix(rng.Perm(c))
	return &Householder{mixBlock{"Householder", c, newReflectionMixing("vk_householder", "w_0", c, k, start, rng)}}, nil
}

// permutationMatrix is W with W[j,π[j]] = 1.
func permutationMatrix(π []int) []float64 {
	w := make([]float64, len(π)*len(π))
	for j, k := range π {
		w[j*len(π)+k] = 1
	}
	return w
}
