package bench

import (
	"context"
	"fmt"
	"math"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// lossCurve is a training on the processor beside the same on a device.
type lossCurve struct {
	Device    string    `json:"device"`
	Precision string    `json:"precision"`
	CPU       []float64 `json:"cpu_loss"`
	Losses    []float64 `json:"device_loss"`
	Norms     []float64 `json:"device_gradient_norm"`
	Worst     float64   `json:"worst_relative_difference"`
}

func benchCurveCommand() *cobra.Command {
	var b benchFlow
	var f flags.Device
	var steps int
	var limit float64
	cmd := &cobra.Command{
		Use:   "curve",
		Short: "Hold the loss curve of a device against the processor's",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, p, err := f.Open(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if d == nil {
				return fmt.Errorf("bench curve needs a device; --device %s is the processor", f.Name)
			}
			c, err := b.curve(cmd.Context(), d, p, steps)
			if err != nil {
				return err
			}
			if flags.WantsJSON(cmd) {
				err = flags.PrintJSON(cmd, c)
			} else {
				fmt.Fprintf(cmd.OutOrStdout(), "%d steps, loss %.2f to %.2f nats on the processor, to %.2f on %s in %s; worst relative difference %.2e\n",
					steps, c.CPU[0], c.CPU[steps-1], c.Losses[steps-1], d, p, c.Worst)
			}
			if err == nil && !(c.Worst <= limit) {
				err = fmt.Errorf("the loss curves differ by %.2e, more than %.0e", c.Worst, limit)
			}
			return err
		},
	}
	b.register(cmd)
	f.Register(cmd, xla.Float32)
	cmd.Flags().IntVar(&steps, "steps", 100, "steps of the training")
	cmd.Flags().Float64Var(&limit, "limit", 1e-3, "largest relative difference of a loss that passes")
	return cmd
}

func (b *benchFlow) curve(ctx context.Context, d *xla.Device, p xla.Precision, steps int) (lossCurve, error) {
	c := lossCurve{Device: d.String(), Precision: string(p)}
	var err error
	if c.CPU, _, err = b.losses(ctx, nil, p, steps); err != nil {
		return c, err
	}
	if c.Losses, c.Norms, err = b.losses(ctx, d, p, steps); err != nil {
		return c, err
	}
	for i, want := range c.CPU {
		if e := math.Abs(c.Losses[i]-want) / math.Abs(want); !(e <= c.Worst) {
			c.Worst = e // also NaN
		}
	}
	return c, nil
}

// losses trains for some steps on random maps, four batches in turn.
func (b *benchFlow) losses(ctx context.Context, d *xla.Device, p xla.Precision, steps int) (losses, norms []float64, err error) {
	m, maps, err := b.model()
	if err != nil {
		return nil, nil, err
	}
	tr, err := train.New(m, maps, train.Options{
		Epochs: (steps + 3) / 4, Batch: b.batch, Schedule: &train.Schedule{LR: 1e-4, Warmup: 3, Milestones: []int{steps * 7 / 40}, Gamma: 0.33},
		Device: d, Precision: p,
		OnStep: func(s train.Step) { losses, norms = append(losses, s.Loss), append(norms, s.GradNorm) },
	})
	if err != nil {
		return nil, nil, err
	}
	if err := tr.Run(ctx, noiseSource{maps, 4 * b.batch}, nil); err != nil {
		return nil, nil, err
	}
	return losses[:steps], norms[:steps], nil
}

// noiseSource is a set of samples that each are their own noise.
type noiseSource struct {
	maps []flow.Map
	n    int
}

func (s noiseSource) Len() int { return s.n }

func (s noiseSource) Batch(ctx context.Context, index []int, into [][]float32) error {
	for b, k := range index {
		for i, m := range s.maps {
			copy(into[i][b*m.Len():], noise(m.Len(), uint64(k*len(s.maps)+i)))
		}
	}
	return ctx.Err()
}
