package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestKeyOrder(t *testing.T) {
	inf := float32(math.Inf(1))
	values := []float32{-inf, -math.MaxFloat32, -1.5, -1, -math.SmallestNonzeroFloat32, 0, math.SmallestNonzeroFloat32, 1, 1.5, math.MaxFloat32, inf}
	for i, v := range values {
		if value(key(v)) != v {
			t.Errorf("key of %v does not come back", v)
		}
		if i > 0 && key(values[i-1]) >= key(v) {
			t.Errorf("%v and %v have keys in the wrong order", values[i-1], v)
		}
	}
	if key(float32(math.Copysign(0, -1))) != key(0) {
		t.Error("the two zeros have different keys")
	}
}

func TestRadixSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{0, 1, 2, 7, 1000, 5000} {
		for _, mask := range []uint32{0, 0xff, 0xffff, 0x7ff800, 0xffc00000, 0xffffffff} {
			a := make([]uint32, n)
			for i := range a {
				a[i] = rng.Uint32() & mask
			}
			want := slices.Clone(a)
			slices.Sort(want)
			radixSort(a, make([]uint32, n), 0)
			if !slices.Equal(a, want) {
				t.Errorf("%d keys with mask %x are not sorted", n, mask)
			}
		}
	}
}

// Falling keys, and equal ones in the order they came, so that sums over them do not depend on the machine.
func TestSortFallingIsStable(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	a := make([]uint64, 3000)
	for i := range a {
		a[i] = uint64(rng.Uint32()%50)<<59 | uint64(i)
	}
	want := slices.Clone(a)
	slices.SortStableFunc(want, func(x, y uint64) int { return int(y>>32) - int(x>>32) })
	sortFalling(a)
	if !slices.Equal(a, want) {
		t.Error("defects are out of order")
	}
}

func TestCountingSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	a := make([]uint32, 100000)
	for i := range a {
		a[i] = 0x3f800000 | rng.Uint32()&0xffff
	}
	want := slices.Clone(a)
	slices.Sort(want)
	if countingSort(a); !slices.Equal(a, want) {
		t.Error("keys are not sorted")
	}
}
