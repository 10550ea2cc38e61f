package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/reports"
	"github.com/msflow-go/msflow/cmd/msflow/internal/results"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/seal"
	"github.com/spf13/cobra"
)

// reportFlags are the flags of msflow report.
type reportFlags struct {
	out       string
	overwrite bool
}

func reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Compare tested runs on one page",
		Long: "Writes one page of HTML that loads nothing: the figures of the runs side by side with their intervals, the paired difference of each\n" +
			"run to the first where their test images are the same, their curves over each other, each kind of defect, and the settings that\n" +
			"differ. The runs must have been tested (msflow eval). For the page of one run with its maps: msflow eval RUN --report FILE.",
		Example: "  msflow report runs/a runs/b -o compared.html",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().StringVarP(&f.out, "out", "o", "report.html", "file for the page")
	cmd.Flags().BoolVar(&f.overwrite, "overwrite", false, "replace the file although it is no report")
	return cmd
}

func (f *reportFlags) run(cmd *cobra.Command, args []string) error {
	if err := reports.Free(f.out, f.overwrite, "--out"); err != nil {
		return err
	}
	var all []reports.Compared
	for i, arg := range args {
		c, err := testedRun(runs.Folder(arg))
		if err != nil {
			return err
		}
		for _, other := range args[:i] {
			if other == arg {
				return fmt.Errorf("%s is named twice", arg)
			}
		}
		all = append(all, c)
	}
	page, err := reports.Compare(all)
	if err != nil {
		return err
	}
	if err := page.Write(f.out); err != nil {
		return err
	}
	if flags.WantsJSON(cmd) {
		return flags.PrintJSON(cmd, map[string]any{"report": f.out, "runs": args})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "the report is %s\n", f.out)
	return nil
}

// testedRun reads what eval wrote into a run's folder.
func testedRun(folder runs.Folder) (c reports.Compared, err error) {
	c.Name = string(folder)
	if c.Info, err = folder.ReadInfo(); err != nil {
		return c, err
	}
	var e evaluation
	if err := seal.Read(folder.File(filepath.Join("eval", "metrics.json")), &e); errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("the run %s has not been tested, or its test images are all of one kind: msflow eval %s", folder, folder)
	} else if err != nil {
		return c, err
	}
	if e.Run != c.Info.Run {
		return c, fmt.Errorf("the results in %s are of the run %q, and the folder has the run %q; msflow eval tests it", folder.File("eval"), e.Run, c.Info.Run)
	}
	c.Metrics = e.Metrics
	scores := folder.File(filepath.Join("eval", "scores.csv"))
	if c.Scores, err = results.ReadScores(scores); err != nil {
		return c, err
	}
	anomalous := 0
	for _, s := range c.Scores {
		if s.Anomalous {
			anomalous++
		}
	}
	if normal := len(c.Scores) - anomalous; normal != e.Normal || anomalous != e.Anomalous {
		return c, fmt.Errorf("%s has %d normal and %d anomalous images, and the test had %d and %d: it was cut or edited; msflow eval %s writes it anew",
			scores, normal, anomalous, e.Normal, e.Anomalous, folder)
	}
	return c, nil
}

// writeReport makes the page of a test.
func (f *evalFlags) writeReport(cmd *cobra.Command, folder runs.Folder, info *runs.Info, d *detector.Detector, data *datasets.Data, r *detector.Result) error {
	alike, err := datasets.NearDuplicates(cmd.Context(), data, datasets.NearBits)
	if err != nil {
		return err
	}
	return reports.Test{Folder: folder, Info: info, Detector: d, Data: data, Alike: alike, Result: r}.Page().Write(f.report)
}
