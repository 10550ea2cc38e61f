package train

import (
	"math"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
)

// plainAdam is the update as the paper has it, in float64 and one value at a time.
func plainAdam(p, m, v []float64, g []float64, t int, lr float64) {
	for i := range p {
		m[i] = 0.9*m[i] + 0.1*g[i]
		v[i] = 0.999*v[i] + 0.001*g[i]*g[i]
		p[i] -= lr * (m[i] / (1 - math.Pow(0.9, float64(t)))) / (math.Sqrt(v[i]/(1-math.Pow(0.999, float64(t)))) + 1e-8)
	}
}

func TestAdamClipsAndMoves(t *testing.T) {
	p := flow.NewParam("p", []float32{1, -2, 3, 0.5, 7}, 5)
	q := flow.NewParam("q", []float32{4}, 1)
	a := NewAdam([]*flow.Param{p, q})
	want := []float64{1, -2, 3, 0.5, 7, 4}
	m, v := make([]float64, 6), make([]float64, 6)
	for step := 1; step <= 5; step++ {
		g := []float64{3 * float64(step), -4, 0, 1, 0.25, 12}
		norm := 0.0
		for _, x := range g {
			norm += x * x
		}
		norm = math.Sqrt(norm)
		grads := [][]float32{{float32(g[0]), float32(g[1]), float32(g[2]), float32(g[3]), float32(g[4])}, {float32(g[5])}}
		got, err := a.Step(grads, 0.01, 2)
		if err != nil || math.Abs(got-norm) > 1e-4 {
			t.Fatalf("step %d: norm %v, want %v (%v)", step, got, norm, err)
		}
		for i := range g {
			g[i] *= 2 / (norm + 1e-6)
		}
		plainAdam(want, m, v, g, step, 0.01)
	}
	for i, x := range append(p.Float32s(), q.Float32s()...) {
		if math.Abs(float64(x)-want[i]) > 1e-5 {
			t.Errorf("value %d is %v, want %v", i, x, want[i])
		}
	}
}

func TestAdamRefusesNaN(t *testing.T) {
	p := flow.NewParam("p", []float32{1}, 1)
	if _, err := NewAdam([]*flow.Param{p}).Step([][]float32{{float32(math.NaN())}}, 0.1, 2); err == nil || p.Float32s()[0] != 1 {
		t.Errorf("a NaN gradient gives %v and the parameter %v", err, p.Float32s()[0])
	}
}
