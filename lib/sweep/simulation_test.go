package sweep

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asSlurm makes the test binary one of Slurm's commands: its name comes first among the arguments.
const asSlurm = "MSFLOW_TEST_SLURM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asSlurm); dir != "" {
		if err := simulated(dir, os.Args[1], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// durations are the seconds that nine trainings of msflow and nine of gaussian took, as a sweep on two busy processors wrote them into
// cost.json.
var durations = []float64{
	41.6, 11.8, 42.4, 24.1, 42.4, 31.2, 51.7, 32.9, 55.1, 5.5, 55.5, 5.9, 59.8, 6.6, 63.1, 7.9, 68.5, 7.9,
}

// simulation is a cluster that exists in a file alone. Its clock moves on when somebody looks at the queue; its tasks run the true scripts,
// all at once at the moment in which they end.
type simulation struct {
	dir   string
	Clock float64
	Slots int
	Looks int
	Jobs  []*simulatedJob
}

type simulatedJob struct {
	Script string
	After  int // the job that it waits for; 0: none
	Tasks  []*simulatedTask
}

type simulatedTask struct {
	Running bool
	Ended   bool
	Ends    float64
	Starts  int
}

// step is how far a look at the queue moves the clock, in seconds.
const step = 60

func simulated(dir, command string, args []string) error {
	s := &simulation{dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, s); err != nil {
		return err
	}
	switch command {
	case "sbatch":
		err = s.sbatch(args)
	case "squeue":
		err = s.squeue()
	}
	if err != nil {
		return err
	}
	return s.write()
}

func (s *simulation) write() error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.dir, "state.json"), text, 0o666)
}

func (s *simulation) sbatch(args []string) error {
	script, err := os.ReadFile("/dev/stdin")
	if err != nil {
		return err
	}
	job, n := &simulatedJob{Script: string(script)}, 1
	for _, a := range args {
		if list, ok := strings.CutPrefix(a, "--array=0-"); ok {
			last, _, _ := strings.Cut(list, "%")
			if n, err = strconv.Atoi(last); err != nil {
				return err
			}
			n++
		}
		if after, ok := strings.CutPrefix(a, "--dependency=afterany:"); ok {
			if job.After, err = strconv.Atoi(after); err != nil {
				return err
			}
		}
	}
	for range n {
		job.Tasks = append(job.Tasks, &simulatedTask{})
	}
	s.Jobs = append(s.Jobs, job)
	fmt.Println(len(s.Jobs))
	return nil
}

// squeue fails now and then, as that of a busy controller does; else it moves the clock on and lists what has not ended.
func (s *simulation) squeue() error {
	if s.Looks++; s.Looks%9 == 0 {
		if err := s.write(); err != nil {
			return err
		}
		return fmt.Errorf("slurm_load_jobs error: Unable to contact slurm controller")
	}
	for until := s.Clock + step; s.Clock < until; s.Clock++ {
		if err := s.tick(); err != nil {
			return err
		}
	}
	for j, job := range s.Jobs {
		for i, t := range job.Tasks {
			if !t.Ended && job.After == 0 {
				fmt.Println(j+1, i, map[bool]string{true: "RUNNING", false: "PENDING"}[t.Running])
			}
		}
	}
	return nil
}

// tick ends what has run long enough and starts what there is room for.
func (s *simulation) tick() error {
	free := s.Slots
	for j, job := range s.Jobs {
		for i, t := range job.Tasks {
			if t.Running && t.Ends <= s.Clock {
				if err := s.end(j, i, t); err != nil {
					return err
				}
			}
			if t.Running {
				free--
			}
		}
	}
	for j, job := range s.Jobs {
		waits := job.After > 0 && slices.ContainsFunc(s.Jobs[job.After-1].Tasks, func(t *simulatedTask) bool { return !t.Ended })
		for i, t := range job.Tasks {
			if free > 0 && !waits && !t.Running && !t.Ended {
				t.Running, t.Starts, free = true, t.Starts+1, free-1
				t.Ends = s.Clock + durations[(i+j)%len(durations)]
			}
		}
	}
	return nil
}

// end is the end of a task: of 100, five lose their node and are queued again, five are cancelled, three crash, and the others do their work.
func (s *simulation) end(j, i int, t *simulatedTask) error {
	t.Running = false
	h := fnv.New32()
	fmt.Fprintf(h, "%d %d %d", j, i, t.Starts)
	switch fate := h.Sum32() % 100; {
	case s.Jobs[j].After > 0:
	case fate < 5:
		return nil
	case fate < 10:
		t.Ended = true
		return nil
	case fate < 13:
		t.Ended = true
		cmd := exec.Command("sh", "-c", strings.Replace(s.Jobs[j].Script, "exec '", "exec false '", 1))
		cmd.Env = append(os.Environ(), fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", i))
		_ = cmd.Run() // it ends without figures
		return nil
	}
	t.Ended = true
	cmd := exec.Command("sh", "-c", s.Jobs[j].Script)
	cmd.Env = append(os.Environ(), fmt.Sprintf("SLURM_ARRAY_TASK_ID=%d", i))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("task %d of job %d: %w: %s", i, j+1, err, out)
	}
	return nil
}

