package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/notebook"
)

// everyKind uses what cells may do and programs may not, or do otherwise.
func everyKind() *notebook.Notebook {
	n := notebook.New(&notebook.Cell{Type: notebook.Markdown, Source: "# Title\n\ntext `code`\n\n+build ignore"})
	for _, source := range []string{
		"n := 3 // how many\nname := \"x\"\nrate := 0.5",
		"import \"fmt\"\n\n// double doubles.\nfunc double(x int) int { return 2 * x }\n\nfor i := range n {\n\tfmt.Println(i, double(i), name)\n}",
		"x, err := strconv.Atoi(\"7\")\nx",
		"x := fmt.Sprint(x + 1) // another type\nshow := func() string { return x }\n_ = err\nx",
		"x := []float64{1.5, rate}\ny, err := strconv.ParseFloat(\"2\", 64)\nerr == nil && y > 1",
		"show()", // the x that it saw
		"type point struct{ a, b int }\nfunc (p point) sum() int { return p.a + p.b }\nvar (\n\tp, q = point{1, 2}, 5\n\tzero float64\n)\np.sum() + q",
		"type point struct{ c string }\nvar r = point{\"new\"}\nr.c",
		"must(os.Stat(\".\")).IsDir()",
		"must(os.Setenv(\"A\", \"1\"))\nos.Getenv(\"A\");\n\"not shown\";",
		"n := float64(n) / 2\nmath.Sqrt(n)",
		"func max3(a, b, c int) int { return max(a, max(b, c)) }\nmax3(1, 3, 2)",
		"Display(42)\nh := display.New(\"first\")\nh.Update(\"last\")\nctx.Err()",
		"strconv.Itoa(double(len(x)))",
		"//go:build ignore\n\nfmt.Println(\"built\")",
		"/* a */ fmt.Println(\"last\") // b",
	} {
		n.Cells = append(n.Cells, notebook.NewCode(source))
	}
	n.Cells[1].Metadata = map[string]any{"tags": []any{"parameters"}}
	return n
}

// goBuild builds an exported program with the go command.
func goBuild(t *testing.T, dir string) (executable string) {
	t.Helper()
	executable = filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", executable, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		source, _ := os.ReadFile(filepath.Join(dir, "main.go"))
		t.Fatalf("go build: %v\n%s\n%s", err, out, source)
	}
	return executable
}

// native is what the program prints when the go command's compiler made it.
func native(t *testing.T, executable string, args ...string) string {
	t.Helper()
	cmd := exec.Command(executable, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the exported program: %v\n%s", err, stderr.String())
	}
	return string(out)
}

func TestExportedProgramPrintsWhatTheNotebookDoes(t *testing.T) {
	n := everyKind()
	path := filepath.Join(t.TempDir(), "03 every-kind.ipynb")
	if err := n.Write(path); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "p")
	must(t, "export", path, "-o", dir)
	must(t, "export", path, "-o", dir, "--overwrite") // again over itself
	program := goBuild(t, dir)
	if got, want := native(t, program), must(t, "run", path); got != want {
		t.Errorf("the program prints\n%s\ninstead of\n%s", got, want)
	}
	if got, want := native(t, program, "-n", "5", "-name", "z"), must(t, "run", path, "-p", "n=5", "-p", "name=z"); got != want {
		t.Errorf("with parameters it prints\n%s\ninstead of\n%s", got, want)
	}
}

// Every notebook of the project can be exported; the quickstart's program prints the notebook's numbers.
func TestProjectsNotebooksExport(t *testing.T) {
	notebooks, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(notebooks) < 6 {
		t.Fatalf("%d notebooks (%v)", len(notebooks), err)
	}
	for i, path := range notebooks {
		dir := filepath.Join(t.TempDir(), "p")
		must(t, "export", path, "-o", dir)
		cmd := exec.Command("go", "vet", ".")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: go vet: %v\n%s", filepath.Base(path), err, out)
		}
		if i > 0 || os.Getenv("MSFLOW_SLOW") == "" {
			continue
		}
		if got, want := native(t, goBuild(t, dir)), must(t, "run", path); got != want || !strings.Contains(got, "det AUROC") {
			t.Errorf("the program of %s prints\n%s\ninstead of\n%s", filepath.Base(path), got, want)
		}
	}
}
