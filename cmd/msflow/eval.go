package main

import (
	"fmt"
	"path/filepath"

	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/spf13/cobra"
)

// evalFlags are the flags of msflow eval.
type evalFlags struct {
	data    string
	weights string
	out     string
	rows    int
	maps    bool
	raw     bool
	device  deviceFlags
}

func evalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval RUN",
		Short: "Test a trained run and write metrics, figures and maps",
		Long: "Tests the detector of a run's folder on the test images of its data set and writes RUN/eval: metrics.json, scores.csv,\n" +
			"curves and panels. Image figures judge the image score, loc figures the pixels of the add map, AUPRO the mul map.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, runFolder(args[0])) },
	}
	f.device.register(cmd, xla.TF32)
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "", "folder of the data set, if it has moved since the training")
	fl.StringVar(&f.weights, "weights", "", "file of the backbone's weights, if it has moved")
	fl.StringVar(&f.out, "out", "", "folder for the results (default RUN/eval)")
	fl.IntVar(&f.rows, "rows", 8, "images in the panels of the best and of the worst")
	fl.BoolVar(&f.maps, "maps", true, "draw the map and the overlay of every test image")
	fl.BoolVar(&f.raw, "raw", false, "also write every map as NAME.npy")
	return cmd
}

func (f *evalFlags) run(cmd *cobra.Command, folder runFolder) error {
	ctx, log := cmd.Context(), cmd.ErrOrStderr()
	info, err := folder.readInfo()
	if err != nil {
		return err
	}
	if f.data != "" {
		info.Data.Dir = f.data
	}
	d, err := detector.Load(folder.detector(), f.weights)
	if err != nil {
		return err
	}
	if err := f.device.use(d, log); err != nil {
		return err
	}
	data, err := info.Data.open(ctx, log)
	if err != nil {
		return err
	}
	p := newProgress(log, 0)
	r, err := d.TestWith(ctx, data.Test, func(done, total int) { p.images("test images", done, total) })
	if err != nil {
		return err
	}
	out := f.out
	if out == "" {
		out = folder.file("eval")
	}
	if err := f.write(out, r); err != nil {
		return err
	}
	if wantsJSON(cmd) {
		return printJSON(cmd, evalReport{Metrics: r.Metrics, Run: string(folder), Results: out})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\nfigures, maps and scores are in %s\n", r.Metrics, out)
	return nil
}

// evalReport is what eval --json prints.
type evalReport struct {
	Run     string `json:"run"`
	Results string `json:"results"`
	detector.Metrics
}

func (f *evalFlags) write(out string, r *detector.Result) error {
	if err := writeJSON(filepath.Join(out, "metrics.json"), r.Metrics); err != nil {
		return err
	}
	if err := writeScores(filepath.Join(out, "scores.csv"), r.Images, r.DetThreshold); err != nil {
		return err
	}
	if err := drawResult(out, r, f.rows); err != nil {
		return err
	}
	names := make([]string, len(r.Images))
	for i, p := range r.Images {
		names[i] = p.Name
	}
	names = fileNames(names)
	if f.maps {
		if err := drawMaps(filepath.Join(out, "maps"), r.Images, names, r.PixelThreshold()); err != nil {
			return err
		}
	}
	if f.raw {
		return writeRaw(filepath.Join(out, "maps"), r.Images, names)
	}
	return nil
}
