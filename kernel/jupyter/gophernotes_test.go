package jupyter_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
)

// What notebooks for gophernotes use, in a notebook of our own: display conventions, pictures from a server, plots,
// matrices, workers on channels.
func TestGophernotesConventions(t *testing.T) {
	python := jupyterenv.Python(t, "nbclient")
	t.Log(jupyterenv.Run(t, python, installed(t), "testdata/gophernotes_test.py", "testdata/gophernotes.ipynb"))
}

// gophernotes' own examples, where the module cache has them. Display.ipynb fetches its pictures from the internet and
// MachineBox needs a service.
func TestGophernotesExamples(t *testing.T) {
	python := jupyterenv.Python(t, "nbclient")
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Skip(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), "github.com/gopherdata/gophernotes@*/examples/*.ipynb"))
	ran := false
	for _, file := range files {
		switch filepath.Base(file) {
		case "Matrix_Operations.ipynb", "Worker_Pools.ipynb":
			t.Log(jupyterenv.Run(t, python, installed(t), "testdata/gophernotes_test.py", file))
			ran = true
		}
	}
	if !ran {
		t.Skip("the module cache has no gophernotes: go mod download github.com/gopherdata/gophernotes@v0.7.5")
	}
}
