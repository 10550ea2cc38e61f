package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
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
	if !strings.Contains(table, "1 points of the sweep have no figures") || !strings.Contains(table, "| gear |") || !strings.Contains(table, "padim: AUPRO") {
		t.Error(table)
	}
	if err := os.WriteFile(file, []byte(simpleSweep), 0o666); err != nil {
		t.Fatal(err)
	}
	_, log, code = msflow(t, "sweep", file)
	if code != 0 || !strings.Contains(log, "4 of them complete") || strings.Contains(log, "begins") {
		t.Errorf("exit code %d\n%s", code, log)
	}
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

func TestSweepRefusesPlans(t *testing.T) {
	file, _ := writePlan(t, "grid:\n  seed: [1, x]\n  blocs: 2\n  out: a\n")
	_, log, code := msflow(t, "sweep", file)
	for _, want := range []string{"plan.yaml:2: seed:", "plan.yaml:3: blocs: msflow train has no flag of this name", "plan.yaml:4: out:"} {
		if code != 1 || !strings.Contains(log, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, log)
		}
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
	cmd := exec.Command(os.Args[0], "sweep", file, "--out", other)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read, err := sweep.Parse(file, []byte(plan), checkTrainFlag)
	if err != nil {
		t.Fatal(err)
	}
	for sweep.Folder(other).State(read.Points[0]) == sweep.Waiting {
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("exit code %d\n%s", cmd.ProcessState.ExitCode(), log.String())
	}
	if s := sweep.Folder(other).State(read.Points[0]); s != sweep.Begun {
		t.Errorf("it is %v\n%s", s, log.String())
	}
	must(t, "sweep", file, "--out", other)
	if got := must(t, "table", other, "--format", "csv"); got != want || !strings.Contains(got, ",best,") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	must(t, "table", other, "--figures", other)
	if rows := readCSV(t, filepath.Join(other, "learning.csv")); len(rows) != 1+24+3*2 {
		t.Errorf("the learning curves have %d rows", len(rows))
	}
}
