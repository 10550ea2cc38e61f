package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/spf13/pflag"
)

// refuse runs a command that has to fail, and looks for words in what it says.
func refuse(t *testing.T, words []string, args ...string) (log string) {
	t.Helper()
	_, log, code := msflow(t, args...)
	if code != exitError {
		t.Fatalf("msflow %s: exit code %d\n%s", strings.Join(args, " "), code, log)
	}
	for _, word := range words {
		if !strings.Contains(log, word) {
			t.Errorf("msflow %s does not say %q:\n%s", strings.Join(args, " "), word, log)
		}
	}
	return log
}

// interrupted trains until the log has the given number of epochs and then stops the program as Ctrl-C does.
func interrupted(t *testing.T, folder string, epochs int, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	root := rootCommand()
	root.SetArgs(append([]string{"train", "--out", folder}, args...))
	stop := &stopAfter{text: fmt.Sprintf("epoch %d/", epochs), cancel: cancel}
	root.SetErr(stop)
	root.SetOut(stop)
	if err := root.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the training was not interrupted: %v\n%s", err, stop.all.String())
	}
}

// stopAfter calls cancel when a text has been written.
type stopAfter struct {
	mu     sync.Mutex
	all    bytes.Buffer
	text   string
	cancel func()
}

func (s *stopAfter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all.Write(p)
	if s.cancel != nil && strings.Contains(s.all.String(), s.text) {
		s.cancel()
		s.cancel = nil // a second signal may find nobody who waits for it, and ends the test
	}
	return len(p), nil
}

var small = []string{"--dataset", "synthetic", "--size", "64", "--counts", "12,4,6", "--epochs", "6", "--lr", "1e-3", "--cond", "8", "--seed", "3"}

