package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
	G "gorgonia.org/gorgonia"
)

// benchDevice describes the detector whose training and inference are measured on a device.
type benchDevice struct {
	flags.Device
	backbone    string
	size, batch int
	seconds     float64
}

// deviceTiming is what a measurement on a device has to say.
type deviceTiming struct {
	What      string  `json:"what"`
	Images    float64 `json:"images_per_s"`
	Median    float64 `json:"median_s"`
	Compile   float64 `json:"compile_s"` // with the upload of all that stays on the device
	PeakBytes int64   `json:"peak_bytes"`
	NeedBytes int64   `json:"program_bytes"` // what the compiler says that a run takes
	Batch     int     `json:"batch"`
	Size      int     `json:"size"`
	Backbone  string  `json:"backbone"`
	Precision string  `json:"precision"`
	Device    string  `json:"device"`
	Version   string  `json:"version"`
	Runs      int     `json:"runs"`
	Devices   int     `json:"devices"`
	SpeedUp   float64 `json:"speed_up,omitempty"` // of several devices over one
}

func benchDeviceCommand() *cobra.Command {
	var b benchDevice
	cmd := &cobra.Command{
		Use:   "device train-images|train-features|infer",
		Short: "Time training and inference of a whole detector on a device",
		Long: "train-images computes the features in every step, train-features trains on features that wait in the host's memory,\n" +
			"infer goes from 8-bit images to log-likelihood maps. Batches are copied to the device while the one before is computed.\n" +
			"bench/peer_torch_gpu.py measures the same in PyTorch.",
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{"train-images", "train-features", "infer"},
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := b.several(cmd, args[0])
			if err != nil {
				return err
			}
			if flags.WantsJSON(cmd) {
				return flags.PrintJSON(cmd, t)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %.4g s a batch, %.1f images/s, at most %.2f GiB, compiled in %.1f s\n",
				t.What, t.Median, t.Images, float64(t.PeakBytes)/(1<<30), t.Compile)
			if t.Devices > 1 {
				fmt.Fprintf(cmd.OutOrStdout(), "%d devices, each with a part of the batch, are %.2f times as fast as one\n", t.Devices, t.SpeedUp)
			}
			return nil
		},
	}
	b.Register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&b.backbone, "backbone", "wide_resnet50_2", "backbone network")
	fl.IntVar(&b.size, "size", 512, "height and width of the images")
	fl.IntVar(&b.batch, "batch", 16, "images of a batch")
	fl.Float64Var(&b.seconds, "seconds", 10, "how long to measure")
	return cmd
}

// several measures on all devices, and on one to compare with.
func (b *benchDevice) several(cmd *cobra.Command, what string) (deviceTiming, error) {
	t, err := b.measure(cmd, what)
	t.Devices = b.Count
	if err != nil || b.Count == 1 {
		return t, err
	}
	alone := *b
	alone.Count = 1
	one, err := alone.measure(cmd, what)
	if err == nil {
		t.SpeedUp = t.Images / one.Images
	}
	return t, err
}

func (b *benchDevice) measure(cmd *cobra.Command, what string) (deviceTiming, error) {
	d, p, err := b.Open(cmd.ErrOrStderr())
	if err != nil {
		return deviceTiming{}, err
	}
	if d == nil {
		return deviceTiming{}, fmt.Errorf("bench device needs a device; --device %s is the processor, which bench train and bench infer measure", b.Name)
	}
	w, err := b.write(what)
	if err != nil {
		return deviceTiming{}, err
	}
	begin := time.Now()
	run, need, err := w.prepare(cmd.Context(), d, p)
	if err != nil {
		return deviceTiming{}, err
	}
	t := deviceTiming{What: what, Compile: time.Since(begin).Seconds(), NeedBytes: need, Batch: b.batch, Size: b.size, Backbone: b.backbone,
		Precision: string(p), Device: d.Kind, Version: d.Version}
	var took []float64
	for begin := time.Now(); len(took) < 6 || time.Since(begin).Seconds() < b.seconds; {
		start := time.Now()
		if err := run(); err != nil {
			return t, err
		}
		took = append(took, time.Since(start).Seconds())
	}
	took = took[3:]
	t.Runs, t.PeakBytes = len(took), d.Memory().Peak
	total := 0.0
	for _, s := range took {
		total += s
	}
	t.Images, t.Median = float64(b.batch*len(took))/total, median(slices.Clone(took))
	return t, nil
}

