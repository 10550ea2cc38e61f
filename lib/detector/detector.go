// Package detector is MSFlow, and the models that it is compared with, as a person uses them: images go in, anomaly maps,
// scores and metrics come out.
//
// A Detector joins a frozen backbone, pooled to a feature pyramid, and a multi-scale flow that learns the density of the
// normal images' features (arXiv 2308.15300). Fit trains the flow, Test judges it on labelled images, Predict scores
// images of which nothing is known, Save and Load keep it in one file.
package detector

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/baseline"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/msflow-go/msflow/lib/whiten"
)

// Detector finds what normal images do not have. Its methods may be called from several goroutines; they take turns.
type Detector struct {
	Config Config        // with every default filled in
	Epochs []train.Epoch // finished so far

	// Run names the training that the detector is of, when its owner has a name for it. Checkpoints carry it, and one of
	// another run is not resumed.
	Run string
	// Sum is the SHA-256 of the file that the detector was loaded from, as its header has it; empty for one that was not.
	Sum string

	mu          sync.Mutex
	backbone    *backbone.Backbone
	digest      string         // of the backbone's weights
	model       flow.Block     // nil before the input size is known, and for a baseline
	calibration *Calibration   // on normal images, learned by Fit
	baseline    baseline.Model // nil before the input size is known, and for a flow
	maps        []flow.Map
	latents     []flow.Map          // what the flow makes of them
	raw         []flow.Map          // the backbone's own maps, before pooling
	whitening   []*whiten.Whitening // of each scale, learned by Fit; nil: features go to the model as they are
	last        *train.Trainer      // of the last Fit, to continue it
	runner      runner

	bad func(datasets.Sample, error) // takes the images that cannot be read; nil: one ends the pass
}

// ErrUntrained is returned for a verdict from a detector that has no input size yet because it was never fitted or loaded.
var ErrUntrained = errors.New("detector: not trained yet; call Fit, or Load a checkpoint")

// New builds a detector, not yet trained. The backbone's weights come from Config.Weights, from inside the program, or
// from the cache folder and then the network; the error says which was tried.
func New(c Config) (*Detector, error) {
	c, err := c.resolved()
	if err != nil {
		return nil, err
	}
	d := &Detector{Config: c}
	if err := d.UseDevices(c.Device, c.Precision, max(1, c.Devices)); err != nil {
		return nil, err
	}
	if err := d.loadBackbone(); err != nil {
		return nil, err
	}
	if c.Size != [2]int{} {
		return d, d.build()
	}
	return d, nil
}

func (d *Detector) loadBackbone() error {
	sd, err := findWeights(d.Config)
	if err != nil {
		return fmt.Errorf("detector: weights of %s: %w", d.Config.Backbone, err)
	}
	b, err := backbone.New(d.Config.Backbone, sd, backbone.Options{Padding: d.Config.Padding})
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	d.backbone, d.digest = b, digest(sd)
	return nil
}

func findWeights(c Config) (*weights.StateDict, error) {
	if c.Weights != "" {
		return weights.Load(c.Weights)
	}
	return weights.Backbone(c.Backbone)
}

