package detector

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/xla"
)

// runner computes what the backbone and the flow make of images: on the processor, or on a device.
type runner interface {
	// each gives the pooled features of a set's images, batch by batch in order; they are valid during the call.
	each(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, maps []backbone.Feature) error) error
	// eachScored gives the flow's log-likelihood maps (n,h,w) of each scale, batch by batch in order.
	eachScored(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32) error) error
	// judge gives the function that makes log-likelihood maps of features, with the parameters of now.
	judge(ctx context.Context) (likelihood, error)
	// forget drops what was compiled for a model that is no more.
	forget()
	// trainsOn is where the model is trained: nil is the processor.
	trainsOn() (*xla.Device, xla.Precision)
	// String says where that is.
	String() string
}

// likelihood gives the log-likelihood map (n,h,w) of each scale for n images whose features fill writes.
type likelihood func(ctx context.Context, n int, fill func(maps [][]float32) error) ([][]float32, error)

// UseDevice moves the detector to a device: cpu, cuda, auto, or xla for the plugin of MSFLOW_PJRT_PLUGIN, with convolutions in
// the given precision: tf32 (also ""), f32 or bf16. A device that is not there is an error that says what was looked for, but
// for auto, which is the processor then; Device says why.
func (d *Detector) UseDevice(device, precision string) error {
	return d.UseDevices(device, precision, 1)
}

// UseDevices is UseDevice for several devices of one kind: each has the whole model and computes its part of every batch.
func (d *Detector) UseDevices(device, precision string, n int) error {
	p, err := xla.ParsePrecision(precision)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	found, note, err := xla.OpenSeveral(device, n)
	if err != nil {
		return fmt.Errorf("detector: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.runner != nil {
		d.runner.forget()
	}
	d.runner = &processor{d: d, note: note}
	if found != nil {
		d.runner = newAccelerator(d, found, p)
	}
	d.Config.Device, d.Config.Precision, d.Config.Devices = device, precision, n
	return nil
}

// Device says where the detector computes.
func (d *Detector) Device() string { return d.runner.String() }

// scoreFeatures is eachScored of a runner by way of its features.
func (d *Detector) scoreFeatures(ctx context.Context, set datasets.Set, do func(b *datasets.Batch, logp [][]float32) error) error {
	judge, err := d.runner.judge(ctx)
	if err != nil {
		return err
	}
	return d.runner.each(ctx, set, func(b *datasets.Batch, maps []backbone.Feature) error {
		logp, err := judge(ctx, len(b.Samples), func(into [][]float32) error {
			for i, m := range maps {
				copy(into[i], m.Data)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return do(b, logp)
	})
}
