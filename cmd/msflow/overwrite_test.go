package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/spf13/cobra"
)

// output is a file or folder that a command writes.
type output struct {
	flag  string                     // that names it; the command and the flag
	args  func(path string) []string // a call that writes it
	file  string                     // in the folder, which an own file of the user has; "" where path is a file
	end   string                     // of path
	again bool                       // what the command wrote itself is replaced without being asked
}

func (o output) own(path string) string { return filepath.Join(path, o.file) }

// outputs are those of all commands. A row without args is refused by the code of another one.
func outputs(t *testing.T, run string) []output {
	t.Helper()
	images := exportTestImages(t, run)
	book := stored(t, "n := 1", "n")
	data := t.TempDir()
	writePictures(t, filepath.Join(data, "good"), 0, 6)
	writePictures(t, filepath.Join(data, "bad"), 100, 102)
	plan := filepath.Join(t.TempDir(), "plan.yaml")
	put(t, plan, "grid: {seed: [1]}\nflags: {counts: \"4,1,1\", size: 64, epochs: 1, blocks: \"1,1,1\", cond: 8}\n")
	sweep := filepath.Join(t.TempDir(), "sweep")
	must(t, "sweep", plan, "--out", sweep, "--dry-run")
	tiny := []string{"--counts", "4,1,1", "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8"}
	return []output{
		{flag: "train --out", args: func(p string) []string { return append([]string{"train", "--out", p}, tiny...) }, file: "training.png"},
		{flag: "eval --out", args: func(p string) []string { return []string{"eval", run, "--maps=false", "--rows", "0", "--out", p} }, file: "roc.png", again: true},
		{flag: "predict --out", args: func(p string) []string { return []string{"predict", run, images, "--maps=false", "--out", p} }, file: "scores.csv"},
		{flag: "features --out", args: func(p string) []string {
			return []string{"features", "--counts", "4,1,1", "--size", "64", "--cond", "8", "--out", p}
		}},
		{flag: "check --sheet", args: func(p string) []string {
			return []string{"data", "check", "--dataset", "folder", "--data", data, "--size", "64", "--distance", "256", "--sheet", p}
		}, again: true},
		{flag: "run --output", args: func(p string) []string { return []string{"run", book, "-o", p} }, end: ".ipynb", again: true},
		{flag: "export --output", args: func(p string) []string { return []string{"export", book, "-o", p} }, file: "main.go"},
		{flag: "export --output", args: func(p string) []string { return []string{"export", run, "-o", p} }, end: ".onnx"},
		{flag: "export --go"},
		{flag: "table --figures"},
		{flag: "table --out", args: func(p string) []string { return []string{"table", sweep, "--out", p} }},
		{flag: "sweep --out", args: func(p string) []string { return []string{"sweep", plan, "--out", p} }, file: "1.png"},
		{flag: "import --out"},
		{flag: "report --out"},
	}
}

// TestNobodysFilesAreReplaced: what a command has not written itself it leaves alone, whatever the flag that names it. --overwrite
// replaces.
func TestNobodysFilesAreReplaced(t *testing.T) {
	run := smallRun(t)
	all := outputs(t, run)
	for _, o := range all {
		if o.args == nil {
			continue
		}
		if o.file == "" {
			foldersStay(t, o)
		}
		path := filepath.Join(t.TempDir(), "target"+o.end)
		mine := o.own(path)
		put(t, mine, "mine")
		refuse(t, []string{filepath.Base(path)}, o.args(path)...)
		if got := readText(t, mine); got != "mine" {
			t.Errorf("%s: the file was replaced", o.flag)
		}
		if left, _ := os.ReadDir(filepath.Dir(mine)); len(left) != 1 {
			t.Errorf("%s: the refused command left %v", o.flag, left)
		}
		if o.flag != "sweep --out" && o.flag != "table --out" { // a sweep goes on, and a table needs a complete one
			replacedWhenAsked(t, o)
		}
	}
	checkOutputs(t, all)
}

// foldersStay: a folder in the place of a file is said to be one, whatever may be replaced.
func foldersStay(t *testing.T, o output) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target"+o.end)
	put(t, filepath.Join(path, "mine"), "mine")
	for _, args := range [][]string{o.args(path), append(o.args(path), "--overwrite")} {
		_, log, code := msflow(t, args...)
		if code != 1 || !strings.Contains(log, path) || !strings.Contains(log, "folder") || strings.Contains(log, "rename") || strings.Contains(log, "is a directory") {
			t.Errorf("%s: exit code %d\n%s", o.flag, code, log)
		}
	}
	if readText(t, filepath.Join(path, "mine")) != "mine" {
		t.Errorf("%s: the folder was touched", o.flag)
	}
}

// checkOutputs makes sure that every flag that names something to write has a row.
func checkOutputs(t *testing.T, all []output) {
	t.Helper()
	known := map[string]bool{}
	for _, o := range all {
		known[o.flag] = true
	}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, name := range []string{"out", "output", "sheet", "figures", "go"} {
			if cmd.Flags().Lookup(name) != nil && !known[cmd.Name()+" --"+name] {
				t.Errorf("%s --%s has no row here", cmd.Name(), name)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(rootCommand())
}

// replacedWhenAsked: --overwrite replaces, and where nothing but its own result is lost a command needs not be asked.
func replacedWhenAsked(t *testing.T, o output) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "target"+o.end)
	must(t, o.args(path)...)
	if o.again {
		must(t, o.args(path)...)
		return
	}
	refuse(t, []string{"--overwrite"}, o.args(path)...)
	must(t, append(o.args(path), "--overwrite")...)
}

