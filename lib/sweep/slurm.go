package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/msflow-go/msflow/lib/durable"
)

// Slurm runs points as an array job of a Slurm cluster. The sweep's folder and the program lie on a file system that all nodes
// share; nothing else is needed of a site, no accounting database either: squeue says what is still to come, and the
// points' folders say what came of the rest. A task that is preempted or whose node fails is queued again by Slurm and goes
// on from its checkpoint; one that ended without figures in another way is submitted again.
type Slurm struct {
	Program string        // the executable of msflow, as the nodes see it
	Options []string      // of sbatch, such as --partition=gpu, --time=4:00:00, --mem=8G, --gres=gpu:1
	AtOnce  int           // tasks at a time, of each thousand points; 0 leaves that to Slurm
	Poll    time.Duration // between looks at the queue; 0 is five seconds
	Note    func(line string)

	folder Folder
	points []Point
	rounds map[string]int // how often a point was submitted
}

var _ Engine = (*Slurm)(nil)

// maxRounds is how often a point is submitted before its end without figures counts as a failure. Where a task in twelve is lost, three
// rounds would lose a point of a thousand.
const maxRounds = 5

// warning is how long before its time limit a task is told to write its checkpoint. The shell of the task's script has become
// msflow by then, so the signal reaches it.
const warning = "--signal=B:TERM@60"

func (s *Slurm) dir() string { return filepath.Join(string(s.folder), "slurm") }

// Submit queues the points that no earlier task of this sweep is still about to do.
func (s *Slurm) Submit(ctx context.Context, folder Folder, points []Point) error {
	absolute, err := filepath.Abs(string(folder))
	if err != nil {
		return fmt.Errorf("submitting a sweep: %w", err)
	}
	s.folder, s.points, s.rounds = Folder(absolute), points, map[string]int{}
	queued, err := s.queued(ctx)
	if err != nil {
		return err
	}
	var missing []Point
	for _, p := range points {
		s.rounds[p.Name()] = 1
		if _, there := queued[p.Name()]; !there {
			missing = append(missing, p)
		}
	}
	return s.submit(ctx, missing)
}

// maxArray is how many tasks an array job may have by Slurm's own default (MaxArraySize).
const maxArray = 1000

