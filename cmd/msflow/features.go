package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/spf13/cobra"
)

// featuresCommand writes what the flow is trained on, so that other programs can train on the very same numbers.
func featuresCommand() *cobra.Command {
	var data dataFlags
	var model modelFlags
	var out string
	var withFlow, overwrite bool
	cmd := &cobra.Command{
		Use:   "features --out FILE.safetensors",
		Short: "Write the pooled features of a data set",
		Long: "Writes train.I and test.I (N,C,h,w) for each scale I, masks (N,H,W) and labels (N) of the test images, as one\n" +
			"safetensors file whose metadata names the images.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := runs.Free(out, overwrite, "--out"); err != nil {
				return err
			}
			if err := durable.CheckWritable(out); err != nil {
				return fmt.Errorf("--out: %w", err)
			}
			set, err := data.open(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			d, err := model.detector(set, uint64(data.Seed))
			if err != nil {
				return err
			}
			if withFlow && d.Model() == nil {
				return fmt.Errorf("--flow: %s has no flow", d.Config.Model)
			}
			return exportFeatures(cmd, d, set, out, withFlow)
		},
	}
	data.register(cmd)
	model.register(cmd)
	cmd.Flags().StringVar(&out, "out", "", "file to write")
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "replace the file")
	cmd.Flags().BoolVar(&withFlow, "flow", false, "also write the flow's initial parameters, as init.NAME")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

func exportFeatures(cmd *cobra.Command, d *detector.Detector, set *datasets.Data, out string, withFlow bool) error {
	p := newProgress(cmd.ErrOrStderr(), 0)
	var tensors []weights.Tensor
	for _, part := range []struct {
		name string
		set  datasets.Set
	}{{"train", set.Train}, {"test", set.Test}} {
		t, err := featureTensors(cmd.Context(), d, part.name, part.set, p.features)
		if err != nil {
			return err
		}
		tensors = append(tensors, t...)
	}
	truth, err := truthTensors(cmd.Context(), set)
	if err != nil {
		return err
	}
	tensors = append(tensors, truth...)
	if withFlow {
		tensors = append(tensors, initialTensors(d)...)
	}
	if err := weights.WriteSafetensors(out, tensors, map[string]string{"data": set.Name}); err != nil {
		return err
	}
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, map[string]any{"file": out, "train": len(set.Train), "test": len(set.Test)})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote the features of %d training and %d test images to %s\n", len(set.Train), len(set.Test), out)
	return nil
}

func initialTensors(d *detector.Detector) []weights.Tensor {
	var out []weights.Tensor
	for _, p := range d.Model().Params() {
		x := weights.Tensor{Name: "init." + p.Name, Shape: slices.Clone([]int(p.Value.Shape())), DType: "F32"}
		if p.IsInt() {
			x.DType = "I64"
			for _, v := range p.Ints() {
				x.Ints = append(x.Ints, int64(v))
			}
		} else {
			x.Data = p.Float32s()
		}
		out = append(out, x)
	}
	return out
}

func featureTensors(ctx context.Context, d *detector.Detector, name string, set datasets.Set, p detector.Progress) ([]weights.Tensor, error) {
	f, err := d.Features(ctx, set, 1<<40, p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	index := make([]int, f.Len())
	for i := range index {
		index[i] = i
	}
	var out []weights.Tensor
	var maps [][]float32
	for i, m := range f.Maps {
		maps = append(maps, make([]float32, f.Len()*m.Len()))
		out = append(out, weights.Tensor{Name: fmt.Sprintf("%s.%d", name, i), Shape: []int{f.Len(), m.C, m.H, m.W}, DType: "F32", Data: maps[i]})
	}
	return out, f.Batch(ctx, index, maps)
}

func truthTensors(ctx context.Context, set *datasets.Data) ([]weights.Tensor, error) {
	n, area := len(set.Test), set.H*set.W
	masks := weights.Tensor{Name: "masks", Shape: []int{n, set.H, set.W}, DType: "U8", Ints: make([]int64, n*area)}
	labels := weights.Tensor{Name: "labels", Shape: []int{n}, DType: "U8", Ints: make([]int64, n)}
	for b, err := range datasets.Batches(ctx, set.Test, set.H, set.W, 16, 0) {
		if err != nil {
			return nil, err
		}
		for i, s := range b.Samples {
			if s.Anomalous {
				labels.Ints[b.First+i] = 1
			}
			if b.Masks[i] == nil {
				return nil, fmt.Errorf("%s has no mask", s.Name)
			}
			for j, v := range b.Masks[i].Pix {
				masks.Ints[(b.First+i)*area+j] = int64(v)
			}
		}
	}
	return []weights.Tensor{masks, labels}, nil
}
