package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/spf13/cobra"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// benchFlow describes the flow whose speed is measured.
type benchFlow struct {
	benchFlags
	channels, sizes, blocks []int
	cond, batch             int
}

func (b *benchFlow) register(cmd *cobra.Command) {
	b.benchFlags.register(cmd)
	cmd.Flags().IntSliceVar(&b.channels, "channels", []int{24, 40, 112}, "channels of each scale")
	cmd.Flags().IntSliceVar(&b.sizes, "sizes", []int{32, 16, 8}, "height and width of each scale")
	cmd.Flags().IntSliceVar(&b.blocks, "blocks", []int{2, 5, 8}, "coupling blocks of each scale")
	cmd.Flags().IntVar(&b.cond, "cond", 64, "channels of the position code")
	cmd.Flags().IntVar(&b.batch, "batch", 8, "images of a batch")
}

// model is a new flow of random parameters and the shapes of its maps.
func (b *benchFlow) model() (*flow.MSFlow, []flow.Map, error) {
	n := len(b.channels)
	if len(b.sizes) != n || len(b.blocks) != n {
		return nil, nil, fmt.Errorf("--channels %v, --sizes %v and --blocks %v must have one number for each scale", b.channels, b.sizes, b.blocks)
	}
	if b.batch < 1 {
		return nil, nil, fmt.Errorf("--batch %d: want at least 1", b.batch)
	}
	c := flow.Config{Channels: b.channels, Blocks: b.blocks}
	for _, s := range b.sizes {
		if s < 1 {
			return nil, nil, fmt.Errorf("--sizes %v: want positive sizes", b.sizes)
		}
		c.Sizes, c.Cond = append(c.Sizes, [2]int{s, s}), append(c.Cond, b.cond)
	}
	m, err := flow.NewMSFlow(c, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		return nil, nil, err
	}
	return m, m.Maps(), nil
}

// flowCommand times something of a flow.
func flowCommand(use, short, what string, measure func(*benchFlow, context.Context) (timing, error)) *cobra.Command {
	var b benchFlow
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t, err := measure(&b, cmd.Context())
			if err != nil {
				return err
			}
			return printTiming(cmd, what, t)
		},
	}
	b.register(cmd)
	return cmd
}

func benchTrainCommand() *cobra.Command {
	return flowCommand("train", "Time a training step: loss, gradients, clipping and Adam", "training step", (*benchFlow).train)
}

func (b *benchFlow) train(ctx context.Context) (timing, error) {
	m, maps, err := b.model()
	if err != nil {
		return timing{}, err
	}
	work, err := convolutionWork(m, maps, b.batch)
	if err != nil {
		return timing{}, err
	}
	s, err := train.NewStepper(m, maps, b.batch)
	if err != nil {
		return timing{}, err
	}
	for i, x := range s.Inputs() {
		copy(x, noise(len(x), uint64(i)))
	}
	return b.measure(ctx, b.batch, 3*work, func() error {
		if _, err := s.Loss(ctx); err != nil {
			return err
		}
		_, err := s.Update(1e-4, 2)
		return err
	})
}

func benchInferCommand() *cobra.Command {
	return flowCommand("infer", "Time the flow's forward pass", "inference", (*benchFlow).infer)
}

func (b *benchFlow) infer(ctx context.Context) (timing, error) {
	m, maps, err := b.model()
	if err != nil {
		return timing{}, err
	}
	work, err := convolutionWork(m, maps, b.batch)
	if err != nil {
		return timing{}, err
	}
	c, err := flow.Compile(m, b.batch, maps)
	if err != nil {
		return timing{}, err
	}
	var x []*tensor.Dense
	for i, s := range maps {
		x = append(x, tensor.New(tensor.WithShape(b.batch, s.C, s.H, s.W), tensor.WithBacking(noise(b.batch*s.Len(), uint64(i)))))
	}
	return b.measure(ctx, b.batch, work, func() error {
		_, _, err := c.Run(ctx, x...)
		return err
	})
}

// convolutionWork counts the multiplications and additions of all convolutions in a forward pass. Each of the two gradients
// of a training step takes as many again.
func convolutionWork(m *flow.MSFlow, maps []flow.Map, batch int) (float64, error) {
	t := flow.NewTape(batch)
	var x []*G.Node
	for i, s := range maps {
		x = append(x, t.Input(fmt.Sprintf("input.%d", i), s))
	}
	if _, _, err := m.Forward(t, x); err != nil {
		return 0, err
	}
	work := 0.0
	for _, n := range t.Graph().AllNodes() {
		if _, ok := op.PrimitiveOf(n).(op.Conv2DOp); ok {
			w := op.Inputs(n)[1].Shape()
			work += 2 * float64(n.Shape().TotalSize()*w[1]*w[2]*w[3])
		}
	}
	if work == 0 {
		return 0, errors.New("the flow has no convolution")
	}
	return work, nil
}