// submit queues points as array jobs.
func (s *Slurm) submit(ctx context.Context, points []Point) error {
	for part := range slices.Chunk(points, maxArray) {
		if err := s.submitArray(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// submitArray queues points as one array job, and after it a job that makes the table.
func (s *Slurm) submitArray(ctx context.Context, points []Point) error {
	if err := durable.MkdirAll(s.dir()); err != nil {
		return fmt.Errorf("submitting a sweep: %w", err)
	}
	list := filepath.Join(s.dir(), fmt.Sprintf("points-%d", time.Now().UnixNano()))
	if err := writeNames(list, points); err != nil {
		return fmt.Errorf("submitting a sweep: %w", err)
	}
	array := fmt.Sprintf("--array=0-%d", len(points)-1)
	if s.AtOnce > 0 {
		array += "%" + strconv.Itoa(s.AtOnce)
	}
	options := append([]string{array, "--requeue", warning, "--job-name=msflow-sweep", "--output=/dev/null"}, s.Options...)
	job, err := s.sbatch(ctx, s.pointScript(list), options)
	if err != nil {
		return err
	}
	if err := writeNames(filepath.Join(s.dir(), job+jobFile), points); err != nil {
		return fmt.Errorf("submitting a sweep: %w", err)
	}
	s.note("%d points are Slurm's job %s", len(points), job)
	options = append([]string{"--dependency=afterany:" + job, "--job-name=msflow-table", "--output=/dev/null"}, s.where()...)
	_, err = s.sbatch(ctx, s.tableScript(), options)
	return err
}

// jobFile ends the name of the file that lists the points of a job, task by task.
const jobFile = ".job"

func (s *Slurm) pointScript(list string) string {
	folder := quoted(string(s.folder))
	return fmt.Sprintf(`#!/bin/sh
point=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" %s)
export GOMAXPROCS="${SLURM_CPUS_PER_TASK:-1}"
exec >>%s/"$point"/%s 2>&1
exec %s sweep point %s/"$point"
`, quoted(list), folder, logFile, quoted(s.Program), folder)
}

func (s *Slurm) tableScript() string {
	return fmt.Sprintf("#!/bin/sh\nexec %s table %s --out %s\n", quoted(s.Program), quoted(string(s.folder)), quoted(filepath.Join(string(s.folder), "table.md")))
}

// where are the options that say where a job may run and who pays: the table's job needs no more of them.
func (s *Slurm) where() (out []string) {
	for _, o := range s.Options {
		for _, name := range []string{"--partition=", "--account=", "--qos=", "--clusters="} {
			if strings.HasPrefix(o, name) {
				out = append(out, o)
			}
		}
	}
	return out
}

// quoted is a text as the shell takes it, whatever is in it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func writeNames(path string, points []Point) error {
	return durable.Write(path, 0o666, func(w io.Writer) error {
		for _, p := range points {
			if _, err := fmt.Fprintln(w, p.Name()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Slurm) note(format string, args ...any) {
	if s.Note != nil {
		s.Note(fmt.Sprintf(format, args...))
	}
}

// sbatch submits a script and gives the job's number.
func (s *Slurm) sbatch(ctx context.Context, script string, options []string) (string, error) {
	out, err := command(ctx, script, "sbatch", append([]string{"--parsable"}, options...)...)
	if err != nil {
		return "", err
	}
	job, _, _ := strings.Cut(strings.TrimSpace(out), ";") // a cluster's name may follow
	if _, err := strconv.Atoi(job); err != nil {
		return "", fmt.Errorf("sbatch answered %q, not a job's number", out)
	}
	return job, nil
}

// queued are the states of the tasks that Slurm still has to end, by the point's name: PENDING, RUNNING and so on.
func (s *Slurm) queued(ctx context.Context) (map[string]string, error) {
	jobs, err := s.jobs()
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	who, err := user.Current()
	if err != nil {
		return nil, fmt.Errorf("asking for the queue: %w", err)
	}
	out, err := command(ctx, "", "squeue", "--noheader", "--array", "--user="+who.Username, "--format=%F %K %T")
	if err != nil {
		return nil, err
	}
	queued := map[string]string{}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		task, err := strconv.Atoi(f[1])
		if names := jobs[f[0]]; err == nil && task >= 0 && task < len(names) {
			queued[names[task]] = f[2]
		}
	}
	return queued, nil
}

// jobs are the points of the sweep's jobs, task by task.
func (s *Slurm) jobs() (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(s.dir(), "*"+jobFile))
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("reading a job's points: %w", err)
		}
		out[strings.TrimSuffix(filepath.Base(f), jobFile)] = strings.Fields(string(text))
	}
	return out, nil
}

// command runs one of Slurm's commands. Its error says what the command said.
func command(ctx context.Context, stdin, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%s is not installed here; a sweep on Slurm is started where its commands are: %w", name, err)
	case err != nil && ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// Wait looks at the queue until none of the points is in it. When ctx is cancelled the jobs stay in the queue; submitting the
// same sweep again waits for them.
func (s *Slurm) Wait(ctx context.Context, do func(Change)) error {
	begun, ended := map[string]bool{}, map[string]bool{}
	failures := 0 // of squeue, in a row: a busy controller is no reason to give up
	for {
		queued, err := s.queued(ctx)
		if err != nil {
			if failures++; failures > 20 || ctx.Err() != nil {
				return err
			}
		} else {
			failures = 0
			if err := s.look(ctx, queued, begun, ended, do); err != nil {
				return err
			}
			if len(ended) == len(s.points) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			s.note("the jobs stay in Slurm's queue; the same command waits for them, and scancel --name=msflow-sweep ends them")
			return ctx.Err()
		case <-time.After(s.poll()):
		}
	}
}

func (s *Slurm) poll() time.Duration {
	if s.Poll > 0 {
		return s.Poll
	}
	return 5 * time.Second
}

// look tells what has changed, and submits points again whose tasks ended without figures, together when the queue has emptied.
func (s *Slurm) look(ctx context.Context, queued map[string]string, begun, ended map[string]bool, do func(Change)) error {
	var again []Point
	full := false // the cluster has more than it can run at once: what is submitted now would only wait too
	for _, p := range s.points {
		full = full || queued[p.Name()] == "PENDING"
	}
	for _, p := range s.points {
		name := p.Name()
		state, there := queued[name]
		switch {
		case ended[name]:
		case there && state == "RUNNING" && !begun[name]:
			begun[name] = true
			do(Change{Point: p, State: s.folder.State(p), Began: true})
		case there:
		case s.folder.State(p) == Complete:
			ended[name] = true
			do(Change{Point: p, State: Complete})
		case s.rounds[name] < maxRounds && full:
		case s.rounds[name] < maxRounds:
			s.rounds[name]++
			begun[name] = false
			again = append(again, p)
		default:
			ended[name] = true
			path := filepath.Join(s.folder.Run(p), logFile)
			do(Change{Point: p, State: s.folder.State(p), Err: fmt.Errorf("%d tasks of Slurm ended without figures; %s says why: %s", s.rounds[name], path, lastLine(path))})
		}
	}
	return s.submit(ctx, again)
}
