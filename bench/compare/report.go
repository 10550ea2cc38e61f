package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results is what cpu.json holds: of each case all rounds, each with the timings of every side.
type results struct {
	Machine machine                        `json:"machine"`
	Rounds  map[string][]map[side][]timing `json:"rounds"`
}

// machine is where and with what was measured.
type machine struct {
	Processor string  `json:"processor"`
	CPUs      int     `json:"cpus"`
	Threads   int     `json:"threads"`
	System    string  `json:"system"`
	Go        string  `json:"go"`
	Commit    string  `json:"commit"`
	Date      string  `json:"date"`
	Calm      float64 `json:"calm"` // greatest share of the machine that others may use in a round
	Note      string  `json:"note,omitempty"`
}

func describe(o options) machine {
	m := machine{Processor: "unknown", CPUs: runtime.NumCPU(), Threads: o.threads, Calm: o.calm, Note: o.note, System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly)}
	info, _ := os.ReadFile("/proc/cpuinfo")
	field := func(name string) string {
		if f := regexp.MustCompile(name + `\s*: (.*)`).FindSubmatch(info); f != nil {
			return string(f[1])
		}
		return "?"
	}
	if info != nil {
		m.Processor = fmt.Sprintf("%s (family %s, model %s)", field("model name"), field("cpu family"), field("model"))
	}
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	m.Commit = strings.TrimSpace(string(commit))
	return m
}

// load reads earlier results if they are to be kept.
func load(path string, keep bool) (*results, error) {
	r := &results{Rounds: map[string][]map[side][]timing{}}
	if !keep {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return r, nil
}

// save writes both files.
func (r *results) save(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		err = os.WriteFile(path+".json", append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.WriteFile(path+".md", []byte(r.markdown()), 0o644)
	}
	return err
}

// row is a line of the table.
type row struct {
	name           string
	bar            float64
	times          map[side][]timing // of all rounds
	plain, mallocs ratios
}

// rows lists what the rounds of all cases measured.
func (r *results) rows() []row {
	var out []row
	for _, c := range cases {
		rounds := r.Rounds[c.name]
		if len(rounds) == 0 {
			continue
		}
		for i, first := range rounds[0][ours] {
			x := row{name: strings.TrimSpace(c.name + " " + first.Pass), times: map[side][]timing{}}
			x.bar = c.bar[x.name]
			for _, round := range rounds {
				for s, t := range round {
					x.times[s] = append(x.times[s], t[i])
				}
			}
			x.plain, x.mallocs = x.against(peer), x.against(tuned)
			out = append(out, x)
		}
	}
	return out
}

// ratios are how many times longer the other side took: in a round of least, median and greatest ratio, in the best times
// of all rounds, and in the least processor time of all rounds.
type ratios struct{ least, median, most, best, processor float64 }

func (x row) against(other side) ratios {
	var v []float64
	for i, t := range x.times[other] {
		v = append(v, t.Median/x.times[ours][i].Median)
	}
	slices.Sort(v)
	least := func(t timing) float64 { return t.Min }
	used := func(t timing) float64 { return t.Processor }
	return ratios{v[0], median(v), v[len(v)-1], x.least(other, least) / x.least(ours, least), x.least(other, used) / x.least(ours, used)}
}

// least is the smallest of one number of a side's timings.
func (x row) least(s side, value func(timing) float64) float64 {
	best := math.Inf(1)
	for _, t := range x.times[s] {
		best = min(best, value(t))
	}
	return best
}

// median of sorted values.
func median(v []float64) float64 { return (v[(len(v)-1)/2] + v[len(v)/2]) / 2 }

// of is the median over the rounds of one number of a side's timings.
func (x row) of(s side, value func(timing) float64) float64 {
	var v []float64
	for _, t := range x.times[s] {
		v = append(v, value(t))
	}
	slices.Sort(v)
	return median(v)
}

func (q ratios) String() string {
	return fmt.Sprintf("%.2f–**%.2f**–%.2f | %.2f | %.2f", q.least, q.median, q.most, q.best, q.processor)
}

const explanation = `
Every round runs one process of each side after the other, with the same shapes, threads and random data; a process's time is the
median of its repetitions. *Ratio* is PyTorch's time over ours in a round: least, **median** and greatest of all rounds, then
that of the shortest times of all rounds ("best") and of the least processor time of all threads ("processor"), which hardly
depends on what else runs but, with several threads, counts also the time that they wait for one another. "PyTorch" is as its users run it, "PyTorch, malloc" with
%s. Rounds in which other
programs used more than %.0f %% of the machine during one of the processes, its start on one thread included, were dropped. %s GFLOP/s count a convolution by its definition
(Winograd's filtering needs fewer), and are those of the median round; "peak" is what this program's matrix kernels reach on data in
the first-level cache in the same process. Memory is the most a process had resident, libraries and input included, and in brackets
what that grew by from the first step on.
`

// markdown is the report.
func (r *results) markdown() string {
	var b strings.Builder
	m, all := r.Machine, r.rows()
	fmt.Fprintf(&b, "# CPU speed beside PyTorch\n\n%s, %d CPUs, %s, %d threads; %s; commit %s, %s.", m.Processor, m.CPUs, m.System, m.Threads, m.Go, m.Commit, m.Date)
	if len(all) > 0 {
		fmt.Fprintf(&b, " Kernels: %s against %s.", all[0].times[ours][0].Kernel, all[0].times[peer][0].Kernel)
	}
	fmt.Fprintf(&b, "\n"+explanation, "`"+strings.Join(tunedMalloc, " ")+"`", 100*m.Calm, m.Note)
	fmt.Fprint(&b, "\n| | rounds | ratio to PyTorch | best | processor | ratio to PyTorch, malloc | best | processor | wanted |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, x := range all {
		bar := ""
		if x.bar > 0 {
			bar = fmt.Sprintf("%.1f", x.bar)
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s |\n", x.name, len(x.times[ours]), x.plain, x.mallocs, bar)
	}
	fmt.Fprint(&b, "\n| | images/s | PyTorch | with malloc | GFLOP/s | PyTorch | with malloc | peak | share of peak | MiB | PyTorch | with malloc |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, x := range all {
		fmt.Fprintf(&b, "| %s", x.name)
		for _, s := range []side{ours, peer, tuned} {
			fmt.Fprintf(&b, " | %.4g", x.of(s, func(t timing) float64 { return t.Images }))
		}
		for _, s := range []side{ours, peer, tuned} {
			fmt.Fprintf(&b, " | %.0f", x.of(s, func(t timing) float64 { return t.GFLOPS }))
		}
		fmt.Fprintf(&b, " | %.0f | %.0f %%", x.of(ours, func(t timing) float64 { return t.PeakGFLOPS }), 100*x.of(ours, func(t timing) float64 { return t.GFLOPS / t.PeakGFLOPS }))
		for _, s := range []side{ours, peer, tuned} {
			fmt.Fprintf(&b, " | %.0f (%.0f)", x.of(s, func(t timing) float64 { return float64(t.PeakBytes) })/(1<<20),
				x.of(s, func(t timing) float64 { return float64(t.PeakBytes - t.StartBytes) })/(1<<20))
		}
		fmt.Fprint(&b, " |\n")
	}
	return b.String()
}