// deviceWork is a graph to measure.
type deviceWork struct {
	inputs  []xla.Input
	values  []any // of a batch
	outputs []*G.Node
	step    *xla.Step // of a training; nil: inference
}

// write builds the graph of what is to be measured, with random parameters.
func (b *benchDevice) write(what string) (*deviceWork, error) {
	net, err := backbone.Random(b.backbone, 0, backbone.Options{})
	if err != nil {
		return nil, err
	}
	c := flow.Config{Channels: net.Channels()}
	model, err := flow.NewMSFlow(c, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		return nil, err
	}
	var mode []flow.TapeOption
	if what != "infer" {
		mode = append(mode, flow.Training())
	}
	t := flow.NewTape(b.batch, mode...)
	w := &deviceWork{}
	maps, err := b.features(what, t, net, w)
	if err != nil {
		return nil, err
	}
	z, logdet, err := model.Forward(t, maps)
	if err != nil {
		return nil, err
	}
	if what == "infer" {
		for _, n := range z {
			logp, err := flow.LogP(t, n)
			if err != nil {
				return nil, err
			}
			w.outputs = append(w.outputs, logp)
		}
		return w, nil
	}
	return w, w.train(t, model, z, logdet)
}

// features are the pooled maps, computed from images or given.
func (b *benchDevice) features(what string, t *flow.Tape, net *backbone.Backbone, w *deviceWork) ([]*G.Node, error) {
	if what == "train-features" {
		var maps []*G.Node
		for i, c := range net.Channels() {
			side := (b.size/net.Strides()[i] + 1) / 2
			n := t.Input(fmt.Sprintf("features.%d", i), flow.Map{C: c, H: side, W: side})
			maps = append(maps, n)
			w.values = append(w.values, noise(n.Shape().TotalSize(), uint64(i)))
		}
		w.inputs = xla.Inputs(maps...)
		return maps, nil
	}
	images := t.Input("images", flow.Map{C: 3, H: b.size, W: b.size})
	gain, offset := datasets.Normalization()
	w.inputs = []xla.Input{{Node: images, Pixels: &xla.Pixels{Gain: gain, Offset: offset}}}
	pix, rng := make([]uint8, images.Shape().TotalSize()), rand.New(rand.NewPCG(2, 0))
	for i := range pix {
		pix[i] = uint8(rng.UintN(256))
	}
	w.values = []any{pix}
	maps, err := net.Graph(images)
	if err != nil {
		return nil, err
	}
	return backbone.PoolGraph(maps, "avg")
}

// train makes the work a training step.
func (w *deviceWork) train(t *flow.Tape, model *flow.MSFlow, z []*G.Node, logdet *G.Node) error {
	loss, err := flow.Loss(t, z, logdet)
	if err != nil {
		return err
	}
	var leaves []*G.Node
	for _, p := range flow.Trainable(model) {
		leaves = append(leaves, t.Node(p))
	}
	grads, err := G.Grad(loss, leaves...)
	w.step = &xla.Step{Inputs: w.inputs, Loss: loss, Params: leaves, Grads: grads, Clip: 2}
	return err
}

// prepare compiles the work; run does it once. While one batch is computed the next is copied.
func (w *deviceWork) prepare(ctx context.Context, d *xla.Device, p xla.Precision) (run func() error, need int64, err error) {
	if w.step == nil {
		g, err := xla.Compile(ctx, d, w.outputs, w.inputs, p)
		if err != nil {
			return nil, 0, err
		}
		before, err := g.Start(ctx, w.values...)
		return func() error {
			now, err := g.Start(ctx, w.values...)
			if err != nil {
				return err
			}
			_, err = before.Results()
			before = now
			return err
		}, g.Memory(), err
	}
	training, err := xla.NewTraining(ctx, d, *w.step, []float64{1e-4}, p)
	if err != nil {
		return nil, 0, err
	}
	var m xla.Moments
	for _, n := range w.step.Params {
		size := n.Shape().TotalSize()
		m.M, m.V = append(m.M, make([]float32, size)), append(m.V, make([]float32, size))
	}
	if err := training.Load(m); err != nil {
		return nil, 0, err
	}
	type prepared struct {
		batch *xla.Batch
		err   error
	}
	next := make(chan prepared)
	go func() {
		for ctx.Err() == nil {
			b, err := training.Prepare(w.values...)
			select {
			case next <- prepared{b, err}:
			case <-ctx.Done():
			}
		}
	}()
	return func() error {
		b := <-next
		if b.err != nil {
			return b.err
		}
		_, err := training.Step(ctx, b.batch, 0)
		return err
	}, training.Memory(), nil
}
