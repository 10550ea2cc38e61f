package flow

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPermutationOfMatrix(t *testing.T) {
	π := []int{2, 0, 3, 1}
	w := convert[float32](permutationMatrix(π))
	if got, err := PermutationOfMatrix(w, 4); err != nil || !slices.Equal(got, π) {
		t.Errorf("%v is read back as %v (%v)", π, got, err)
	}
	for name, spoil := range map[string]func(w []float32){
		"empty row":       func(w []float32) { w[2] = 0 },
		"two ones":        func(w []float32) { w[3] = 1 },
		"not one":         func(w []float32) { w[2] = 0.5 },
		"repeated column": func(w []float32) { w[4], w[6] = 0, 1 },
	} {
		bad := slices.Clone(w)
		spoil(bad)
		if got, err := PermutationOfMatrix(bad, 4); err == nil {
			t.Errorf("%s: read as %v", name, got)
		}
	}
	if _, err := PermutationOfMatrix(w[:9], 4); err == nil {
		t.Error("nine values are accepted as a 4×4 matrix")
	}
}

// TestSpoiledPermutation: state read from a damaged file is refused when a graph is built.
func TestSpoiledPermutation(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	p := must(NewPermute(3, rng))(t)
	set(t, p.Params()[0], []float32{0, 2, 2})
	if _, err := Compile(p, 1, []Map{{3, 1, 1}}); err == nil {
		t.Error("the channel order 0 2 2 is accepted")
	}
	if _, err := PermuteBy([]int{1, 2}); err == nil {
		t.Error("the channel order 1 2 is accepted")
	}
}

func TestRandomOrthogonal(t *testing.T) {
	const c = 40
	q := randomOrthogonal(c, rand.New(rand.NewPCG(1, 1)))
	for i := range c {
		for j := range c {
			want := 0.0
			if i == j {
				want = 1
			}
			if d := dot(q[i*c:(i+1)*c], q[j*c:(j+1)*c]); math.Abs(d-want) > 1e-13 {
				t.Fatalf("rows %d and %d have the product %g", i, j, d)
			}
		}
	}
}

// TestReflections compares the graph's product with reflecting one vector by hand: W₀·H₁·H₂·x.
func TestReflections(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	h := must(NewHouseholder(5, 2, rng))(t)
	v, w0 := h.m.(reflectionMixing).v.Float32s(), h.m.(reflectionMixing).w0.Float32s()
	x := []float64{1, -2, 3, 0.5, 4}
	z, _, err := Run(h, unflatten32([][]float64{x}, Map{5, 1, 1}))
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k >= 0; k-- {
		vk := convert[float64](v[k*5 : (k+1)*5])
		s := 2 * dot(vk, x) / dot(vk, vk)
		for i := range x {
			x[i] -= s * vk[i]
		}
	}
	for i, got := range values(z[0]) {
		if want := dot(convert[float64](w0[i*5:(i+1)*5]), x); math.Abs(got-want) > 1e-5 {
			t.Errorf("channel %d is %g, want %g", i, got, want)
		}
	}
}
