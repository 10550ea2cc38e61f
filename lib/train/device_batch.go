package train

import (
	"context"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
)

// hostBatch is a batch on its way to a device: the maps of every scale and the samples' weights in the loss.
type hostBatch struct {
	maps   [][]float32
	each   []int // values of one sample's map
	weight []float32
}

func newHostBatch(maps []flow.Map, batch int) hostBatch {
	h := hostBatch{weight: make([]float32, batch)}
	for _, m := range maps {
		h.maps, h.each = append(h.maps, make([]float32, batch*m.Len())), append(h.each, m.Len())
	}
	return h
}

// fill reads the samples, which may be fewer than the batch: the rest repeats the first one with weight zero.
func (h hostBatch) fill(ctx context.Context, data Source, index []int) error {
	n := len(index)
	own := make([][]float32, len(h.maps))
	for i, m := range h.maps {
		own[i] = m[:n*h.each[i]]
	}
	if err := data.Batch(ctx, index, own); err != nil {
		return err
	}
	h.pad(n)
	return nil
}

// pad gives the first n samples equal weights and makes the others copies of the first that do not count.
func (h hostBatch) pad(n int) {
	for i, m := range h.maps {
		for at := n * h.each[i]; at < len(m); at += h.each[i] {
			copy(m[at:at+h.each[i]], m[:h.each[i]])
		}
	}
	for i := range h.weight {
		h.weight[i] = 0
		if i < n {
			h.weight[i] = 1 / float32(n)
		}
	}
}

// inputs are the arguments of a step.
func (h hostBatch) inputs() []any {
	return append(h.images(), h.weight)
}

// images are the maps alone.
func (h hostBatch) images() []any {
	var out []any
	for _, m := range h.maps {
		out = append(out, m)
	}
	return out
}

// deviceLoss computes the loss of each sample with the model in evaluation mode.
type deviceLoss struct {
	graph *xla.Graph
	host  hostBatch
}

func (a *accelerator) losses(ctx context.Context, data Source) (sum func(index []int) (float64, error), err error) {
	if err := a.sync(); err != nil {
		return nil, err
	}
	if err := a.prepareLoss(ctx, a.full(data.Len())); err != nil {
		return nil, err
	}
	return func(index []int) (float64, error) {
		if err := a.eval.host.fill(ctx, data, index); err != nil {
			return 0, err
		}
		out, err := a.eval.graph.Run(ctx, a.eval.host.images()...)
		if err != nil {
			return 0, err
		}
		return sums([][]float32{out[0].([]float32)}, len(index))[0], nil
	}, nil
}

// prepareLoss compiles the loss, or gives it the parameters of now.
func (a *accelerator) prepareLoss(ctx context.Context, batch int) error {
	if a.eval != nil && len(a.eval.host.weight) == batch {
		return a.eval.graph.Refresh()
	}
	l, err := buildLoss(a.t.model, a.t.maps, batch, nil, false)
	if err != nil {
		return err
	}
	graph, err := xla.Compile(ctx, a.t.options.Device, []*G.Node{l.each}, xla.Inputs(l.x...), a.t.options.Precision)
	if err != nil {
		return err
	}
	a.eval = &deviceLoss{graph, newHostBatch(a.t.maps, batch)}
	return nil
}
