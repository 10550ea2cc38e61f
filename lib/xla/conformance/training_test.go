package conformance

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
)

// noise is a source of maps that depend on the sample alone.
type noise struct {
	n    int
	maps []flow.Map
}

func (s noise) Len() int { return s.n }

func (s noise) Batch(ctx context.Context, index []int, maps [][]float32) error {
	for b, k := range index {
		rng := rand.New(rand.NewPCG(uint64(k), 7))
		for i, m := range s.maps {
			for j := range m.Len() {
				maps[i][b*m.Len()+j] = float32(1 + 0.5*rng.NormFloat64())
			}
		}
	}
	return ctx.Err()
}

// trainingMaps have enough channels for layer norm: of two it makes signs, and the training would be chaotic.
var trainingMaps = []flow.Map{{C: 13, H: 8, W: 6}, {C: 16, H: 4, W: 3}, {C: 24, H: 2, W: 2}}

// trained is a small flow after some epochs, with the trace of its losses and norms.
func trained(t *testing.T, subnet string, d *xla.Device, p xla.Precision) (m *flow.MSFlow, losses, norms []float64, history []train.Epoch) {
	t.Helper()
	m, err := flow.NewMSFlow(flow.Config{
		Channels: []int{13, 16, 24}, Blocks: []int{1, 1, 2}, Cond: []int{4, 4, 4}, Subnet: subnet,
	}, rand.New(rand.NewPCG(1, 2)))
	check(t, err)
	tr, err := train.New(m, trainingMaps, train.Options{
		Epochs: 5, Batch: 4, Schedule: &train.Schedule{LR: 3e-4, Warmup: 2, Milestones: []int{4}, Gamma: 0.33}, Device: d, Precision: p,
		OnStep: func(s train.Step) { losses, norms = append(losses, s.Loss), append(norms, s.GradNorm) },
		OnNote: func(line string) { t.Log(line) },
	})
	check(t, err)
	check(t, tr.Run(context.Background(), noise{14, trainingMaps}, noise{5, trainingMaps}))
	return m, losses, norms, tr.History
}

// TestTraining takes 20 steps, each fourth with a smaller batch, with warm-up, decay and clipping: losses, norms, held-out
// losses and parameters must be the CPU's.
func TestTraining(t *testing.T) {
	for _, subnet := range []string{"conv_ln", "conv_bn"} {
		t.Run(subnet, func(t *testing.T) {
			want, wantLosses, wantNorms, wantHistory := trained(t, subnet, nil, "")
			got, losses, norms, history := trained(t, subnet, device(t), xla.Float32)
			if len(losses) != 20 {
				t.Fatalf("%d steps", len(losses))
			}
			// A bias before batch normalisation has no gradient but rounding errors, which Adam makes steps of.
			tol, noise := 1e-3, ""
			if subnet == "conv_bn" {
				tol, noise = 5e-3, ".conv1.bias"
			}
			near(t, "losses", losses, wantLosses, 1e-4)
			near(t, "gradient norms", norms, wantNorms, tol)
			for i, p := range got.Params() {
				if !p.IsInt() && (noise == "" || !strings.HasSuffix(p.Name, noise)) {
					near(t, p.Name, floats(p.Float32s()), floats(want.Params()[i].Float32s()), tol)
				}
			}
			for i, e := range history {
				w := wantHistory[i]
				near(t, "epoch", append([]float64{e.Loss, e.HeldOut, e.GradNorm, e.LR}, e.Scales...), append([]float64{w.Loss, w.HeldOut, w.GradNorm, w.LR}, w.Scales...), tol)
			}
		})
	}
}

func near(t testing.TB, what string, got, want []float64, tol float64) {
	t.Helper()
	if e := distance(got, want); !(e <= tol) || math.IsNaN(e) {
		t.Errorf("%s: relative error %.2g > %.0g\ngot  %.7v\nwant %.7v", what, e, tol, head(got), head(want))
	}
}
