// Package jupyterenv finds the Python environment that the tests against real Jupyter clients run in: $MSFLOW_VENV, or
// .venv at the top of the repository, which install.sh makes.
package jupyterenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Python returns the interpreter of an environment that can import modules. Without one the test is skipped and told what
// was missing; with MSFLOW_REQUIRE_VENV=1, as in continuous integration, it fails instead.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	python := filepath.Join(dir(t), "bin", "python")
	if _, err := os.Stat(python); err != nil {
		miss(t, "no Python environment: %v; run ./install.sh or set MSFLOW_VENV", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, m := range modules {
		code := "import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)"
		if exec.CommandContext(ctx, python, "-c", code, m).Run() != nil {
			miss(t, "%s has no Python module %s: run ./install.sh, or pip install it there", python, m)
		}
	}
	return python
}

// Bin is the directory of the environment's commands, such as jupyter.
func Bin(t testing.TB) string { return filepath.Join(dir(t), "bin") }

func dir(t testing.TB) string {
	if d := os.Getenv("MSFLOW_VENV"); d != "" {
		return d
	}
	return filepath.Join(Root(t), ".venv")
}

// Root is the top directory of the repository.
func Root(t testing.TB) string {
	t.Helper()
	d, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; d != filepath.Dir(d); d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			return d
		}
	}
	t.Fatal("not inside the repository: no go.mod above the working directory")
	return ""
}

func miss(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("MSFLOW_REQUIRE_VENV") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Run runs a Python script of the test's own, fails the test with the script's output when it fails, and returns what it
// printed.
func Run(t testing.TB, python string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Env = append(os.Environ(), append(env, "PYTHONDONTWRITEBYTECODE=1")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
