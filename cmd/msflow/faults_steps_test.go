package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/durable"
)

// stepwise is a command that writes into a folder of its own.
type stepwise struct {
	name    string
	prepare func(t *testing.T, folder string)
	args    func(folder string) []string
	again   func(folder string) []string // after a fault; nil: args
	check   func(t *testing.T, what string, before, now, whole map[string]string)
}

// disk refuses one step and counts them all.
type disk struct {
	refuse int
	why    error
	steps  []string
}

func (d *disk) step(step durable.Step, path string) error {
	d.steps = append(d.steps, string(step)+" "+regexp.MustCompile(`\.\d+\.part$`).ReplaceAllString(filepath.Base(path), ""))
	if len(d.steps)-1 == d.refuse {
		return d.why
	}
	return nil
}

// onDisk runs a command on a disk and gives its code and its words.
func onDisk(t *testing.T, d *disk, args []string) (log string, code int) {
	t.Helper()
	defer durable.Inject(d.step)()
	_, log, code = msflow(t, args...)
	return log, code
}

var stepping = []string{"--dataset", "synthetic", "--size", "32", "--counts", "4,2,2", "--epochs", "2", "--lr", "1e-3", "--blocks", "1,1,1", "--cond", "8", "--seed", "3"}

// TestFaultsSteps refuses every step by which train, eval, calibrate, predict and export write, one in each try, of those that are of
// one kind only the first unless MSFLOW_SLOW is set. The command fails and says so, what was whole before is whole
// after, and repeating it comes to the bytes of an undisturbed one.
func TestFaultsSteps(t *testing.T) {
	dir := t.TempDir()
	ref, images := filepath.Join(dir, "ref"), filepath.Join(dir, "images")
	writePictures(t, images, 100, 102)
	must(t, append([]string{"train", "--out", ref}, stepping...)...)
	inRun := func(t *testing.T, folder string) { copyFolder(t, ref, folder) }
	for _, c := range []stepwise{
		{name: "train", args: func(f string) []string { return append([]string{"train", "--out", f}, stepping...) },
			again: func(f string) []string {
				if runs.Exists(runs.Folder(f).Checkpoint()) {
					return []string{"train", "--out", f, "--resume"}
				}
				return append([]string{"train", "--out", f}, stepping...)
			}, check: wholeIf("detector.safetensors", "detector.safetensors")},
		{name: "eval", prepare: inRun, args: func(f string) []string { return []string{"eval", f, "--rows", "0", "--maps=false"} },
			check: wholeIf("eval/metrics.json", "")},
		{name: "calibrate", prepare: inRun, args: func(f string) []string { return []string{"calibrate", f, images} }, check: oldOrWhole},
		{name: "predict", args: func(f string) []string {
			return []string{"predict", ref, images, "--out", f, "--maps=false", "--overwrite"}
		},
			check: wholeIf("scores.json", "")},
		{name: "export", args: func(f string) []string {
			return []string{"export", ref, "-o", filepath.Join(f, "d.onnx"), "--overwrite"}
		},
			prepare: func(t *testing.T, f string) {
				if err := os.Mkdir(f, 0o755); err != nil {
					t.Fatal(err)
				}
			}, check: oldOrWhole},
		{name: "export --go", args: func(f string) []string { return []string{"export", ref, "--go", f, "--overwrite"} }, check: oldOrWhole},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, dir) })
	}
}

func (c stepwise) run(t *testing.T, dir string) {
	folder := filepath.Join(t.TempDir(), "folder")
	begin := func() (before map[string]string) {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if c.prepare != nil {
			c.prepare(t, folder)
		}
		return contentOrNone(t, folder)
	}
	begin()
	smooth := &disk{refuse: -1}
	if log, code := onDisk(t, smooth, c.args(folder)); code != 0 {
		t.Fatalf("undisturbed: exit code %d\n%s", code, log)
	}
	whole, seen, tried := contentOrNone(t, folder), map[string]bool{}, 0
	if len(smooth.steps) < 5 {
		t.Fatalf("it asks of %d steps only: %q", len(smooth.steps), smooth.steps)
	}
	for i, step := range smooth.steps {
		kind := step[:strings.LastIndex(step, " ")]
		if seen[kind] && os.Getenv("MSFLOW_SLOW") == "" {
			continue
		}
		seen[kind] = true
		tried++
		before, why := begin(), []error{syscall.ENOSPC, syscall.EIO}[tried%2]
		what := fmt.Sprintf("step %d, %s: %v", i, step, why)
		log, code := onDisk(t, &disk{refuse: i, why: why}, c.args(folder))
		if code != exitError || !strings.Contains(log, why.Error()) {
			t.Errorf("%s: exit code %d\n%s", what, code, log)
		}
		now := contentOrNone(t, folder)
		for name := range now {
			if strings.HasSuffix(name, ".part") {
				t.Errorf("%s: %s is left behind", what, name)
			}
		}
		c.check(t, what, before, now, whole)
		again := c.again
		if again == nil {
			again = c.args
		}
		if _, log, code := msflow(t, again(folder)...); code != 0 {
			t.Errorf("%s: repeated, exit code %d\n%s", what, code, log)
		}
		sameContent(t, what+": repeated", whole, contentOrNone(t, folder))
	}
	report(t, "| %s: each step of writing refused once | %d of %d steps | named; nothing half-written, repeated to identical bytes |", c.name, tried, len(smooth.steps))
}

// wholeIf expects that where the file is there that comes last, all are (or the one named), as an undisturbed command writes them.
func wholeIf(last, only string) func(t *testing.T, what string, before, now, whole map[string]string) {
	return func(t *testing.T, what string, before, now, whole map[string]string) {
		t.Helper()
		if _, there := now[last]; !there {
			return
		}
		if only != "" {
			now, whole = map[string]string{only: now[only]}, map[string]string{only: whole[only]}
		}
		sameContent(t, what, whole, now)
	}
}

// oldOrWhole expects a folder as it was or as an undisturbed command leaves it.
func oldOrWhole(t *testing.T, what string, before, now, whole map[string]string) {
	t.Helper()
	if !maps.Equal(now, before) {
		sameContent(t, what, whole, now)
	}
}

func contentOrNone(t *testing.T, folder string) map[string]string {
	t.Helper()
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	all := content(t, folder)
	for name := range all {
		all[name] = created.ReplaceAllString(all[name], `"$1": 0`)
	}
	return all
}
