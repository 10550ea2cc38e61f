package flow

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// TestPositionCode checks single values of the formula for D = 8, so d = 4 and ω = 1, 10⁻².
func TestPositionCode(t *testing.T) {
	const h, w = 3, 5
	code := positions(8, h, w)
	at := func(c, y, x int) float64 { return code[(c*h+y)*w+x] }
	for _, v := range []struct {
		c, y, x int
		want    float64
	}{
		{0, 2, 4, math.Sin(4)}, {1, 2, 4, math.Cos(4)}, {2, 2, 4, math.Sin(0.04)}, {3, 1, 3, math.Cos(0.03)},
		{4, 2, 4, math.Sin(2)}, {5, 2, 0, math.Cos(2)}, {6, 2, 1, math.Sin(0.02)}, {7, 0, 1, 1},
	} {
		if got := at(v.c, v.y, v.x); math.Abs(got-v.want) > 1e-12 {
			t.Errorf("P[%d,%d,%d] is %g, want %g", v.c, v.y, v.x, got, v.want)
		}
	}
	for _, D := range []int{0, -4, 6} {
		if _, err := PositionCode(D); err == nil {
			t.Errorf("%d channels are accepted", D)
		}
	}
}

// TestGivenConditions: one condition for all samples equals the same one repeated; another one changes the result.
func TestGivenConditions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b, err := NewNICE(4, CouplingConfig{Condition: Given("class", 2)}, rng)
	if err != nil {
		t.Fatal(err)
	}
	m := Map{4, 2, 3}
	x := randomBatch(2, []Map{m}, tensor.Float32, rng)
	one := gaussian(1, Map{2, 2, 3}, 1, tensor.Float32, rng)
	both := tensor.New(tensor.WithShape(2, 2, 2, 3), tensor.WithBacking(append(one.Float32s()[:12:12], one.Float32s()...)))
	run := func(v *tensor.Dense) []float64 {
		z, _ := apply(t, b, law{opts: []TapeOption{WithCondition("class", v)}}, x)
		return values(z[0])
	}
	z := run(one)
	if e := relative(run(both), z); e > 1e-6 {
		t.Errorf("repeating the condition by hand changes the result by %g", e)
	}
	if e := relative(run(gaussian(2, Map{2, 2, 3}, 1, tensor.Float32, rng)), z); e < 1e-3 {
		t.Errorf("another condition changes the result by %g only", e)
	}
}

func TestMissingCondition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	b, err := NewGLOW(4, CouplingConfig{Condition: Given("class", 2)}, rng)
	if err != nil {
		t.Fatal(err)
	}
	maps := []Map{{4, 2, 3}}
	if _, err = Compile(b, 2, maps); err == nil || !strings.Contains(err.Error(), `"class"`) {
		t.Errorf("without the condition: %v", err)
	}
	wrong := gaussian(1, Map{2, 3, 3}, 1, tensor.Float32, rng)
	if _, err = Compile(b, 2, maps, WithCondition("class", wrong)); err == nil || !strings.Contains(err.Error(), "(1, 2, 3, 3)") {
		t.Errorf("with a condition of another size: %v", err)
	}
}