// digest is the SHA-256 of all tensors, to tell one set of a backbone's weights from another.
func digest(sd *weights.StateDict) string {
	h := sha256.New()
	for _, name := range sd.Names() {
		t, err := sd.Get(name)
		if err != nil {
			continue
		}
		fmt.Fprintf(h, "%s%v\n", name, t.Shape)
		buf := make([]byte, 4*len(t.Data))
		for i, v := range t.Data {
			binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
		}
		h.Write(buf)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// build makes the model for the input size, not yet trained.
func (d *Detector) build() (err error) {
	if d.maps, err = d.pyramid(d.Config.Size[0], d.Config.Size[1]); err != nil {
		return err
	}
	d.runner.forget()
	if kind, ok := d.kind(); ok {
		return errors.Join(d.buildBaseline(kind), d.checkFrame())
	}
	if p, ok := findPeer(d.Config.Model); ok {
		d.model, err = d.buildPeer(p)
	} else {
		d.model, err = d.buildMSFlow()
	}
	if err != nil {
		return err
	}
	if d.latents, err = d.model.Out(d.maps); err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	return d.checkFrame()
}

// buildMSFlow makes the flow for the maps, with its initial weights.
func (d *Detector) buildMSFlow() (flow.Block, error) {
	c := d.Config
	fc := flow.Config{Blocks: c.Blocks, Clamp: c.Clamp, Block: c.Block, Subnet: c.Subnet, NoFusion: c.NoFusion, Gentle: c.whitens()}
	if c.OldClamp {
		fc.Form = flow.TanhUndivided
	}
	for _, m := range d.maps {
		fc.Channels = append(fc.Channels, m.C)
		fc.Sizes = append(fc.Sizes, [2]int{m.H, m.W})
		fc.Cond = append(fc.Cond, c.Cond)
	}
	model, err := flow.NewMSFlow(fc, rand.New(rand.NewPCG(c.Seed, 0x1717)))
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	return model, nil
}

// pyramid is the shape of the pooled maps for images of h×w pixels.
func (d *Detector) pyramid(h, w int) ([]flow.Map, error) {
	f, err := d.backbone.Features(make([]float32, 3*h*w), 1, h, w)
	if err != nil {
		return nil, fmt.Errorf("detector: %w", err)
	}
	d.raw = nil
	for _, m := range f {
		d.raw = append(d.raw, flow.Map{C: m.C, H: m.H, W: m.W})
	}
	var maps []flow.Map
	for _, m := range d.pick(d.Config.pooled(f, 1)) {
		maps = append(maps, flow.Map{C: m.C, H: m.H, W: m.W})
	}
	return maps, nil
}

// pick keeps the configured scales of a pyramid.
func (d *Detector) pick(f []backbone.Feature) []backbone.Feature {
	out := make([]backbone.Feature, len(d.Config.Scales))
	for i, s := range d.Config.Scales {
		out[i] = f[s]
	}
	return out
}

// Model is the MSFlow, nil before the input size is known and for another model. Its parameters are the detector's own.
func (d *Detector) Model() *flow.MSFlow {
	m, _ := d.model.(*flow.MSFlow)
	return m
}

// Flow is the flow of whatever kind, nil before the input size is known and for a model without a flow. Its parameters are the
// detector's own.
func (d *Detector) Flow() flow.Block { return d.model }

// Maps is the shape of each scale's features, nil before the input size is known.
func (d *Detector) Maps() []flow.Map { return d.maps }

// History is the record of the training for plots.Training: columns over the finished epochs. The two losses are not of the same
// kind: that of training is the mean over the epoch, with the noise that training adds, that of held-out images is
// measured after the epoch and without noise. It may therefore be the lower one.
func (d *Detector) History() (names []string, columns [][]float64) {
	names = []string{"epoch", "loss.training (during the epoch)", "lr", "grad_norm"}
	scales := 0
	if len(d.Epochs) > 0 {
		scales = len(d.Epochs[0].Scales)
	}
	for _, s := range d.Config.Scales[:min(scales, len(d.Config.Scales))] {
		names = append(names, "logp."+scaleName(s))
	}
	held := len(d.Epochs) > 0 && d.Epochs[0].HeldOut != 0
	if held {
		names = append(names, "loss.held out (after it, no noise)")
	}
	columns = make([][]float64, len(names))
	for _, e := range d.Epochs {
		row := append([]float64{float64(e.Epoch), e.Loss, e.LR, e.GradNorm}, e.Scales...)
		if held {
			row = append(row, e.HeldOut)
		}
		for i, v := range row[:len(names)] {
			columns[i] = append(columns[i], v)
		}
	}
	return names, columns
}
