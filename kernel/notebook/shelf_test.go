package notebook_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
	"github.com/msflow-go/msflow/kernel/notebook"
)

// shelf is where the project's notebooks stand.
func shelf(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(jupyterenv.Root(t), "notebooks", "*.ipynb"))
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d notebooks (%v)", len(paths), err)
	}
	return paths
}

func read(t *testing.T, path string) *notebook.Notebook {
	t.Helper()
	n, err := notebook.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What is checked in was run to its end, on the machine of nobody in particular, and is what Jupyter would write.
func TestNotebooksAreStoredWhole(t *testing.T) {
	link := regexp.MustCompile(`\]\(([\w-]+\.ipynb)\)`)
	private := regexp.MustCompile(`/(tmp|root|home|work)/`)
	for _, path := range shelf(t) {
		name := filepath.Base(path)
		n := read(t, path)
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, n.Bytes()) {
			t.Errorf("%s is not as it would be written", name)
		}
		if m, _ := n.Metadata["msflow"].(map[string]any); m["program"] == nil || m["seed"] == nil {
			t.Errorf("%s does not say what ran it: %v", name, n.Metadata)
		}
		if c := n.Cells[0]; c.Type != notebook.Markdown || !strings.HasPrefix(c.Source, "# ") {
			t.Errorf("%s begins with %q", name, c.Source)
		}
		count := 0
		for _, c := range n.Cells {
			for _, to := range link.FindAllStringSubmatch(c.Source, -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), to[1])); err != nil {
					t.Errorf("%s: a link leads nowhere: %v", name, err)
				}
			}
			if c.Type != notebook.Code {
				continue
			}
			if count++; c.Count != count {
				t.Errorf("%s: code cell %d has the count %d", name, count, c.Count)
			}
			for _, o := range c.Outputs {
				text, _ := o.Data["text/plain"].(string)
				if o.Type == notebook.ErrorOutput || o.Name == "stderr" || private.MatchString(o.Text+text) {
					t.Errorf("%s: code cell %d stores %s %q %q", name, count, o.Type, o.Text, text)
				}
			}
		}
	}
}

// build makes the program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "msflow")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./cmd/msflow")
	cmd.Dir = jupyterenv.Root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// run runs a command and says how long it took.
func run(t *testing.T, environment []string, name string, args ...string) time.Duration {
	t.Helper()
	begin := time.Now()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), environment...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return time.Since(begin)
}

// The quickstart runs from the command line as it is, on a little less.
func TestQuickstartRuns(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.ipynb")
	quickstart := shelf(t)[0]
	run(t, nil, build(t), "run", quickstart, "-p", "size=64", "-p", "epochs=1", "-o", out, "--html")
	n := read(t, out)
	rich := 0
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			if o.Data["image/svg+xml"] != nil || o.Data["image/png"] != nil || o.Data["text/html"] != nil {
				rich++
			}
		}
	}
	if rich < 8 {
		t.Errorf("%d outputs with more than text", rich)
	}
	if page, err := os.ReadFile(strings.TrimSuffix(out, "ipynb") + "html"); err != nil || len(page) < 100_000 {
		t.Errorf("a page of %d bytes, %v", len(page), err)
	}
}

// All notebooks, run twice by this program and once by Jupyter: the outputs are the same to the byte. The log has the
// times.
func TestAllNotebooks(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to run all notebooks three times")
	}
	jupyterenv.Python(t, "nbconvert", "nbclient")
	program, dir := build(t), t.TempDir()
	environment := []string{"JUPYTER_PATH=" + filepath.Join(dir, "share", "jupyter"), "IPYTHONDIR=" + dir, "MSFLOW_HISTORY=" + filepath.Join(dir, "history")}
	run(t, environment, program, "kernel", "install", "--prefix", dir)
	var total time.Duration
	for _, path := range shelf(t) {
		name := filepath.Base(path)
		first, second, third := filepath.Join(dir, "1-"+name), filepath.Join(dir, "2-"+name), filepath.Join(dir, "3-"+name)
		own := run(t, environment, program, "run", path, "-o", first)
		run(t, environment, program, "run", path, "-o", second)
		jupyter := run(t, environment, filepath.Join(jupyterenv.Bin(t), "jupyter"), "nbconvert", "--to", "notebook", "--execute",
			"--ExecutePreprocessor.timeout=600", "--output-dir", dir, "--output", filepath.Base(third), path)
		t.Logf("%-32s msflow run %5.1f s, nbconvert %5.1f s", name, own.Seconds(), jupyter.Seconds())
		total += own + jupyter
		want := outputs(read(t, first))
		compare(t, name+", the second time", outputs(read(t, second)), want)
		compare(t, name+" in Jupyter", outputs(read(t, third)), want)
	}
	t.Logf("in all %.0f s", total.Seconds())
}

// outputs lists what the cells show, one entry per output. Text of one stream is one: nbclient writes it in the pieces
// in which it arrived, which depends on time, and Jupyter shows it as one.
func outputs(n *notebook.Notebook) (list []string) {
	for i, c := range n.Cells {
		for k, o := range c.Outputs {
			if k > 0 && o.Type == "stream" && c.Outputs[k-1].Type == "stream" && c.Outputs[k-1].Name == o.Name {
				list[len(list)-1] += o.Text
				continue
			}
			list = append(list, fmt.Sprintf("cell %d: %s %s %v %v %s", i+1, o.Type, o.Name, o.Data, o.Metadata, o.Text))
		}
	}
	return list
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d outputs instead of %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: an output differs:\n%.600s\ninstead of\n%.600s", what, got[i], want[i])
		}
	}
}
