package detector

import (
	"context"
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
)

// accelerator computes on a device, with the programs that it has compiled there by what they are for.
type accelerator struct {
	d         *Detector
	device    *xla.Device
	precision xla.Precision
	programs  map[purpose]*xla.Graph
}

// purpose is what a program computes from what.
type purpose int

const (
	extracting purpose = iota // features from 8-bit images
	scoring                   // log-likelihood maps from 8-bit images
	judging                   // log-likelihood maps from features
)

// deviceBatch is how many images go through a device together. A smaller batch is filled up.
const deviceBatch = 16

func newAccelerator(d *Detector, device *xla.Device, p xla.Precision) *accelerator {
	return &accelerator{d, device, p, map[purpose]*xla.Graph{}}
}

func (a *accelerator) trainsOn() (*xla.Device, xla.Precision) { return a.device, a.precision }

func (a *accelerator) String() string {
	return fmt.Sprintf("%s, %s, %s", a.device, a.precision, a.device.Version)
}

// forget drops the programs, whose parameters are of a model that is no more.
func (a *accelerator) forget() {
	for _, g := range a.programs {
		g.Free()
	}
	clear(a.programs)
}

// refresh compiles a program, or gives it the parameters of now.
func (a *accelerator) refresh(ctx context.Context, what purpose) error {
	if g := a.programs[what]; g != nil {
		return g.Refresh()
	}
	g, err := a.compile(ctx, what)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	a.programs[what] = g
	return nil
}

// compile writes what a purpose needs into one graph and compiles it.
func (a *accelerator) compile(ctx context.Context, what purpose) (*xla.Graph, error) {
	d := a.d
	t := flow.NewTape(deviceBatch)
	var inputs []xla.Input
	var maps []*G.Node
	if what == judging {
		for i, m := range d.maps {
			maps = append(maps, t.Input(fmt.Sprintf("features.%d", i), m))
		}
		inputs = xla.Inputs(maps...)
	} else {
		images := t.Input("images", flow.Map{C: 3, H: d.Config.Size[0], W: d.Config.Size[1]})
		gain, offset := datasets.Normalization()
		inputs = []xla.Input{{Node: images, Pixels: &xla.Pixels{Gain: gain, Offset: offset}}}
		var err error
		if maps, err = d.pyramidGraph(images); err != nil {
			return nil, err
		}
	}
	if what != extracting {
		var err error
		if maps, err = d.likelihoodGraph(t, maps); err != nil {
			return nil, err
		}
	}
	return xla.Compile(ctx, a.device, maps, inputs, a.precision)
}

// pyramidGraph is the configured scales' pooled features.
func (d *Detector) pyramidGraph(images *G.Node) ([]*G.Node, error) {
	all, err := d.backbone.Graph(images)
	if err != nil {
		return nil, err
	}
	maps := make([]*G.Node, len(d.Config.Scales))
	for i, s := range d.Config.Scales {
		maps[i] = all[s]
	}
	if d.Config.views() { // they are made on the processor
		return all, nil
	}
	return backbone.PoolGraph(maps, d.Config.Pool)
}

// likelihoodGraph is each scale's log-likelihood map, (B,1,h,w).
func (d *Detector) likelihoodGraph(t *flow.Tape, maps []*G.Node) ([]*G.Node, error) {
	z, _, err := d.model.Forward(t, maps)
	if err != nil {
		return nil, err
	}
	return flow.LogPs(d.model, t, z)
}

// filled is a batch's images, made up to deviceBatch with copies of the first.
func filled(b *datasets.Batch) []uint8 {
	one := 3 * b.H * b.W
	pix := b.Pix
	for len(pix) < deviceBatch*one {
		pix = append(pix, b.Pix[:one]...)
	}
	return pix
}

// eachImages runs a program on the set's images, batch by batch in order. The next batch travels while one is computed.
func (a *accelerator) eachImages(ctx context.Context, what purpose, set datasets.Set, do func(b *datasets.Batch, maps [][]float32) error) error {
	d := a.d
	if err := a.refresh(ctx, what); err != nil {
		return err
	}
	var before *underWay
	for b, err := range datasets.SoundBatches(ctx, set.ReadAs(d.Reading()), d.Config.Size[0], d.Config.Size[1], deviceBatch, 0, d.bad) {
		if err != nil {
			return errors.Join(err, before.drop())
		}
		run, err := a.programs[what].Start(ctx, filled(b))
		if err != nil {
			return errors.Join(fmt.Errorf("detector: %w", err), before.drop())
		}
		now := &underWay{b, run}
		if err := before.finish(do); err != nil {
			return errors.Join(err, now.drop())
		}
		before = now
	}
	return errors.Join(before.finish(do), ctx.Err())
}

// underWay is a batch that the device computes.
type underWay struct {
	batch *datasets.Batch
	run   *xla.Running
}

// finish waits for the batch, if there is one, and hands it on.
func (u *underWay) finish(do func(b *datasets.Batch, maps [][]float32) error) error {
	if u == nil {
		return nil
	}
	out, err := u.run.Results()
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	return do(u.batch, cut(out, len(u.batch.Samples)))
}

// drop waits for the batch and forgets it.
func (u *underWay) drop() error {
	return u.finish(func(*datasets.Batch, [][]float32) error { return nil })
}

// cut keeps n samples of each result.
func cut(out []any, n int) [][]float32 {
	maps := make([][]float32, len(out))
	for i, v := range out {
		all := v.([]float32)
		maps[i] = all[:len(all)/deviceBatch*n]
	}
	return maps
}

func (a *accelerator) each(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, maps []backbone.Feature) error) error {
	d := a.d
	if d.maps == nil {
		return errors.New("detector: features on a device need the input size; set Config.Size")
	}
	return a.eachImages(ctx, extracting, set, func(b *datasets.Batch, maps [][]float32) error {
		shapes, n := d.maps, len(b.Samples)
		if d.Config.views() {
			shapes = d.raw
		}
		features := make([]backbone.Feature, len(maps))
		for i, m := range shapes {
			features[i] = backbone.Feature{C: m.C, H: m.H, W: m.W, Data: maps[i]}
		}
		if d.Config.views() {
			features = d.pick(d.Config.pooled(features, n))
		}
		return do(b, d.whitened(features, n))
	})
}

// eachScored needs no features: images go in and log-likelihood maps come out. Views are made, and features whitened, on the
// processor.
func (a *accelerator) eachScored(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32) error) error {
	if a.d.Config.views() || a.d.whitening != nil {
		return a.d.scoreFeatures(ctx, set, do)
	}
	return a.eachImages(ctx, scoring, set, do)
}

func (a *accelerator) judge(ctx context.Context) (likelihood, error) {
	return a.likelihood, a.refresh(ctx, judging)
}

// likelihood runs the program for judging, which must have been refreshed.
func (a *accelerator) likelihood(ctx context.Context, n int, fill func(maps [][]float32) error) ([][]float32, error) {
	shapes := a.d.maps
	into, own, inputs := make([][]float32, len(shapes)), make([][]float32, len(shapes)), make([]any, len(shapes))
	for i, m := range shapes {
		into[i] = make([]float32, deviceBatch*m.Len())
		own[i], inputs[i] = into[i][:n*m.Len()], into[i]
	}
	if err := fill(own); err != nil {
		return nil, err
	}
	out, err := a.programs[judging].Run(ctx, inputs...)
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	return cut(out, n), nil
}