// trainer is the program of the simulation: "sweep point FOLDER" leaves the figures that belong to the seed, "table FOLDER --out FILE" a file.
const trainer = `#!/bin/sh
if [ "$1" = table ]; then touch "$4"; exit; fi
mkdir -p "$3/eval"
seed=$(sed -n 's/.*"seed": "\([0-9]*\)".*/\1/p' "$3/point.json")
figures="{\"det_auroc\":0.$seed,\"aupro\":0.5,\"sha256\":\"\"}"
sum=$(printf %s "$figures" | sha256sum | cut -c1-64)
echo "${figures%\"\"\}}\"$sum\"}" >"$3/eval/metrics.json.part"
mv "$3/eval/metrics.json.part" "$3/eval/metrics.json"
`

// simulate makes a cluster whose commands come first on the PATH.
func simulate(t *testing.T, slots int) (program, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := (&simulation{dir: dir, Slots: slots}).write(); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(dir, "msflow")
	for name, text := range map[string]string{
		"sbatch": fmt.Sprintf("#!/bin/sh\n%s=%s exec %s sbatch \"$@\"\n", asSlurm, quoted(dir), quoted(self)),
		"squeue": fmt.Sprintf("#!/bin/sh\n%s=%s exec %s squeue \"$@\"\n", asSlurm, quoted(dir), quoted(self)),
		"msflow": trainer,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return program, dir
}

// A thousand points (sixty without MSFLOW_SLOW) of recorded durations on twenty slots, of which every eighth task goes wrong and the
// controller does not always answer: the table arrives complete, with the figures of every point in its place.
func TestSimulatedCluster(t *testing.T) {
	seeds := 6
	if os.Getenv("MSFLOW_SLOW") != "" {
		seeds = 100
	}
	program, dir := simulate(t, 20)
	grid := Grid{"class": {"a", "b", "c", "d", "e"}, "model": {"msflow", "padim"}, "seed": {}}
	for seed := range seeds {
		grid["seed"] = append(grid["seed"], 100+seed)
	}
	var log strings.Builder
	s := New(filepath.Join(dir, "sweep"), grid)
	s.Log = &log
	s.Engine = &Slurm{Program: program, Poll: time.Millisecond, Note: func(line string) { log.WriteString(line + "\n") }}
	if err := s.Run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	table, err := s.Table()
	if err != nil || table.Missing != 0 || len(table.Seeds) != seeds {
		t.Fatalf("%+v, %v", table, err)
	}
	for _, row := range table.Rows {
		for _, column := range table.Columns {
			for i, v := range table.Cell(row, column) {
				if want, _ := strconv.ParseFloat("0."+table.Seeds[i], 64); v[0] != want || !math.IsNaN(v[1]) {
					t.Errorf("%s %s of seed %s: %v", row, column, table.Seeds[i], v)
				}
			}
		}
	}
	var state simulation
	if err := readState(dir, &state); err != nil {
		t.Fatal(err)
	}
	tasks, starts := 0, 0
	for _, job := range state.Jobs {
		if job.After == 0 {
			tasks += len(job.Tasks)
			for _, one := range job.Tasks {
				starts += one.Starts
			}
		}
	}
	if tasks <= len(s.Plan.Points) || starts <= tasks {
		t.Errorf("%d tasks, started %d times: nothing went wrong", tasks, starts)
	}
	t.Logf("%d points, %d tasks started %d times in %d jobs: %.1f h of the cluster's clock", len(s.Plan.Points), tasks, starts, len(state.Jobs), state.Clock/3600)
}

// readState reads what the simulated cluster keeps.
func readState(dir string, into *simulation) error {
	text, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// Slurm takes no array of more than a thousand tasks unless it is told so.
func TestLongPlansAreSeveralArrays(t *testing.T) {
	program, dir := simulate(t, 1)
	var points []Point
	for i := range 1001 {
		points = append(points, flags("seed", strconv.Itoa(i)))
	}
	s := &Slurm{Program: program}
	if err := s.Submit(t.Context(), Folder(filepath.Join(dir, "sweep")), points); err != nil {
		t.Fatal(err)
	}
	var state simulation
	if err := readState(dir, &state); err != nil {
		t.Fatal(err)
	}
	if len(state.Jobs) != 4 || len(state.Jobs[0].Tasks) != 1000 || len(state.Jobs[2].Tasks) != 1 || state.Jobs[3].After != 3 {
		t.Errorf("%d jobs", len(state.Jobs))
	}
}