// content reads all files of a run but those that hold times.
func content(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == runs.LockName || e.Name() == "log.jsonl" {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(folder, path)
		out[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameContent(t *testing.T, what string, a, b map[string]string) {
	t.Helper()
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s: %s differs (%d and %d bytes)", what, name, len(a[name]), len(b[name]))
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s: %s is new", what, name)
		}
	}
}

// TestResumeTakesEverythingFromTheRun: a plain --resume goes on with the model, the patience and the held-out share of the run
// to the same bytes as a training that was not interrupted, although none of the flags is repeated.
func TestResumeTakesEverythingFromTheRun(t *testing.T) {
	dir := t.TempDir()
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	flags := append([]string{"--clamp", "0.7", "--top-k", "0.5", "--pool", "max", "--blocks", "1,1,2", "--hold-out", "0.25", "--patience", "5", "--judge-every", "2"}, small...)
	must(t, append([]string{"train", "--out", whole}, flags...)...)
	interrupted(t, parts, 3, flags...)
	if runs.Exists(runs.Folder(parts).Detector()) {
		t.Fatal("there is a detector already; this test shows nothing")
	}
	if lines := logLines(t, parts); len(lines) < 2 || !runs.Exists(filepath.Join(parts, "training.png")) {
		t.Errorf("while it trains there are %d epochs in the log, and curves: %v", len(lines), runs.Exists(filepath.Join(parts, "training.png")))
	}
	must(t, "train", "--out", parts, "--resume")
	sameContent(t, "resumed", content(t, whole), content(t, parts))
	for _, part := range []string{whole, parts} {
		if lines := logLines(t, part); len(lines) != 6 || lines[5].Epoch.Epoch != 6 || lines[5].Seconds == 0 || lines[0].Seconds == 0 {
			t.Errorf("the log of %s: %+v", part, lines)
		}
	}
	must(t, "train", "--out", parts, "--resume") // a training that has ended ends again
	sameContent(t, "resumed at its end", content(t, whole), content(t, parts))
}

func logLines(t *testing.T, folder string) (lines []runs.LogLine) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var l runs.LogLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// TestResumeNamesTheFlagThatContradicts goes through all flags of train, so that a new one needs no row.
func TestResumeNamesTheFlagThatContradicts(t *testing.T) {
	folder := smallRun(t)
	info, err := runs.Folder(folder).ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	var f trainFlags
	checked := 0
	runFlags(f.command(), func(flag *pflag.Flag) {
		if _, kept := info.Flags[flag.Name]; !kept {
			t.Errorf("run.json does not hold --%s", flag.Name)
		}
		if flags.Marked(flag, flags.OfPlace) || flags.Marked(flag, flags.IsPath) || flags.Marked(flag, flags.MayGrow) {
			return
		}
		for _, other := range []string{"7", "0.125", "true", "text"} { // the first that the flag takes and does not have
			var g trainFlags
			cmd := g.command()
			if cmd.Flags().Set(flag.Name, other) != nil || cmd.Flags().Lookup(flag.Name).Value.String() == info.Flags[flag.Name] {
				continue
			}
			err := flagValues(info.Flags).apply(cmd, runs.Folder(folder))
			if err == nil || !strings.Contains(err.Error(), "--"+flag.Name+" "+other) {
				t.Errorf("--%s %s: %v", flag.Name, other, err)
			}
			checked++
			return
		}
		t.Errorf("no other value for --%s", flag.Name)
	})
	if checked < 15 {
		t.Errorf("only %d flags were tried", checked)
	}
	refuse(t, []string{"--clamp 1.5", "--clamp 1.9"}, "train", "--out", folder, "--resume", "--clamp", "1.5")
	refuse(t, []string{"--epochs 3"}, "train", "--out", folder, "--resume", "--epochs", "3")
	must(t, "train", "--out", folder, "--resume", "--epochs", "7", "--blocks", "1,1,2")
	if lines := logLines(t, folder); len(lines) != 7 {
		t.Errorf("%d epochs after --epochs 7", len(lines))
	}
}

// TestFilesOfDifferentRunsAreRefused puts the parts of two runs together that fit each other in every shape.
func TestFilesOfDifferentRunsAreRefused(t *testing.T) {
	a, b := smallRun(t), smallRun(t, "--seed", "4", "--class", "tile")
	must(t, "eval", a, "--maps=false", "--rows", "0")
	move := func(name string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(b, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(a, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	images := exportTestImages(t, a)
	move("checkpoint.safetensors")
	refuse(t, []string{"checkpoint.safetensors", "belongs to the run"}, "train", "--out", a, "--resume")
	move("detector.safetensors")
	refuse(t, []string{"detector.safetensors", "run.json", "do not belong together"}, "eval", a)
	refuse(t, []string{"do not belong together"}, "predict", a, images, "--out", filepath.Join(t.TempDir(), "p"))
	move("run.json")
	_, log, code := msflow(t, "predict", a, images, "--out", filepath.Join(t.TempDir(), "p"), "--maps=false")
	if code != 0 || !strings.Contains(log, "of another detector") {
		t.Errorf("an old test's threshold: exit code %d\n%s", code, log)
	}
	if !strings.Contains(log, "one normal image in a hundred") { // the detector's own threshold
		t.Errorf("predict judges by the threshold of another detector:\n%s", log)
	}
}

// TestDamagedRunIsNoticed: every value in run.json matters, so an edited one is refused.
func TestDamagedRunIsNoticed(t *testing.T) {
	folder := smallRun(t)
	path := runs.Folder(folder).InfoFile()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(`"lr": "0.001"`), []byte(`"lr": "0.002"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{"run.json", "checksum"}, "train", "--out", folder, "--resume")
	refuse(t, []string{"run.json", "checksum"}, "eval", folder)
}

// TestOverwriteReplacesAtTheFirstCheckpoint: until then the old run is as it was, and at no time are the two mixed.
func TestOverwriteReplacesAtTheFirstCheckpoint(t *testing.T) {
	folder := smallRun(t)
	must(t, "eval", folder, "--maps=false", "--rows", "0")
	before := content(t, folder)
	interruptedAt(t, "features:", folder, append([]string{"--overwrite", "--clamp", "1.2", "--blocks", "1,1,2"}, small...)...)
	must(t, "eval", folder, "--maps=false", "--rows", "0")
	sameContent(t, "before the first checkpoint", before, content(t, folder))

	interrupted(t, folder, 2, append([]string{"--overwrite", "--clamp", "1.2", "--blocks", "1,1,2"}, small...)...)
	now := content(t, folder)
	for _, name := range []string{"detector.safetensors", "eval/metrics.json"} {
		if _, ok := now[name]; ok {
			t.Errorf("%s of the old run stands beside the new run's checkpoint", name)
		}
	}
	refuse(t, []string{"has not ended", "--resume"}, "eval", folder)
	must(t, "train", "--out", folder, "--resume")
	must(t, "eval", folder, "--maps=false", "--rows", "0")
	fresh := smallRun(t, "--clamp", "1.2")
	must(t, "eval", fresh, "--maps=false", "--rows", "0")
	sameContent(t, "replaced", content(t, fresh), content(t, folder))
}

// interruptedAt trains until a text appears in the log, and looks that nothing but that happened.
func interruptedAt(t *testing.T, text, folder string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	root := rootCommand()
	root.SetArgs(append([]string{"train", "--out", folder}, args...))
	stop := &stopAfter{text: text, cancel: cancel}
	root.SetErr(stop)
	root.SetOut(stop)
	if err := root.ExecuteContext(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the training was not interrupted: %v\n%s", err, stop.all.String())
	}
}

// TestSettleCanBeStoppedAnywhere stops the replacement of a run before each of its steps and calls it again.
func TestSettleCanBeStoppedAnywhere(t *testing.T) {
	old := []string{"run.json", "log.jsonl", "eval/metrics.json", "detector.safetensors", "checkpoint.safetensors"}
	fresh := []string{"run.json", "log.jsonl", "checkpoint.safetensors"}
	for steps := range len(runs.Files) + len(fresh) + 1 {
		folder := runs.Folder(t.TempDir())
		for _, name := range old {
			put(t, folder.File(name), "old")
		}
		for _, name := range fresh {
			put(t, folder.Next().File(name), "new")
		}
		settlePartly(t, folder, steps)
		if err := folder.Settle(); err != nil {
			t.Fatal(err)
		}
		got := content(t, string(folder))
		log, err := os.ReadFile(folder.File("log.jsonl"))
		if len(got) != 2 || got["run.json"] != "new" || got["checkpoint.safetensors"] != "new" || string(log) != "new" || err != nil {
			t.Errorf("stopped before step %d: %v, log %q (%v)", steps, got, log, err)
		}
	}
}

// settlePartly takes the first steps of settle, in its order.
func settlePartly(t *testing.T, folder runs.Folder, steps int) {
	t.Helper()
	for _, name := range runs.Files[1:] {
		if steps--; steps < 0 {
			return
		}
		if err := os.RemoveAll(folder.File(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range runs.Files {
		if !runs.Exists(folder.Next().File(name)) {
			continue
		}
		if steps--; steps < 0 {
			return
		}
		if err := os.Rename(folder.Next().File(name), folder.File(name)); err != nil {
			t.Fatal(err)
		}
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestSecondProcessIsToldWhoHasTheFolder, and what a killed one left behind is swept.
func TestSecondProcessIsToldWhoHasTheFolder(t *testing.T) {
	folder := smallRun(t)
	part := filepath.Join(folder, ".checkpoint.safetensors.123.part")
	put(t, part, "half")
	release, err := runs.Lock(folder, "train")
	if err != nil {
		t.Fatal(err)
	}
	if runs.Exists(part) {
		t.Error("an unfinished file was not swept")
	}
	host, _ := os.Hostname()
	words := []string{folder, fmt.Sprintf("process %d on %s", os.Getpid(), host), "msflow train", time.Now().Format("15:0")[:3]}
	refuse(t, words[:3], "train", "--out", folder, "--resume")
	refuse(t, words[:3], "train", "--out", folder, "--overwrite")
	refuse(t, words[:3], "eval", folder)
	refuse(t, words[:3], "calibrate", folder)
	release()
	must(t, "eval", folder, "--maps=false", "--rows", "0")
}

// TestZeroAndNoNumberAreRefused: a zero must not quietly be the default.
func TestZeroAndNoNumberAreRefused(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	for _, bad := range [][2]string{{"--lr", "0"}, {"--lr", "nan"}, {"--lr", "inf"}, {"--lr", "-1"}, {"--clamp", "0"}, {"--clamp", "nan"}, {"--top-k", "0"},
		{"--cond", "0"}, {"--hold-out", "nan"}, {"--patience", "-1"}, {"--judge-every", "-1"}, {"--epochs", "0"}, {"--batch", "99999999999"},
		{"--scales", "0,0"}, {"--scales", "x"}, {"--blocks", "0"}, {"--pool", "x"}, {"--cond", "7"}, {"--subnet", "x"},
		{"--recipe", "x"}, {"--score", "x"}, {"--padding", "x"}, {"--model", "x"}, {"--backbone", "x"}, {"--top-k", "2"}, {"--cache-mb", "-1"},
		{"--noise", "1e30"}, {"--noise", "nan"}, {"--lr", "1e30"}, {"--lr", "1e-300"}, {"--epochs", "2000000000"}, {"--clamp", "1e30"}, {"--cond", "1000000000"},
		{"--blocks", "1000000"}, {"--hold-out", "1e30"}, {"--levels", "100000"}} {
		refuse(t, []string{bad[0]}, append([]string{"train", "--out", folder, bad[0], bad[1]}, "--dataset", "synthetic", "--size", "64", "--counts", "4,1,1")...)
	}
	refuse(t, []string{"--out"}, "train", "--out", "")
	if runs.Exists(folder) {
		t.Error("a folder was made for a run that was refused")
	}
	refuse(t, []string{"--weights " + os.DevNull}, "train", "--out", folder, "--weights", os.DevNull, "--size", "64", "--counts", "4,1,1")
}

// TestFlagsOfOtherModelsAreRefused: a flag that says nothing to the model must not be taken in silence.
func TestFlagsOfOtherModelsAreRefused(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	for model, flags := range map[string][]string{
		"patchcore": {"--recipe=paper", "--epochs=5", "--batch=4", "--lr=0.1", "--blocks=1", "--cond=8", "--patience=2", "--judge-every=2", "--noise=1", "--width=2"},
		"padim":     {"--coreset=0.5", "--no-fusion"},
		"fastflow":  {"--recipe=paper", "--score=surprise", "--subnet=conv", "--coreset=0.5"},
		"msflow":    {"--width=2", "--coreset=0.5"},
	} {
		for _, flag := range flags {
			name, _, _ := strings.Cut(flag, "=")
			refuse(t, []string{name + " says nothing to --model " + model}, "train", "--out", folder, "--model", model, flag, "--counts", "4,1,1", "--size", "64")
		}
	}
}

// writePictures makes n different grey pictures.
func writePictures(t *testing.T, dir string, from, to int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		m := image.NewGray(image.Rect(0, 0, 64, 64))
		for y := range 64 {
			for x := range 64 {
				m.SetGray(x, y, color.Gray{uint8(100 + 7*((x*(i+3)+y)%11) + i)})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDivisionOfTheRunOutlastsTheFolder: one more file must not bring training images into the test, and files that were
// changed or removed are named. The paths in run.json are relative to the run.
func TestDivisionOfTheRunOutlastsTheFolder(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writePictures(t, "data/good", 0, 20)
	writePictures(t, "data/bad", 100, 104)
	must(t, "train", "--dataset", "folder", "--data", "data", "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8", "--out", "runs/a")
	scored := func() []string {
		t.Helper()
		must(t, "eval", filepath.Join(dir, "runs/a"), "--maps=false", "--rows", "0")
		var names []string
		for _, row := range readCSV(t, filepath.Join(dir, "runs/a/eval/scores.csv"))[1:] {
			names = append(names, row[0])
		}
		slices.Sort(names)
		return names
	}
	before := scored()
	writePictures(t, "data/good", 20, 21)
	if err := os.Rename("data/good/020.png", "data/good/0031.png"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // the data are found from the run
	if now := scored(); !slices.Equal(before, now) {
		t.Errorf("one more file: tested %v, now %v", before, now)
	}
	t.Chdir(dir)
	info, err := runs.Folder("runs/a").ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Flags["data"]; got != "../../data" {
		t.Errorf("run.json has --data %s", got)
	}
	test, trained := info.Data.Test[0].Name, info.Data.Train[0].Name
	put(t, filepath.Join("data", trained), readText(t, "data/good/0031.png"))
	refuse(t, []string{trained, "changed"}, "train", "--out", "runs/a", "--resume")
	if err := os.Remove(filepath.Join("data", test)); err != nil {
		t.Fatal(err)
	}
	refuse(t, []string{test, "missing", "--changed"}, "eval", "runs/a")
	must(t, "eval", "runs/a", "--changed", "--maps=false", "--rows", "0")
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
