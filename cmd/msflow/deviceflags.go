package main

import (
	"fmt"
	"io"

	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// deviceFlags say where to compute and how exactly.
type deviceFlags struct {
	device    string
	precision string
}

// register adds the flags; precision is the default of --precision.
func (f *deviceFlags) register(cmd *cobra.Command, precision xla.Precision) {
	fl := cmd.Flags()
	fl.StringVar(&f.device, "device", xla.CPU, "where to compute: cpu, cuda, auto, or xla for the plugin that "+xla.PluginVariable+" names")
	fl.StringVar(&f.precision, "precision", string(precision), "of convolutions on a device: f32, tf32 or bf16")
	mark(cmd, ofPlace, "device", "precision")
}

// use moves the detector to the device and says where it computes, unless that is the processor as always.
func (f *deviceFlags) use(d *detector.Detector, log io.Writer) error {
	if err := d.UseDevice(f.device, f.precision); err != nil {
		return err
	}
	if f.device != xla.CPU {
		fmt.Fprintf(log, "device: %s\n", d.Device())
	}
	return nil
}

// open is the device for commands without a detector; nil is the processor.
func (f *deviceFlags) open(log io.Writer) (*xla.Device, xla.Precision, error) {
	p, err := xla.ParsePrecision(f.precision)
	if err != nil {
		return nil, "", err
	}
	d, note, err := xla.Open(f.device)
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
