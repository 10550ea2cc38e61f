package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/kernel/notebook"
)

// stored writes a notebook of code cells, the first of which holds the parameters.
func stored(t *testing.T, sources ...string) (path string) {
	t.Helper()
	n := notebook.New(&notebook.Cell{Type: notebook.Markdown, Source: "# Title"})
	for _, s := range sources {
		n.Cells = append(n.Cells, notebook.NewCode(s))
	}
	n.Cells[1].Metadata = map[string]any{"tags": []any{notebook.ParametersTag}}
	path = filepath.Join(t.TempDir(), "a.ipynb")
	if err := n.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRunStoresOutputsAndWhatMadeThem(t *testing.T) {
	path := stored(t, "seed := 4\nname := \"a\"", "fmt.Println(name, seed)\nos.WriteFile(\"here\", nil, 0o644)")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "new", "out.ipynb")
	stdout, log, code := msflow(t, "run", path, "-p", "seed=7", "-o", out, "--html", "-p", "name=b c")
	if code != 0 || stdout != "" {
		t.Fatalf("exit code %d, printed %q\n%s", code, stdout, log)
	}
	if !strings.Contains(log, "cell 3/3  fmt.Println(name, seed)") {
		t.Errorf("the progress is\n%s", log)
	}
	n, err := notebook.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Cells[3].Outputs[0].Text; got != "b c 7\n" {
		t.Errorf("it printed %q", got)
	}
	m, _ := n.Metadata["msflow"].(map[string]any)
	given, _ := m["parameters"].(map[string]any)
	if m["seed"] != "7" || given["name"] != "b c" || m["go"] == nil || m["program"] == nil {
		t.Errorf("the metadata say %v", m)
	}
	if page, err := os.ReadFile(strings.TrimSuffix(out, ".ipynb") + ".html"); err != nil || !strings.Contains(string(page), "b c 7") {
		t.Errorf("the page: %v", err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "here")); err != nil {
		t.Errorf("it did not run in its own folder: %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the notebook itself changed")
	}
	must(t, "run", path, "-o", path)
	if n, err = notebook.Read(path); err != nil || n.Cells[2].Outputs[0].Text != "a 4\n" {
		t.Errorf("run in place: %v, %+v", err, n.Cells[2].Outputs)
	}
}

func TestRunStopsAtAFailingCellAndStoresIt(t *testing.T) {
	path := stored(t, "x := 1", "fmt.Println(\"before\")\nmust(os.Open(\"missing\"))", "x")
	out := filepath.Join(t.TempDir(), "out.ipynb")
	_, log, code := msflow(t, "run", path, "-o", out)
	if code != 1 || !strings.Contains(log, "msflow: a.ipynb: cell[2]:2: open missing: no such file or directory") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	n, err := notebook.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	o := n.Cells[2].Outputs
	if len(o) != 2 || o[0].Text != "before\n" || o[1].Type != notebook.ErrorOutput || !strings.Contains(o[1].Value, "missing") {
		t.Errorf("outputs %+v", o)
	}
	if n.Cells[3].Count != 0 {
		t.Error("the cell after it was run")
	}
}

