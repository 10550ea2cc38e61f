package flow

import (
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// clamped is a clamp's value at one number.
func clamped(t *testing.T, k Clamp, a float64) float64 {
	t.Helper()
	return evaluate(t, func(c *calc) node {
		return k.apply(c, c.t.Const("a", func() []float64 { return []float64{a} }, 1, 1, 1, 1))
	})[0]
}

func TestClampForms(t *testing.T) {
	for _, a := range []float64{-50, -1.3, 0, 0.4, 7} {
		for k, want := range map[Clamp]float64{
			{}:                                1.9 * math.Tanh(a/1.9),
			{Form: TanhUndivided, Alpha: 1.9}: 1.9 * math.Tanh(a),
			{Form: Atan, Alpha: 1.9}:          1.9 * 0.636 * math.Atan(a/1.9),
			{Form: Unclamped}:                 a,
			{Form: Tanh, Alpha: 0.5}:          0.5 * math.Tanh(2*a),
		} {
			if got := clamped(t, k, a); math.Abs(got-want) > 1e-12 {
				t.Errorf("%v with α %g at %g is %g, want %g", k.Form, k.Alpha, a, got, want)
			}
		}
	}
}

func TestClampFormNames(t *testing.T) {
	for _, f := range []ClampForm{Tanh, TanhUndivided, Atan, Unclamped} {
		if got, err := ParseClampForm(f.String()); err != nil || got != f {
			t.Errorf("%v is read back as %v (%v)", f, got, err)
		}
	}
	if _, err := ParseClampForm("tan"); err == nil {
		t.Error("tan is accepted")
	}
	c := NewTape(1, Dtype(tensor.Float64)).calc()
	if (Clamp{Form: 9}).apply(c, c.zeros()); c.err == nil {
		t.Error("form 9 is accepted")
	}
}