// TestResultsOfTwoRunsAreNotMixed: --out of eval that holds the test of another run, and predict's folder as it is and as a watch
// fills it.
func TestResultsOfTwoRunsAreNotMixed(t *testing.T) {
	a, b := smallRun(t), smallRun(t, "--seed", "4")
	out := filepath.Join(t.TempDir(), "eval")
	must(t, "eval", a, "--maps=false", "--rows", "0", "--out", out)
	refuse(t, []string{"metrics.json", "--overwrite"}, "eval", b, "--maps=false", "--rows", "0", "--out", out)
	must(t, "eval", b, "--maps=false", "--rows", "0", "--out", out, "--overwrite")
	images, predictions := exportTestImages(t, a), filepath.Join(t.TempDir(), "p")
	must(t, "predict", a, images, "--maps=false", "--out", predictions)
	refuse(t, []string{"scores.json"}, "predict", a, "-", "--maps=false", "--out", predictions)
	lines := filepath.Join(t.TempDir(), "p")
	put(t, filepath.Join(lines, "results.jsonl"), "")
	refuse(t, []string{"results.jsonl"}, "predict", a, images, "--maps=false", "--out", lines, "--overwrite")
}

// TestTheNotebookThatWasWorkedOnIsKept: a run replaces what it stored, but not when somebody has changed a cell since.
func TestTheNotebookThatWasWorkedOnIsKept(t *testing.T) {
	book, out := stored(t, "n := 1", "n"), filepath.Join(t.TempDir(), "out.ipynb")
	must(t, "run", book, "-o", out, "-p", "n=2", "--html")
	must(t, "run", book, "-o", out, "-p", "n=3", "--html")
	page := strings.TrimSuffix(out, ".ipynb") + ".html"
	put(t, page, "my own page")
	refuse(t, []string{page, "--overwrite"}, "run", book, "-o", out, "--html")
	must(t, "run", book, "-o", out, "--html", "--overwrite")
	put(t, out, strings.Replace(readText(t, out), "n := 1", "n := 1 // chosen after a week", 1))
	refuse(t, []string{out, "--overwrite"}, "run", book, "-o", out)
	must(t, "run", book, "-o", book) // it may be the notebook itself
	refuse(t, []string{"--html takes no name"}, "run", book, "--html", "page.html")
}

// TestARefusedCommandLeavesNothing: no folder is left of a command that had nothing to write.
func TestARefusedCommandLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	refuse(t, []string{"missing", "does not exist"}, "train", "--data", filepath.Join(dir, "missing"), "--out", filepath.Join(dir, "new", "run"))
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	there := filepath.Join(dir, "there")
	if err := os.Mkdir(there, 0o755); err != nil {
		t.Fatal(err)
	}
	release, err := runs.Lock(filepath.Join(there, "a", "b"), "train")
	if err != nil {
		t.Fatal(err)
	}
	release()
	if left, err := os.ReadDir(there); len(left) != 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestFoldersThatAreNotForARun: those of a run's files, those with the images, and a run's for results that are not its own.
func TestFoldersThatAreNotForARun(t *testing.T) {
	run, data := smallRun(t), t.TempDir()
	writePictures(t, filepath.Join(data, "good"), 0, 8)
	writePictures(t, filepath.Join(data, "bad"), 100, 102)
	must(t, "eval", run, "--maps=false", "--rows", "0")
	refuse(t, []string{"--overwrite"}, "eval", run, "--maps=false", "--rows", "0", "--out", run)
	for _, inRun := range [][]string{{"predict", run, filepath.Join(data, "bad")}, {"eval", run}} {
		refuse(t, []string{"is a part of the run in " + run}, append(inRun, "--out", filepath.Join(run, "eval"), "--overwrite")...)
	}
	tiny := []string{"--data", data, "--size", "64", "--epochs", "1", "--blocks", "1,1,1", "--cond", "8"}
	refuse(t, []string{"is a part of the run in " + run}, append([]string{"train", "--out", filepath.Join(run, "eval")}, tiny...)...)
	refuse(t, []string{"taken for images"}, append([]string{"train", "--out", data}, tiny...)...)
	refuse(t, []string{"taken for images"}, append([]string{"train", "--out", filepath.Join(data, "good", "run")}, tiny...)...)
	must(t, append([]string{"train", "--out", filepath.Join(data, "runs", "a")}, tiny...)...)
	refuse(t, []string{"--false-alarms"}, "calibrate", run, "--false-alarms", "1e-300")
}

// TestAFolderCalledNextIsKept: in it a run is made that replaces another, and one of the user's own was removed.
func TestAFolderCalledNextIsKept(t *testing.T) {
	folder := smallRun(t)
	mine := filepath.Join(folder, "next", "photo.jpg")
	put(t, mine, "mine")
	must(t, "eval", folder, "--maps=false", "--rows", "0")
	if !runs.Exists(mine) {
		t.Error("a folder called next in a run's folder was removed with what was in it")
	}
}
