package bench

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/spf13/cobra"
)

func benchBackboneCommand() *cobra.Command {
	var b benchFlags
	var name string
	var size, batch int
	cmd := &cobra.Command{
		Use:   "backbone",
		Short: "Time a backbone's feature extraction, with random weights",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if batch < 1 || size < backbone.MinSize {
				return fmt.Errorf("--batch %d --size %d: want at least one image of %d pixels", batch, size, backbone.MinSize)
			}
			net, err := backbone.Random(name, 0, backbone.Options{})
			if err != nil {
				return err
			}
			x := noise(batch*3*size*size, 1)
			t, err := b.measure(cmd.Context(), batch, float64(batch)*net.Work(size, size), func() error {
				_, err := net.Features(x, batch, size, size)
				return err
			})
			if err != nil {
				return err
			}
			return printTiming(cmd, name, t)
		},
	}
	b.register(cmd)
	cmd.Flags().StringVar(&name, "backbone", "efficientnet_lite0", "backbone network; msflow weights list names them")
	cmd.Flags().IntVar(&size, "size", 256, "height and width of the images")
	cmd.Flags().IntVar(&batch, "batch", 8, "images of a batch")
	return cmd
}
