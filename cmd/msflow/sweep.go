package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/machine"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/sweep"
	"github.com/spf13/cobra"
)

type sweepFlags struct {
	out    string
	on     string
	jobs   int
	dryRun bool
	slurm  []string
	like   []string
}

func sweepCommand() *cobra.Command {
	f := &sweepFlags{}
	cmd := &cobra.Command{
		Use:   "sweep PLAN.yaml",
		Short: "Train and judge every point of a plan (classes, seeds, models), or score many images in parts",
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
  predict:                   # and images to be scored, in parts
    {run: runs/gear, images: images.txt, shards: 20, maps: false}

Keys are flags of msflow train, below predict of msflow predict. grid may be a list of grids. Every point is a folder named by its
content: the same command again runs only what is missing, and goes on with what was interrupted. msflow table makes the table of the
trainings; the scores of all parts come into scores.csv.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "folder for the runs (default the plan's name without its ending)")
	fl.StringVar(&f.on, "on", "local", "where the trainings run: local, or slurm for an array job of the cluster")
	fl.IntVar(&f.jobs, "jobs", 0, "trainings at a time (default here: one for each two cores, at least two where there are two; Slurm: as it likes)")
	fl.StringArrayVar(&f.slurm, "slurm", nil, "option of sbatch, such as --slurm=--partition=gpu --slurm=--time=4:00:00; may be repeated")
	fl.BoolVar(&f.dryRun, "dry-run", false, "list the points, how far they are and what they may take, and run nothing")
	fl.StringArrayVar(&f.like, "like", nil, "with --dry-run: folder of another sweep to estimate by; may be repeated")
	cmd.AddCommand(sweepPointCommand())
	return cmd
}

func (f *sweepFlags) run(cmd *cobra.Command, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the plan: %w", err)
	}
	plan, err := sweep.Parse(file, text, sweep.Checks{Flag: checkFlag, Point: checkPoint})
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	folder := sweep.Folder(f.out)
	if folder == "" {
		folder = sweep.Folder(strings.TrimSuffix(file, filepath.Ext(file)))
	}
	if f.dryRun {
		return f.list(cmd.OutOrStdout(), plan, folder)
	}
	if err := claimSweep(folder); err != nil {
		return err
	}
	release, err := runs.Lock(string(folder), "sweep")
	if err != nil {
		return err
	}
	defer release()
	return f.points(cmd, plan, folder)
}

// mostJobs is more than one machine or one array job runs at a time.
const mostJobs = 10_000

// claimSweep refuses a folder that holds files and in which no sweep has written before, such as that of the data.
func claimSweep(folder sweep.Folder) error {
	if err := runs.Claim(string(folder), "sweep", false); err != nil {
		return fmt.Errorf("%s holds files and no sweep; --out names another folder for the runs", folder)
	}
	return nil
}

func (f *sweepFlags) check() error {
	if f.jobs < 0 || f.jobs > mostJobs {
		return fmt.Errorf("--jobs %d: it lies between 0 and %d", f.jobs, mostJobs)
	}
	if f.on != "local" && f.on != "slurm" {
		return fmt.Errorf("--on %q: it is local or slurm", f.on)
	}
	if f.on == "local" && len(f.slurm) > 0 {
		return errors.New("--slurm goes with --on slurm only")
	}
	if len(f.like) > 0 && !f.dryRun {
		return errors.New("--like goes with --dry-run only")
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
	log := cmd.ErrOrStderr()
	engine, err := f.engine(log)
	if err != nil {
		return err
	}
	if err := sweep.Run(cmd.Context(), plan, folder, engine, log); err != nil {
		return err
	}
	if slices.ContainsFunc(plan.Points, func(p sweep.Point) bool { return p.Command == "" }) {
		fmt.Fprintf(log, "all points are complete; msflow table %s shows them\n", folder)
	}
	return nil
}

// atOnce is how many points run at a time.
func (f *sweepFlags) atOnce() int {
	if f.jobs > 0 {
		return f.jobs
	}
	return sweep.AtOnce()
}

// checkFlag makes sure that a plan's key is a flag of the command, train or predict, that takes the value.
func checkFlag(command, flag, value string) error {
	of, own := trainCommand(), []string{"out", "resume", "overwrite", "help", "json"}
	if command == "predict" {
		of, own = predictCommand(), []string{"out", "overwrite", "watch", "list", "shard", "help", "json"}
	}
	if slices.Contains(own, flag) {
		return fmt.Errorf("the sweep decides about this flag itself")
	}
	known := of.Flags().Lookup(flag)
	if known == nil {
		return fmt.Errorf("msflow %s has no flag of this name", command)
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
	folder := sweep.Folder(filepath.Dir(filepath.Clean(dir)))
	began := time.Now()
	code := 0
	for _, args := range steps(p, folder.State(p), dir) {
		if code = run(args, stdout, stderr); code != 0 {
			break
		}
	}
	cost := sweep.Cost{Seconds: time.Since(began).Seconds(), PeakBytes: machine.PeakMemory(), Threads: runtime.GOMAXPROCS(0)}
	if err := folder.Spend(p, cost); err != nil {
		return err
	}
	if code != 0 {
		return exitCode(code)
	}
	return nil
}

// steps are the commands that bring a point from a state to its figures.
func steps(p sweep.Point, state sweep.State, dir string) (steps [][]string) {
	if p.Command == "predict" {
		args := append([]string{"predict", p.Flags["run"], "--overwrite", "--out=" + filepath.Join(dir, "predictions")}, p.Args()...)
		if info, err := os.Stat(p.Flags["images"]); err == nil && info.IsDir() {
			return [][]string{append(args, p.Flags["images"])}
		}
		return [][]string{append(args, "--list="+p.Flags["images"])}
	}
	switch state {
	case sweep.Waiting:
		steps = append(steps, append([]string{"train", "--overwrite", "--out=" + dir}, p.Args()...))
	case sweep.Begun:
		steps = append(steps, []string{"train", "--resume", "--out=" + dir})
	}
	if state != sweep.Complete {
		steps = append(steps, []string{"eval", "--maps=false", dir})
	}
	return steps
}
