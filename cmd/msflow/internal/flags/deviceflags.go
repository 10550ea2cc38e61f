package flags

import (
	"fmt"
	"io"

	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// Device say where to compute and how exactly.
type Device struct {
	Name      string
	Count     int
	precision string
}

// Register adds the flags; precision is the default of --precision.
func (f *Device) Register(cmd *cobra.Command, precision xla.Precision) {
	fl := cmd.Flags()
	fl.StringVar(&f.Name, "device", xla.CPU, "where to compute: cpu, cuda, auto, or xla for the plugin that "+xla.PluginVariable+" names")
	fl.IntVar(&f.Count, "devices", 1, "how many devices share every batch, each with the whole model; a number that divides 8 or 16 wastes none")
	fl.StringVar(&f.precision, "precision", string(precision), "of convolutions on a device: f32, tf32 or bf16")
	Mark(cmd, OfPlace, "device", "devices", "precision")
}

// Use moves the detector to the device and says where it computes, unless that is the processor as always.
func (f *Device) Use(d *detector.Detector, log io.Writer) error {
	if err := d.UseDevices(f.Name, f.precision, f.Count); err != nil {
		return err
	}
	if f.Name != xla.CPU {
		fmt.Fprintf(log, "device: %s\n", d.Device())
	}
	return nil
}

// Open is the device for commands without a detector; nil is the processor.
func (f *Device) Open(log io.Writer) (*xla.Device, xla.Precision, error) {
	p, err := xla.ParsePrecision(f.precision)
	if err != nil {
		return nil, "", err
	}
	d, note, err := xla.OpenSeveral(f.Name, f.Count)
	if err != nil {
		return nil, "", err
	}
	switch {
	case d != nil:
		fmt.Fprintf(log, "device: %s, %s, %s\n", d, p, d.Version)
	case note != "":
		fmt.Fprintln(log, note)
	}
	return d, p, nil
}
