package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/msflow-go/msflow/lib/sweep"
)

func writePlan(t *testing.T, text string) (file, folder string) {
	t.Helper()
	t.Setenv(asProgram, "1") // what a sweep starts is this test binary
	file = filepath.Join(t.TempDir(), "plan.yaml")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return file, strings.TrimSuffix(file, ".yaml")
}

const simpleSweep = `
grid:
  class: [gear, fabric]
  model: [gaussian, padim]
  counts: "8,4,4"
flags: {size: 64, seed: 3}
`

// A point that fails does not stop the others; the next sweep trains what is missing and leaves the rest alone.
func TestSweep(t *testing.T) {
	file, folder := writePlan(t, simpleSweep+"points:\n  - {dataset: folder, data: /nowhere, model: gaussian}\n")
	if out := must(t, "sweep", "--dry-run", file); strings.Count(out, "waiting") != 5 {
		t.Error(out)
	}
	_, log, code := msflow(t, "sweep", file)
	if code != 1 || !strings.Contains(log, "/nowhere") || !strings.Contains(log, "1 of 5 points failed") {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	table := must(t, "table", folder)
	if !strings.Contains(table, "1 point of the sweep has no figures") || !strings.Contains(table, "| gear |") || !strings.Contains(table, "padim: AUPRO") {
		t.Error(table)
	}
	if err := os.WriteFile(file, []byte(simpleSweep), 0o666); err != nil {
		t.Fatal(err)
	}
	_, log, code = msflow(t, "sweep", file)
	if code != 0 || !strings.Contains(log, "4 of them complete") || strings.Contains(log, "begins") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	checkEstimates(t, file, folder)
	latex, figures := filepath.Join(folder, "table.tex"), filepath.Join(folder, "figures")
	_, log, code = msflow(t, "table", folder, "--format", "latex", "--out", latex, "--figures", figures)
	if code != 0 || !strings.Contains(log, "note: no learning: ") { // these models are fitted in one go
		t.Errorf("exit code %d\n%s", code, log)
	}
	for _, name := range []string{"ranking_det_auroc.svg", "critical_difference_aupro.png", "ranking_loc_auroc.csv"} {
		if info, err := os.Stat(filepath.Join(figures, name)); err != nil || info.Size() == 0 {
			t.Errorf("no %s: %v", name, err)
		}
	}
	if text, err := os.ReadFile(latex); err != nil || !bytes.HasSuffix(text, []byte("\\end{tabular}\n")) {
		t.Errorf("%s, %v", text, err)
	}
}

// checkEstimates lists a plan that has grown: what is complete took something, what is like it will take as much, and of another model
// nothing is known.
func checkEstimates(t *testing.T, file, folder string) {
	t.Helper()
	grown := filepath.Join(t.TempDir(), "grown.yaml")
	text := simpleSweep + "points:\n  - {class: wood, model: padim, size: 128, counts: \"8,4,4\", seed: 3}\n  - {model: knn}\n"
	if err := os.WriteFile(grown, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	out := must(t, "sweep", "--dry-run", grown, "--out", folder)
	for _, want := range []string{"took ", "(as 2 in this sweep, scaled)", "  unknown\n", "2 points to run: about ", "; 1 more are unknown"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out = must(t, "sweep", "--dry-run", file, "--out", filepath.Join(t.TempDir(), "other"), "--like", folder)
	if strings.Count(out, "(as 2 in "+folder+")") != 4 {
		t.Error(out)
	}
}

// All shards together score what one call does, in its order; an image that cannot be read costs only itself.
func TestSweepScoresShards(t *testing.T) {
	model := filepath.Join(t.TempDir(), "run")
	must(t, "train", "--model", "gaussian", "--counts", "8,4,4", "--size", "64", "--out", model)
	images := exportTestImages(t, model)
	broken := filepath.Join(images, "broken.png")
	if err := os.WriteFile(broken, []byte("none"), 0o666); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "images.txt")
	if err := os.WriteFile(list, []byte(images+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	if _, log, code := msflow(t, "predict", model, images, "--out", whole, "--maps=false"); code != 1 {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	for _, from := range []string{list, images} {
		file, folder := writePlan(t, "predict: {run: "+model+", images: "+from+", shards: 3, maps: false}\n")
		_, log, code := msflow(t, "sweep", file)
		if code != 1 || !strings.Contains(log, "1 of 9 images failed") {
			t.Fatalf("exit code %d\n%s", code, log)
		}
		got, want := readCSV(t, filepath.Join(folder, "scores.csv")), readCSV(t, filepath.Join(whole, "scores.csv"))
		scored := func(rows [][]string, from int) (out []string) {
			for _, r := range rows {
				if r[from+3] != "failed" {
					out = append(out, strings.Join(r[from:], ","))
				}
			}
			return out
		}
		if g, w := scored(got, 1), scored(want, 0); !slices.Equal(g, w) || len(g) != 9 || got[1][0] != model {
			t.Errorf("%q\nwant\n%q", g, w)
		}
	}
	for _, args := range [][]string{{"--shard", "0/3"}, {"--shard", "x"}, {"--shard", "3/3x"}, {"--shard", "1/99", "--list", "/nowhere"}} {
		if _, log, code := msflow(t, append([]string{"predict", model, images, "--out", t.TempDir()}, args...)...); code != 1 || !strings.Contains(log, args[len(args)-2]) {
			t.Errorf("%v: exit code %d\n%s", args, code, log)
		}
	}
}

func TestSweepRefusesPlans(t *testing.T) {
	file, _ := writePlan(t, "grid:\n  seed: [1, x]\n  blocs: 2\n  out: a\n")
	_, log, code := msflow(t, "sweep", file)
	for _, want := range []string{"plan.yaml:2: seed:", "plan.yaml:3: blocs: msflow train has no flag of this name", "plan.yaml:4: out:"} {
		if code != 1 || !strings.Contains(log, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, log)
		}
	}
	file, _ = writePlan(t, "grid:\n  class: gear\n  model: [msflow, padim]\n  epochs: 6\n")
	if _, log, code := msflow(t, "sweep", file); code != 1 || !strings.Contains(log, "plan.yaml:4: epochs: --epochs says nothing to --model padim") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if _, log, code := msflow(t, "table", t.TempDir()); code != 1 || !strings.Contains(log, "no points") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// An interrupted sweep keeps what it did, and comes to the figures of an undisturbed one.
func TestSweepGoesOn(t *testing.T) {
	const plan = `
points:
  - {dataset: synthetic, size: 64, counts: "8,4,4", judge-every: 12, epochs: 24, lr: 1e-3, blocks: "1,1,1", cond: 8, seed: 3, pool: local}
`
	file, folder := writePlan(t, plan)
	must(t, "sweep", file)
	want := must(t, "table", folder, "--format", "csv")

	other := filepath.Join(t.TempDir(), "again")
	read, err := sweep.Parse(file, []byte(plan), sweep.Checks{})
	if err != nil {
		t.Fatal(err)
	}
	interruptBegun(t, file, other, read.Points[0])
	must(t, "sweep", file, "--out", other)
	if got := must(t, "table", other, "--format", "csv"); got != want || !strings.Contains(got, ",best,") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	must(t, "table", other, "--figures", other)
	if rows := readCSV(t, filepath.Join(other, "learning.csv")); len(rows) != 1+24+3*2 {
		t.Errorf("the learning curves have %d rows", len(rows))
	}
}

// interruptBegun starts a sweep and interrupts it when its point has begun and before that is trained. A signal that comes too late, since
// the machine has other things to do, is tried again.
func interruptBegun(t *testing.T, file, folder string, p sweep.Point) {
	t.Helper()
	const tries = 20
	for range tries {
		cmd := exec.Command(os.Args[0], "sweep", file, "--out", folder)
		var log bytes.Buffer
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for sweep.Folder(folder).State(p) == sweep.Waiting && len(ended) == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		err := <-ended
		switch state, code := sweep.Folder(folder).State(p), cmd.ProcessState.ExitCode(); {
		case state == sweep.Begun && code == exitInterrupted:
			return
		case state == sweep.Begun || state == sweep.Waiting || err != nil && code != exitInterrupted:
			t.Fatalf("it is %v, exit code %d\n%s", state, code, log.String())
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("of %d signals none came while the point was trained", tries)
}
