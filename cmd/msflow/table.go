package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/sweep"
	"github.com/msflow-go/msflow/plots"
	"github.com/spf13/cobra"
)

// tableFlags are the flags of msflow table.
type tableFlags struct {
	format  string
	out     string
	figures string

	overwrite bool
}

func tableCommand() *cobra.Command {
	var f tableFlags
	cmd := &cobra.Command{
		Use:   "table FOLDER",
		Short: "Make the table of a sweep, and its figures",
		Long: `table reads the figures of a sweep's complete points: a row for each class of objects, columns for each kind of detector, mean ± standard
deviation over the seeds, the mean over the classes, and paired comparisons between the detectors. Figures are those of the last epoch; those
of the best test epoch stand in a table of their own where the plan has judge-every, and published values in another. --figures draws the
ranking with intervals, the critical-difference diagram and the learning curves.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, sweep.Folder(args[0])) },
	}
	cmd.Flags().StringVar(&f.format, "format", "markdown", strings.Join(sweep.Formats(), ", "))
	cmd.Flags().StringVar(&f.out, "out", "", "file for the table (default: print it)")
	cmd.Flags().StringVar(&f.figures, "figures", "", "folder for the figures, as .png, .svg and .csv (default: none are drawn)")
	cmd.Flags().BoolVar(&f.overwrite, "overwrite", false, "replace the table and the figures where there are some")
	return cmd
}

func (f *tableFlags) run(cmd *cobra.Command, folder sweep.Folder) error {
	if f.out != "" {
		if err := runs.Free(f.out, f.overwrite, "--out"); err != nil {
			return err
		}
	}
	table, err := folder.Table()
	if err != nil {
		return err
	}
	if f.figures != "" {
		if err := drawSweep(f.figures, table, f.overwrite, cmd.ErrOrStderr()); err != nil {
			return err
		}
	}
	if f.out == "" {
		return table.Write(cmd.OutOrStdout(), f.format)
	}
	return durable.Write(f.out, 0o666, func(w io.Writer) error { return table.Write(w, f.format) })
}

// drawSweep draws what a sweep's results are enough for, and says what is left out.
func drawSweep(dir string, t *sweep.Table, overwrite bool, log io.Writer) error {
	figures := map[string]*plots.Figure{}
	for i, name := range sweep.Figures {
		end := strings.ReplaceAll(strings.ToLower(name), " ", "_")
		figures["ranking_"+end] = plots.Ranking(t.Ranking(i), plots.Name(name))
		r := t.Ranks(i)
		title := fmt.Sprintf("Mean ranks by %s over %d classes; Friedman's p %.2g", name, r.Classes, r.P)
		figures["critical_difference_"+end] = plots.CriticalDifference(r, plots.Title(title))
	}
	figures["learning"] = plots.Learning(t.Curves())
	for name := range figures {
		for _, end := range []string{".png", ".svg", ".csv"} {
			if err := runs.Free(filepath.Join(dir, name+end), overwrite, "--figures"); err != nil {
				return err
			}
		}
	}
	if err := durable.MkdirAll(dir); err != nil {
		return fmt.Errorf("the figures: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		if err := figures[name].Err(); err != nil {
			fmt.Fprintf(log, "note: no %s: %v\n", name, err)
			continue
		}
		if err := saveFigure(figures[name], filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
