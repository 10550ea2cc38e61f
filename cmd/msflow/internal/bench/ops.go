package bench

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/lib/op"
	"github.com/spf13/cobra"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// opTiming is one pass of one convolution.
type opTiming struct {
	Shape [4]int `json:"shape"` // batch, channels in, height and width, channels out
	Pass  string `json:"pass"`  // forward, input, weight or forward+backward
	timing
}

func benchOpsCommand() *cobra.Command {
	var b benchFlags
	var shapes []string
	cmd := &cobra.Command{
		Use:   "ops",
		Short: "Time 3×3 convolutions: forward, both gradients, and all together",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var all []opTiming
			for _, text := range shapes {
				t, err := b.convolution(cmd.Context(), text)
				if err != nil {
					return err
				}
				all = append(all, t...)
			}
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, map[string]any{"ops": all})
			}
			for _, t := range all {
				if err := printTiming(cmd, fmt.Sprintf("%v %s", t.Shape, t.Pass), t.timing); err != nil {
					return err
				}
			}
			return nil
		},
	}
	b.register(cmd)
	cmd.Flags().StringArrayVar(&shapes, "shape", []string{"8,64,32,64", "4,192,32,192", "1,576,16,1024"}, "batch, channels in, height and width, channels out")
	return cmd
}

// convolution measures every pass of one shape.
func (b *benchFlags) convolution(ctx context.Context, text string) ([]opTiming, error) {
	v, err := flags.ParseInts(text)
	if err != nil || len(v) != 4 || min(v[0], v[1], v[2], v[3]) < 1 {
		return nil, fmt.Errorf("--shape %s: want four positive numbers, such as 8,64,32,64", text)
	}
	shape := [4]int{v[0], v[1], v[2], v[3]}
	forward, gradient, err := convolutionGraph(shape)
	if err != nil {
		return nil, err
	}
	work := 2 * 9 * float64(v[0]*v[1]*v[2]*v[2]*v[3])
	var all []opTiming
	for _, pass := range []struct {
		name  string
		times float64
		nodes []*G.Node
	}{
		{"forward", 1, []*G.Node{forward}},
		{"input", 1, gradient[:1]},
		{"weight", 1, gradient[1:2]},
		{"forward+backward", 3, []*G.Node{forward, gradient[0], gradient[1]}},
	} {
		p, err := op.Compile(pass.nodes...)
		if err != nil {
			return nil, err
		}
		t, err := b.measure(ctx, v[0], pass.times*work, func() error { return p.Run(ctx) })
		if err != nil {
			return nil, err
		}
		all = append(all, opTiming{shape, pass.name, t})
	}
	return all, nil
}

// convolutionGraph is y = x∗w with the gradients by x and w of a cost whose gradient by y is given.
func convolutionGraph(shape [4]int) (y *G.Node, gradient G.Nodes, err error) {
	b, in, size, out := shape[0], shape[1], shape[2], shape[3]
	g := G.NewGraph()
	leaf := func(name string, shape ...int) *G.Node {
		v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(noise(tensor.Shape(shape).TotalSize(), 1)))
		return G.NewTensor(g, tensor.Float32, 4, G.WithShape(shape...), G.WithName(name), G.WithValue(v))
	}
	x, w, dy := leaf("x", b, in, size, size), leaf("w", out, in, 3, 3), leaf("dy", b, out, size, size)
	if y, err = op.Conv2D(x, w, nil, op.Conv{Pad: [4]int{1, 1, 1, 1}}); err != nil {
		return nil, nil, err
	}
	gradient, err = op.PrimitiveOf(y).(op.Conv2DOp).Grad(G.Nodes{x, w}, y, dy)
	return y, gradient, err
}
