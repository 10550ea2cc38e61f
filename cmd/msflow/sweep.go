package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/sweep"
	"github.com/spf13/cobra"
)

type sweepFlags struct {
	out    string
	on     string
	jobs   int
	dryRun bool
	slurm  []string
}

func sweepCommand() *cobra.Command {
	f := &sweepFlags{}
	cmd := &cobra.Command{
		Use:   "sweep PLAN.yaml",
		Short: "Train and judge every point of a plan: classes, seeds, models",
		Long: `sweep runs msflow train and msflow eval for every point of a plan, some at a time:

  grid:                      # every combination is a point
    dataset: synthetic
    class: [gear, fabric]
    model: [msflow, patchcore]
    seed: [1, 2, 3]
  flags:                     # the same for all points
    size: 128
  points:                    # more points, one by one
    - {dataset: mtd, data: /data/mtd, seed: 1}

All keys are flags of msflow train. Every point is a run folder named by its content: the same command again trains only what is
missing, and goes on with what was interrupted. msflow table makes the table of it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "folder for the runs (default the plan's name without its ending)")
	fl.StringVar(&f.on, "on", "local", "where the trainings run: local, or slurm for an array job of the cluster")
	fl.IntVar(&f.jobs, "jobs", 0, "trainings at a time (default here: one for each two cores, at least two where there are two; Slurm: as it likes)")
	fl.StringArrayVar(&f.slurm, "slurm", nil, "option of sbatch, such as --slurm=--partition=gpu --slurm=--time=4:00:00; may be repeated")
	fl.BoolVar(&f.dryRun, "dry-run", false, "list the points and how far they are, and run nothing")
	cmd.AddCommand(sweepPointCommand())
	return cmd
}

func (f *sweepFlags) run(cmd *cobra.Command, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the plan: %w", err)
	}
	plan, err := sweep.Parse(file, text, checkTrainFlag)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	for _, p := range plan.Points {
		if err := checkPoint(p); err != nil {
			return fmt.Errorf("%s: the point %s: %w", file, p.Name(), err)
		}
	}
	folder := sweep.Folder(f.out)
	if folder == "" {
		folder = sweep.Folder(strings.TrimSuffix(file, filepath.Ext(file)))
	}
	if f.dryRun {
		for _, p := range plan.Points {
			fmt.Fprintf(cmd.OutOrStdout(), "%-8s %s\n", folder.State(p), p.Name())
		}
		return nil
	}
	if err := durable.MkdirAll(string(folder)); err != nil {
		return fmt.Errorf("making the sweep's folder: %w", err)
	}
	release, err := runs.Lock(string(folder), "sweep")
	if err != nil {
		return err
	}
	defer release()
	return f.points(cmd, plan, folder)
}

func (f *sweepFlags) check() error {
	if f.jobs < 0 {
		return fmt.Errorf("--jobs %d: it cannot be negative", f.jobs)
	}
	if f.on != "local" && f.on != "slurm" {
		return fmt.Errorf("--on %q: it is local or slurm", f.on)
	}
	if f.on == "local" && len(f.slurm) > 0 {
		return errors.New("--slurm goes with --on slurm only")
	}
	for _, o := range f.slurm {
		if !strings.HasPrefix(o, "--") {
			return fmt.Errorf("--slurm %q: an option of sbatch begins with --", o)
		}
	}
	return nil
}

// engine is where the points run.
func (f *sweepFlags) engine(log io.Writer) (sweep.Engine, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	if f.on == "slurm" {
		fmt.Fprintln(log, "the points run on Slurm")
		return &sweep.Slurm{Program: program, Options: f.slurm, AtOnce: f.jobs, Note: func(line string) { fmt.Fprintln(log, line) }}, nil
	}
	fmt.Fprintf(log, "%d points at a time\n", f.atOnce())
	return &sweep.Local{Program: program, Jobs: f.atOnce()}, nil
}

// points runs what is missing and says how it went.
func (f *sweepFlags) points(cmd *cobra.Command, plan *sweep.Plan, folder sweep.Folder) error {
	if err := folder.Prepare(plan); err != nil {
		return err
	}
	var missing []sweep.Point
	for _, p := range plan.Points {
		if folder.State(p) != sweep.Complete {
			missing = append(missing, p)
		}
	}
	log := cmd.ErrOrStderr()
	fmt.Fprintf(log, "%d points, %d of them complete\n", len(plan.Points), len(plan.Points)-len(missing))
	engine, err := f.engine(log)
	if err != nil {
		return err
	}
	if err := engine.Submit(cmd.Context(), folder, missing); err != nil {
		return err
	}
	failed, done := 0, len(plan.Points)-len(missing)
	err = engine.Wait(cmd.Context(), func(c sweep.Change) {
		switch {
		case c.Began && c.State == sweep.Waiting:
			fmt.Fprintf(log, "        %s begins\n", c.Point.Name())
		case c.Began:
			fmt.Fprintf(log, "        %s goes on\n", c.Point.Name())
		case errors.Is(c.Err, context.Canceled):
			fmt.Fprintf(log, "        %s: interrupted; what it did is kept\n", c.Point.Name())
		case c.Err != nil:
			failed++
			fmt.Fprintf(log, "        %s failed: %v\n", c.Point.Name(), c.Err)
		default:
			done++
			fmt.Fprintf(log, "%3d/%-3d %s is complete\n", done, len(plan.Points), c.Point.Name())
		}
	})
	if err != nil {
		return fmt.Errorf("%w; the same command goes on", err)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d points failed; the same command tries them again", failed, len(plan.Points))
	}
	fmt.Fprintf(log, "all points are complete; msflow table %s shows them\n", folder)
	return nil
}

// atOnce is how many trainings run at a time. Two of one thread each do more in an hour than one of two threads.
func (f *sweepFlags) atOnce() int {
	if f.jobs > 0 {
		return f.jobs
	}
	return max(min(2, runtime.NumCPU()), runtime.NumCPU()/2)
}

// checkTrainFlag makes sure that a plan's key is a flag of msflow train that takes the value.
func checkTrainFlag(flag, value string) error {
	if slices.Contains([]string{"out", "resume", "overwrite", "help", "json"}, flag) {
		return fmt.Errorf("the sweep decides about this flag itself")
	}
	known := trainCommand().Flags().Lookup(flag)
	if known == nil {
		return fmt.Errorf("msflow train has no flag of this name")
	}
	if err := known.Value.Set(value); err != nil {
		return fmt.Errorf("%q is no value for it: %w", value, err)
	}
	return nil
}

// checkPoint looks at a point's flags together, as msflow train does before it reads a picture.
func checkPoint(p sweep.Point) error {
	var f trainFlags
	if err := f.command().ParseFlags(append(p.Args(), "--out=run")); err != nil {
		return err
	}
	if _, err := f.data.options(io.Discard); err != nil {
		return err
	}
	return f.check()
}

// sweepPointCommand is what a sweep starts for each point, here or on another machine.
func sweepPointCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "point FOLDER",
		Short:  "Bring one point of a sweep to its figures",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPoint(cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0])
		},
	}
}

// runPoint goes on from whatever the folder holds. Begun trainings are resumed, those without a checkpoint begin anew.
func runPoint(stdout, stderr io.Writer, dir string) error {
	p, err := sweep.ReadPoint(dir)
	if err != nil {
		return err
	}
	state := sweep.Folder(filepath.Dir(filepath.Clean(dir))).State(p)
	var steps [][]string
	switch state {
	case sweep.Waiting:
		steps = append(steps, append([]string{"train", "--overwrite", "--out=" + dir}, p.Args()...))
	case sweep.Begun:
		steps = append(steps, []string{"train", "--resume", "--out=" + dir})
	}
	if state != sweep.Complete {
		steps = append(steps, []string{"eval", "--maps=false", dir})
	}
	for _, args := range steps {
		if code := run(args, stdout, stderr); code != 0 {
			return exitCode(code)
		}
	}
	return nil
}
