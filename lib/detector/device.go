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

// accelerator is a detector's device with the programs that it has compiled there, by what they are for.
type accelerator struct {
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

// UseDevice moves the detector to a device: cpu, cuda, auto, or xla for the plugin of MSFLOW_PJRT_PLUGIN, with convolutions in
// the given precision: tf32 (also ""), f32 or bf16. A device that is not there is an error that says what was looked for, but
// for auto, which is the processor then; Device says why.
func (d *Detector) UseDevice(device, precision string) error {
	p, err := xla.ParsePrecision(precision)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	found, note, err := xla.Open(device)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.device.forget()
	d.device, d.note = nil, note
	if found != nil {
		d.device = &accelerator{found, p, map[purpose]*xla.Graph{}}
	}
	d.Config.Device, d.Config.Precision = device, precision
	return nil
}

// Device says where the detector computes.
func (d *Detector) Device() string {
	switch {
	case d.device != nil:
		return fmt.Sprintf("%s, %s, %s", d.device.device, d.device.precision, d.device.device.Version)
	case d.note != "":
		return d.note
	}
	return xla.CPU
}

// forget drops the programs, whose parameters are of a model that is no more.
func (a *accelerator) forget() {
	if a == nil {
		return
	}
	for _, g := range a.programs {
		g.Free()
	}
	clear(a.programs)
}

// refresh compiles a program, or gives it the parameters of now.
func (a *accelerator) refresh(ctx context.Context, what purpose, d *Detector) error {
	if g := a.programs[what]; g != nil {
		return g.Refresh()
	}
	g, err := d.compile(ctx, what)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	a.programs[what] = g
	return nil
}

// compile writes what a purpose needs into one graph and compiles it.
func (d *Detector) compile(ctx context.Context, what purpose) (*xla.Graph, error) {
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
	return xla.Compile(ctx, d.device.device, maps, inputs, d.device.precision)
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
func (d *Detector) eachImages(ctx context.Context, what purpose, set datasets.Set, do func(b *datasets.Batch, maps [][]float32) error) error {
	if err := d.device.refresh(ctx, what, d); err != nil {
		return err
	}
	var before *under
	for b, err := range datasets.SoundBatches(ctx, set.ReadAs(d.Reading()), d.Config.Size[0], d.Config.Size[1], deviceBatch, 0, d.bad) {
		if err != nil {
			return errors.Join(err, before.drop())
		}
		run, err := d.device.programs[what].Start(ctx, filled(b))
		if err != nil {
			return errors.Join(fmt.Errorf("detector: %w", err), before.drop())
		}
		now := &under{b, run}
		if err := before.finish(do); err != nil {
			return errors.Join(err, now.drop())
		}
		before = now
	}
	return errors.Join(before.finish(do), ctx.Err())
}

// under is a batch under way.
type under struct {
	batch *datasets.Batch
	run   *xla.Running
}

// finish waits for the batch, if there is one, and hands it on.
func (u *under) finish(do func(b *datasets.Batch, maps [][]float32) error) error {
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
func (u *under) drop() error {
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

// eachOnDevice is each on the device.
func (d *Detector) eachOnDevice(ctx context.Context, set datasets.Set, do func(first int, b *datasets.Batch, maps []backbone.Feature) error) error {
	if d.maps == nil {
		return errors.New("detector: features on a device need the input size; set Config.Size")
	}
	return d.eachImages(ctx, extracting, set, func(b *datasets.Batch, maps [][]float32) error {
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
		return do(b.First, b, d.whitened(features, n))
	})
}

// eachScoredOnDevice is eachScored on the device: images go in and log-likelihood maps come out.
func (d *Detector) eachScoredOnDevice(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32) error) error {
	return d.eachImages(ctx, scoring, set, do)
}

// likelihoodOnDevice is likelihood on the device, whose program for judging must have been refreshed.
func (d *Detector) likelihoodOnDevice(ctx context.Context, n int, fill func(maps [][]float32) error) ([][]float32, error) {
	into, own, inputs := make([][]float32, len(d.maps)), make([][]float32, len(d.maps)), make([]any, len(d.maps))
	for i, m := range d.maps {
		into[i] = make([]float32, deviceBatch*m.Len())
		own[i], inputs[i] = into[i][:n*m.Len()], into[i]
	}
	if err := fill(own); err != nil {
		return nil, err
	}
	out, err := d.device.programs[judging].Run(ctx, inputs...)
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	return cut(out, n), nil
}

// likelihoodAnywhere is likelihood where the detector computes.
func (d *Detector) likelihoodAnywhere(ctx context.Context, n int, fill func(maps [][]float32) error) ([][]float32, error) {
	if d.device == nil {
		return d.likelihood(ctx, n, fill)
	}
	if err := d.device.refresh(ctx, judging, d); err != nil {
		return nil, err
	}
	return d.likelihoodOnDevice(ctx, n, fill)
}
