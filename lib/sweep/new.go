package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Grid is flags of `msflow train` with the values that each takes: every combination is a point.
type Grid map[string][]any

// Flags are flags of `msflow train` that all points have.
type Flags map[string]any

// Sweep is a folder of trainings, to be run from a notebook or a program.
type Sweep struct {
	Folder Folder
	Plan   Plan
	Engine Engine    // nil: processes of this machine
	Log    io.Writer // nil: standard output
}

// New is the sweep of a grid in a folder; what is there already is kept.
//
//	s := sweep.New("runs/classes", sweep.Grid{"class": {"gear", "fabric"}, "model": {"msflow", "padim"}, "seed": {1, 2}}, sweep.Flags{"size": 64})
//	must(s.Run(ctx))
//	s.Table()
func New(folder string, grid Grid, shared ...Flags) *Sweep {
	s := &Sweep{Folder: Folder(folder)}
	points := []map[string]string{{}}
	for _, flags := range shared {
		for flag, v := range flags {
			points[0][flag] = fmt.Sprint(v)
		}
	}
	for _, flag := range slices.Sorted(maps.Keys(grid)) {
		var next []map[string]string
		for _, p := range points {
			for _, v := range grid[flag] {
				q := map[string]string{flag: fmt.Sprint(v)}
				for key, value := range p {
					if key != flag {
						q[key] = value
					}
				}
				next = append(next, q)
			}
		}
		points = next
	}
	for _, flags := range points {
		s.Plan.Points = append(s.Plan.Points, Point{Flags: flags})
	}
	return s
}

// ErrFailed marks that some points ended without figures. The error around it says how many; the log has said why.
var ErrFailed = errors.New("points failed; the same call tries them again")

// Run runs the points that are not complete, and goes on with what was interrupted. It says on Log what begins and ends. When ctx is
// cancelled the trainings keep what they did.
func (s *Sweep) Run(ctx context.Context) error {
	engine, log := s.Engine, s.Log
	if log == nil {
		log = os.Stdout
	}
	if engine == nil {
		program, err := findProgram()
		if err != nil {
			return err
		}
		engine = &Local{Program: program, Jobs: AtOnce()}
	}
	return Run(ctx, &s.Plan, s.Folder, engine, log)
}

// Table is the table of what is complete.
func (s *Sweep) Table() (*Table, error) { return s.Folder.Table() }

// findProgram is this program, if that is msflow as in a notebook, or the one on the PATH.
func findProgram() (string, error) {
	if self, err := os.Executable(); err == nil && strings.HasPrefix(filepath.Base(self), "msflow") {
		return self, nil
	}
	path, err := exec.LookPath("msflow")
	if err != nil {
		return "", fmt.Errorf("sweep: the points are trained by the program msflow: %w", err)
	}
	return path, nil
}

// AtOnce is how many trainings run on this machine at a time. Two of one thread each do more in an hour than one of two threads.
func AtOnce() int { return max(min(2, runtime.NumCPU()), runtime.NumCPU()/2) }

// Run runs those points of a plan that are not complete on an engine, tells of them in lines on log, and joins the scores of shards.
func Run(ctx context.Context, plan *Plan, folder Folder, engine Engine, log io.Writer) error {
	if err := folder.Prepare(plan); err != nil {
		return err
	}
	var missing []Point
	for _, p := range plan.Points {
		if folder.State(p) != Complete {
			missing = append(missing, p)
		}
	}
	r := &running{log: log, folder: folder, all: len(plan.Points), done: len(plan.Points) - len(missing), began: time.Now()}
	fmt.Fprintf(log, "%d points, %d of them complete\n", r.all, r.done)
	if err := engine.Submit(ctx, folder, missing); err != nil {
		return err
	}
	stop := r.show(engine, time.Second)
	err := engine.Wait(ctx, r.tell)
	stop()
	if err != nil {
		return fmt.Errorf("%w; the same command goes on", err)
	}
	if r.failed > 0 {
		return fmt.Errorf("%d of %d %w", r.failed, r.all, ErrFailed)
	}
	images, bad, err := folder.MergeScores(plan)
	switch {
	case err != nil:
		return err
	case bad > 0:
		return fmt.Errorf("%d of %d images failed; %s names them and has the scores of the others", bad, images, filepath.Join(string(folder), scoresFile))
	case images > 0:
		fmt.Fprintf(log, "the scores of %d images are in %s\n", images, filepath.Join(string(folder), scoresFile))
	}
	return nil
}

// running is how far a sweep is.
type running struct {
	log    io.Writer
	folder Folder
	began  time.Time

	mu                       sync.Mutex
	now                      []begun // the points that run
	all, done, failed, ended int
}

// show lets a table of the points that run stand below the lines where log is a terminal, until stop is called.
func (r *running) show(engine Engine, every time.Duration) (stop func()) {
	l := terminal(r.log, r.rows)
	if l == nil {
		return func() {}
	}
	r.log = l
	if s, ok := engine.(*Slurm); ok && s.Note != nil { // lines come by the table, or it is drawn in the wrong place
		s.Note = func(line string) { fmt.Fprintln(l, line) }
	}
	return l.refreshed(every)
}

// tell says a change in a line.
func (r *running) tell(c Change) { fmt.Fprint(r.log, r.note(c)) }

// note notes a change and puts it into a line.
func (r *running) note(c Change) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := c.Point.Name()
	r.now = slices.DeleteFunc(r.now, func(b begun) bool { return b.point.Name() == name })
	if c.Began {
		r.now = append(r.now, begun{c.Point, time.Now()})
	}
	switch {
	case c.Began && c.State == Waiting:
		return fmt.Sprintf("        %s begins\n", name)
	case c.Began:
		return fmt.Sprintf("        %s goes on\n", name)
	case errors.Is(c.Err, context.Canceled):
		return fmt.Sprintf("        %s: interrupted; what it did is kept\n", name)
	case c.Err != nil:
		r.failed, r.ended = r.failed+1, r.ended+1
		return fmt.Sprintf("        %s failed: %v\n", name, c.Err)
	}
	r.done, r.ended = r.done+1, r.ended+1
	return fmt.Sprintf("%3d/%-3d %s is complete\n", r.done, r.all, name)
}
