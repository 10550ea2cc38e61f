package detector

import (
	"cmp"
	"context"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/xla"
	"gorgonia.org/tensor"
)

// processor computes on the processor.
type processor struct {
	d         *Detector
	inference *inference // of one image, made when it is first needed
	note      string     // why device auto is the processor
}

func (p *processor) forget()                                { p.inference = nil }
func (p *processor) trainsOn() (*xla.Device, xla.Precision) { return nil, "" }
func (p *processor) String() string                         { return cmp.Or(p.note, xla.CPU) }

func (p *processor) each(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, maps []backbone.Feature) error) error {
	d := p.d
	h, w := d.Config.Size[0], d.Config.Size[1]
	for b, err := range datasets.SoundBatches(ctx, set.ReadAs(d.Reading()), h, w, extractBatch, 0, d.bad) {
		if err != nil {
			return err
		}
		f, err := d.backbone.Features(b.X, len(b.Samples), h, w)
		if err != nil {
			return err
		}
		if err := do(b, d.whitened(d.pick(d.Config.pooled(f, len(b.Samples))), len(b.Samples))); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p *processor) eachScored(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32) error) error {
	return p.d.scoreFeatures(ctx, set, do)
}

func (p *processor) judge(context.Context) (likelihood, error) { return p.likelihood, nil }

// likelihood sends the images through the flow one by one, so that what is said of one does not depend, in its last bits,
// on those beside it. When ctx is cancelled it returns within about 100 ms.
func (p *processor) likelihood(ctx context.Context, n int, fill func(maps [][]float32) error) ([][]float32, error) {
	if p.inference == nil {
		var err error
		if p.inference, err = p.d.newInference(1); err != nil {
			return nil, err
		}
	}
	if n == 1 {
		if err := fill(p.inference.buffers()); err != nil {
			return nil, err
		}
		return p.inference.run(ctx)
	}
	maps := p.d.maps
	all := make([][]float32, len(maps))
	for s, m := range maps {
		all[s] = make([]float32, n*m.Len())
	}
	if err := fill(all); err != nil {
		return nil, err
	}
	out := make([][]float32, len(maps))
	for i := range n {
		for s, into := range p.inference.buffers() {
			copy(into, all[s][i*maps[s].Len():])
		}
		logp, err := p.inference.run(ctx)
		if err != nil {
			return nil, err
		}
		for s, l := range logp {
			out[s] = append(out[s], l...)
		}
	}
	return out, nil
}

// inference is the flow's forward pass for one batch size, bound to the detector's parameters.
type inference struct {
	latents []flow.Map
	direct  bool // the flow gives log-likelihood maps, not latents
	flow    *flow.Compiled
	inputs  []*tensor.Dense
}

func (d *Detector) newInference(batch int) (*inference, error) {
	f := &inference{latents: d.latents}
	var err error
	if _, f.direct = d.model.(flow.PlaceLikelihood); f.direct {
		f.flow, err = flow.CompileLogP(d.model, batch, d.maps)
	} else {
		f.flow, err = flow.Compile(d.model, batch, d.maps)
	}
	if err != nil {
		return nil, err
	}
	for _, m := range d.maps {
		f.inputs = append(f.inputs, tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(batch, m.C, m.H, m.W)))
	}
	return f, nil
}

// buffers is where the features of each scale go, (B,C,H,W).
func (f *inference) buffers() [][]float32 {
	f.flow.Settle()
	out := make([][]float32, len(f.inputs))
	for i, x := range f.inputs {
		out[i] = x.Data().([]float32)
	}
	return out
}

// run gives the log-likelihood map (B,h,w) of each scale for the features in the buffers.
func (f *inference) run(ctx context.Context) ([][]float32, error) {
	z, _, err := f.flow.Run(ctx, f.inputs...)
	if err != nil {
		return nil, err
	}
	out := make([][]float32, len(z))
	for i, v := range z {
		if f.direct {
			out[i] = v.Data().([]float32)
			continue
		}
		m := f.latents[i]
		out[i] = score.LogP(v.Data().([]float32), v.Shape()[0], m.C, m.H, m.W)
	}
	return out, nil
}