func TestRunRefusesBadInput(t *testing.T) {
	good := stored(t, "n := 1", "n")
	program := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(program, []byte("package main\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "b.ipynb")
	if err := os.WriteFile(broken, []byte("{\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.ipynb")
	for want, args := range map[string][]string{
		"missing.ipynb: no such file":           {"missing.ipynb"},
		"b.ipynb: not a Jupyter notebook":       {broken},
		"it has n":                              {good, "-p", "m=1", "-o", out},
		`"x" is not a value of type int`:        {good, "-p", "n=x", "-o", out},
		"write it as name=value":                {good, "-p", "n"},
		"the name of a notebook ends in .ipynb": {good, "-o", "out.html"},
		"takes one notebook":                    {good, good},
		"--output is for notebooks":             {"-o", "x", program},
		"--sanitize is about the page":          {good, "--sanitize"},
		"unknown flag: --no-such":               {good, "--no-such"},
		good + ": not a directory":              {good, "-o", filepath.Join(good, "x.ipynb")},
	} {
		_, log, code := msflow(t, append([]string{"run"}, args...)...)
		if code != 1 || !strings.Contains(log, want) {
			t.Errorf("run %v: exit code %d, without %q:\n%s", args, code, want, log)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a run with wrong parameters stored something")
	}
}

// A run that is killed leaves what ran: the second cell reads what the first one's store wrote.
func TestRunStoresAfterEveryCell(t *testing.T) {
	dir := t.TempDir()
	out, link := filepath.Join(dir, "real.ipynb"), filepath.Join(dir, "link.ipynb")
	if err := os.Symlink("real.ipynb", link); err != nil {
		t.Fatal(err)
	}
	path := stored(t, "n := 1", "fmt.Println(\"first\", n)", "stored := string(must(os.ReadFile(`"+out+"`)))\nstrings.Contains(stored, \"first 7\")")
	must(t, "run", path, "-p", "n=7", "-o", link, "--html", "--sanitize")
	n, err := notebook.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Cells[4].Outputs; len(got) != 1 || got[0].Data["text/plain"] != "true" {
		t.Errorf("the third cell found %+v", got)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("-o is no link any more (%v)", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "link.html")); err != nil {
		t.Errorf("the page: %v", err)
	}
}

func TestRunRefusesAnUnwritableTargetBeforeTheFirstCell(t *testing.T) {
	path := stored(t, "n := 1", "os.WriteFile(\"ran\", nil, 0o644)")
	out := filepath.Join(t.TempDir(), "folder.ipynb")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	_, log, code := msflow(t, "run", path, "-o", out)
	if code != 1 || !strings.Contains(log, out+" cannot be written") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "ran")); err == nil {
		t.Error("the cells were run")
	}
}

func TestExportRefusesBadInput(t *testing.T) {
	good := stored(t, "n := 1", "n")
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"-o DIR says":                 {good},
		"is not empty":                {good, "-o", full},
		"missing.ipynb":               {"missing.ipynb", "-o", filepath.Join(t.TempDir(), "x")},
		"it has no go.mod of":         {good, "-o", filepath.Join(t.TempDir(), "x"), "--module", full},
		"code cell 2: x :=: expected": {stored(t, "1", "x :="), "-o", filepath.Join(t.TempDir(), "x")},
	} {
		_, log, code := msflow(t, append([]string{"export"}, args...)...)
		if code != 1 || !strings.Contains(log, want) {
			t.Errorf("export %v: exit code %d, without %q:\n%s", args, code, want, log)
		}
	}
}

func TestProgramNames(t *testing.T) {
	for path, want := range map[string]string{"a/01-quickstart.ipynb": "quickstart", "03 Every kind.ipynb": "Every-kind", "7.ipynb": "notebook", "größe.ipynb": "gr--e"} {
		if got := programName(path); got != want {
			t.Errorf("%s: %q instead of %q", path, got, want)
		}
	}
}

// A notebook's widgets are stored with it, those of the run before are not.
func TestRunStoresWidgets(t *testing.T) {
	path := stored(t, "n := 3", "s := widgets.IntSlider(\"n\", 0, 9, n)\ns")
	out := filepath.Join(t.TempDir(), "out.ipynb")
	for _, value := range []float64{3, 5} {
		if _, log, code := msflow(t, "run", path, "-p", fmt.Sprint("n=", value), "-o", out); code != 0 {
			t.Fatalf("exit code %d\n%s", code, log)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var n struct {
			Cells []struct {
				Outputs []struct {
					Data map[string]any
				}
			}
			Metadata struct {
				Widgets map[string]struct {
					State map[string]struct {
						Name  string `json:"model_name"`
						State map[string]any
					}
				}
			}
		}
		if err := json.Unmarshal(text, &n); err != nil {
			t.Fatal(err)
		}
		shown, _ := n.Cells[3].Outputs[0].Data["application/vnd.jupyter.widget-view+json"].(map[string]any)
		id, _ := shown["model_id"].(string)
		state := n.Metadata.Widgets["application/vnd.jupyter.widget-state+json"].State
		if len(state) != 3 || state[id].Name != "IntSliderModel" || state[id].State["value"] != value {
			t.Errorf("n=%v: %s is shown, and stored are %v", value, id, state)
		}
	}
}

// TestTwoRunsDoNotWriteOneNotebook: while one run writes a notebook, or a page, another is refused, which names it, and afterwards not.
func TestTwoRunsDoNotWriteOneNotebook(t *testing.T) {
	dir := t.TempDir()
	began, goOn := filepath.Join(dir, "began"), filepath.Join(dir, "go-on")
	path := stored(t, "n := 1", fmt.Sprintf("os.WriteFile(%q, nil, 0o644)\nfor n == 1 {\n\tif _, err := os.Stat(%q); err == nil {\n\t\tbreak\n\t}\n\ttime.Sleep(time.Millisecond)\n}", began, goOn))
	other := stored(t, "n := 2")
	out := filepath.Join(dir, "out.ipynb")
	t.Setenv(asProgram, "1") // a process of its own, which changes the working folder
	first := exec.Command(os.Args[0], "run", path, "-o", out, "--html")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Process.Kill() })
	for !runs.Exists(began) {
		time.Sleep(time.Millisecond)
	}
	link := filepath.Join(dir, "link.ipynb")
	if err := os.Symlink(out, link); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{"run", path, "-p", "n=2", "-o", out}, {"run", path, "-p", "n=2", "-o", link}, {"run", other, "-o", out, "--overwrite"}} {
		refuse(t, []string{"is in use by msflow run (process " + strconv.Itoa(first.Process.Pid)}, args...)
	}
	put(t, goOn, "")
	if err := first.Wait(); err != nil {
		t.Errorf("the first run: %v", err)
	}
	must(t, "run", path, "-o", out)
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("locks are left: %q", left)
	}
}
