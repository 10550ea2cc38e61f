package detector

import (
	"context"
	"time"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/score"
	"gorgonia.org/tensor"
)

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

// grace is how long an interrupted inference may take to end by itself.
const grace = 50 * time.Millisecond

// likelihood gives the log-likelihood map (n,h,w) of each scale for n images whose maps fill writes. The images go through
// the flow one by one, so that what is said of one does not depend, in its last bits, on those beside it. When ctx is cancelled
// it returns within about 100 ms; the pass ends in the background and the next call waits for it.
func (d *Detector) likelihood(ctx context.Context, n int, fill func(maps [][]float32) error) ([][]float32, error) {
	if d.busy != nil {
		<-d.busy
		d.busy = nil
	}
	all := make([][]float32, len(d.maps))
	for s, m := range d.maps {
		all[s] = make([]float32, n*m.Len())
	}
	if err := fill(all); err != nil {
		return nil, err
	}
	out := make([][]float32, len(d.maps))
	for i := range n {
		logp, err := d.likelihoodOfOne(ctx, func(into [][]float32) {
			for s, m := range d.maps {
				copy(into[s], all[s][i*m.Len():(i+1)*m.Len()])
			}
		})
		if err != nil {
			return nil, err
		}
		for s, l := range logp {
			out[s] = append(out[s], l...)
		}
	}
	return out, nil
}

// likelihoodOfOne is likelihood of one image.
func (d *Detector) likelihoodOfOne(ctx context.Context, fill func(maps [][]float32)) (logp [][]float32, err error) {
	if d.inference == nil {
		if d.inference, err = d.newInference(1); err != nil {
			return nil, err
		}
	}
	f := d.inference
	fill(f.buffers())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		logp, err = f.run(ctx)
	}()
	select {
	case <-ended:
		return logp, err
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(grace):
		d.busy = ended
	}
	return nil, ctx.Err()
}
