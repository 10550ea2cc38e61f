package simd

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestChain: links that read what others wrote give the bits of the functions by themselves, at lengths around the blocks.
func TestChain(t *testing.T) {
	named := func(name string) Element {
		e, ok := ElementNamed(name)
		if !ok {
			t.Fatalf("no element function %q", name)
		}
		return e
	}
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(41, 42))
		for _, n := range []int{1, 17, chainBlock - 1, chainBlock + 3, 2*elementBlock + 5} {
			a, b, y, z := guarded(n, r), guarded(n, r), guarded(n, r), guarded(n, r)
			want, wantZ := make([]float32, n), make([]float32, n)
			Tanh(want, a)
			Mul(want, want, b)
			Clamp(want, want, -0.3, 0.3)
			ReLUGrad(wantZ, want, b)
			Chain([]Link{{Func: named("tanh"), Y: y, A: a}, {Func: named("mul"), Y: y, A: y, B: b},
				{Func: named("clamp"), Y: y, A: y, K: -0.3, L: 0.3}, {Func: named("gate"), Y: z, A: y, B: b}})
			checkGuards(t, "Chain", y)
			checkGuards(t, "Chain", z)
			if !slices.Equal(y, want) || !slices.Equal(z, wantZ) {
				t.Fatalf("%d values differ from those of the functions by themselves", n)
			}
		}
	})
	if _, ok := ElementNamed("cosh"); ok {
		t.Error("there is an element function cosh")
	}
	mustPanic(t, "arrays of two lengths", func() {
		Chain([]Link{{Func: named("add"), Y: make([]float32, 3), A: make([]float32, 3), B: make([]float32, 4)}})
	})
}
