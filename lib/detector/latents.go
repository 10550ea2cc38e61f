package detector

import (
	"context"
	"fmt"
	"strings"

	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/flow"
)

// Latents are the latents of a set's images, those of each scale together: what plots.Latents draws beside the unit normal.
// One value per channel and place of every image, so that a set of hundreds takes gigabytes at full size.
func (d *Detector) Latents(ctx context.Context, set datasets.Set) ([][]float32, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.needFlow(); err != nil {
		return nil, err
	}
	out := make([][]float32, len(d.latents))
	err := d.eachTensor(ctx, set, func(x []*tensor.Dense) error {
		z, _, err := flow.Run(d.model, x...)
		if err != nil {
			return err
		}
		for i, v := range z {
			out[i] = append(out[i], v.Float32s()...)
		}
		return ctx.Err()
	})
	return out, err
}

// LogDets is the log-determinant of each block for every image of a set, in nats, the fusion flow's last: what plots.LogDet
// draws. Blocks are named by scale and place, both from 1: "scale 2.3". A flow other than MSFlow is one block.
func (d *Detector) LogDets(ctx context.Context, set datasets.Set) (blocks []string, logdet [][]float64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.needFlow(); err != nil {
		return nil, nil, err
	}
	parts := d.parts()
	for _, p := range parts {
		blocks = append(blocks, p.name)
	}
	logdet = make([][]float64, len(parts))
	err = d.eachTensor(ctx, set, func(x []*tensor.Dense) error {
		for k, p := range parts {
			z, l, err := flow.Run(p.block, p.of(x)...)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			copy(p.of(x), z)
			logdet[k] = append(logdet[k], l...)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	return blocks, logdet, err
}

// part is a block of the model and the scale that it works on, -1 for all.
type part struct {
	name  string
	block flow.Block
	scale int
}

// of are the part's maps among those of all scales.
func (p part) of(x []*tensor.Dense) []*tensor.Dense {
	if p.scale < 0 {
		return x
	}
	return x[p.scale : p.scale+1]
}

func (d *Detector) parts() (list []part) {
	m := d.Model()
	if m == nil {
		return []part{{d.Config.Model, d.model, -1}}
	}
	for i, s := range m.ParallelFlows() {
		for k, b := range s.Blocks() {
			list = append(list, part{fmt.Sprintf("%s.%d", scaleName(d.Config.Scales[i]), k+1), b, i})
		}
	}
	if f := m.Fusion(); f != nil {
		list = append(list, part{"fusion.1", f, -1})
	}
	return list
}

// scaleName is how people are told of scale s of Config.Scales: they count from 1, as figures do.
func scaleName(s int) string { return fmt.Sprintf("scale %d", s+1) }

// eachTensor runs the backbone over a set; do gets the maps (B,C,H,W) of each scale, its own to change.
func (d *Detector) eachTensor(ctx context.Context, set datasets.Set, do func(x []*tensor.Dense) error) error {
	return d.each(ctx, set, func(_ int, b *datasets.Batch, maps []backbone.Feature) error {
		x := make([]*tensor.Dense, len(maps))
		for i, m := range maps {
			x[i] = tensor.New(tensor.WithShape(len(b.Samples), m.C, m.H, m.W), tensor.WithBacking(append([]float32(nil), m.Data...)))
		}
		if err := do(x); err != nil {
			return fmt.Errorf("detector: %s: %w", datasets.Printable(strings.Join(setNames(b.Samples), ", ")), err)
		}
		return nil
	})
}
