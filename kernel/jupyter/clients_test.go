package jupyter_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/msflow-go/msflow/kernel/bindings"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
	"github.com/msflow-go/msflow/kernel/interp"
	"github.com/msflow-go/msflow/kernel/jupyter"
	"github.com/msflow-go/msflow/kernel/kernelspec"
)

// The tests of this file drive the kernel, with its real engine, by real Jupyter clients. The kernel's process is this
// test's own binary.
func TestMain(m *testing.M) {
	if os.Getenv("MSFLOW_TEST_KERNEL") != "" {
		if len(os.Args) > 2 && os.Args[1] == "run" { // %run starts its own executable so
			os.Exit(interp.RunProgram(os.Args[2], os.Args[3:], os.Stderr))
		}
		if err := jupyter.Process(os.Args[len(os.Args)-1], "test", startEngine, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func startEngine() (engine.Evaluator, error) { return engine.New() }

// installed installs the kernel where only this test's clients look and returns the environment for them.
func installed(t testing.TB) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	spec := kernelspec.New(self)
	path, err := kernelspec.Install(filepath.Join(dir, "kernels"), kernelspec.DefaultName, spec)
	if err != nil {
		t.Fatal(err)
	}
	withEnv := map[string]any{
		"argv": []string{self, "{connection_file}"}, "display_name": spec.DisplayName, "language": spec.Language,
		"interrupt_mode": spec.InterruptMode,
		"env":            map[string]string{"MSFLOW_TEST_KERNEL": "1", "MSFLOW_HISTORY": filepath.Join(dir, "history")},
	}
	j, _ := json.Marshal(withEnv)
	if err := os.WriteFile(filepath.Join(path, "kernel.json"), j, 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{
		"JUPYTER_PATH=" + dir, "JUPYTER_RUNTIME_DIR=" + filepath.Join(dir, "runtime"), "JUPYTER_CONFIG_DIR=" + filepath.Join(dir, "config"),
		"JUPYTER_PLATFORM_DIRS=1", "IPYTHONDIR=" + filepath.Join(dir, "ipython"), "PYTHONWARNINGS=ignore",
	}
}

// The protocol tests that the Jupyter project publishes for kernels, every one.
func TestJupyterKernelTest(t *testing.T) {
	python := jupyterenv.Python(t, "jupyter_kernel_test")
	out := jupyterenv.Run(t, python, installed(t), "testdata/kernel_test.py", "-v")
	t.Log(out)
	if strings.Contains(out, "skipped") || !strings.Contains(out, "OK") {
		t.Error("a test was skipped")
	}
}

// nbclient runs a notebook; its outputs are what a reader would see.
func TestNBClient(t *testing.T) {
	python := jupyterenv.Python(t, "nbclient")
	t.Log(jupyterenv.Run(t, python, installed(t), "testdata/nbclient_test.py"))
}

// nbconvert runs a notebook and writes HTML with Go highlighted as Go.
func TestNBConvert(t *testing.T) {
	python := jupyterenv.Python(t, "nbconvert")
	t.Log(jupyterenv.Run(t, python, installed(t), "testdata/nbconvert_test.py", t.TempDir()))
}

// jupyter console in a pseudo-terminal: multi-line input, results, input, interrupt, completion.
func TestJupyterConsole(t *testing.T) {
	python := jupyterenv.Python(t, "jupyter_console", "pexpect")
	t.Log(jupyterenv.Run(t, python, append(installed(t), "TERM=xterm"), "testdata/console_test.py"))
}

// Every magic of the list, through the protocol.
func TestMagicsInANotebook(t *testing.T) {
	python := jupyterenv.Python(t, "jupyter_client")
	t.Log(jupyterenv.Run(t, python, installed(t), "testdata/magics_test.py", t.TempDir()))
}

// What jupyter_client sees, beyond what the other clients look at.
func TestJupyterClient(t *testing.T) {
	python := jupyterenv.Python(t, "jupyter_client")
	t.Log(jupyterenv.Run(t, python, installed(t), "testdata/client_test.py"))
}
