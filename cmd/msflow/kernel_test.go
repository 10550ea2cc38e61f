package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each way to install puts a kernel where Jupyter looks, check finds it there, and uninstall takes it away.
func TestKernelInstallCheckUninstall(t *testing.T) {
	program := buildProgram(t)
	data, prefix, venv := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PATH", "/usr/bin:/bin")
	t.Setenv("JUPYTER_DATA_DIR", data)
	t.Setenv("JUPYTER_PATH", filepath.Join(prefix, "share", "jupyter"))
	t.Setenv("VIRTUAL_ENV", venv)
	kernel := func(args ...string) (string, error) {
		out, err := exec.Command(program, append([]string{"kernel"}, args...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := kernel("check"); err == nil || !strings.Contains(out, "WRONG no kernel called msflow") || !strings.Contains(out, "try: msflow kernel install") {
		t.Errorf("check before: %v\n%s", err, out)
	}
	for _, c := range []struct {
		name  string
		flags []string
		dir   string
	}{
		{"msflow", nil, filepath.Join(data, "kernels", "msflow")},
		{"msflow", []string{"--user"}, filepath.Join(data, "kernels", "msflow")},
		{"msflow", []string{"--sys-prefix"}, filepath.Join(venv, "share", "jupyter", "kernels", "msflow")},
		{"msflow", []string{"--prefix", prefix}, filepath.Join(prefix, "share", "jupyter", "kernels", "msflow")},
		{"go-two", []string{"--name", "go-two"}, filepath.Join(data, "kernels", "go-two")},
	} {
		out, err := kernel(append([]string{"install"}, c.flags...)...)
		if err != nil || !strings.Contains(out, "installed Go (MSFlow) in "+c.dir) {
			t.Errorf("install %v: %v\n%s", c.flags, err, out)
			continue
		}
		checkSpecFolder(t, c.dir, program)
		out, _ = kernel("check", "--name", c.name) // the exit code says that there may be no jupyter here
		for _, want := range []string{"ok    kernel " + c.name + " is installed in " + c.dir, "ok    it starts " + program} {
			if !strings.Contains(out, want) {
				t.Errorf("check after install %v lacks %q:\n%s", c.flags, want, out)
			}
		}
		if out, err := kernel(append([]string{"uninstall"}, c.flags...)...); err != nil || !strings.Contains(out, "removed "+c.dir) {
			t.Errorf("uninstall %v: %v\n%s", c.flags, err, out)
		}
		if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
			t.Errorf("uninstall %v leaves %s", c.flags, c.dir)
		}
	}
	if out, err := kernel("install", "--user", "--prefix", prefix); err == nil {
		t.Errorf("two places at once: %s", out)
	}
	if out, err := kernel("uninstall"); err == nil || strings.Contains(out, "goroutine") {
		t.Errorf("uninstalling what is not there: %v\n%s", err, out)
	}
}

func checkSpecFolder(t *testing.T, dir, program string) {
	t.Helper()
	var spec struct {
		Argv          []string
		Language      string
		InterruptMode string `json:"interrupt_mode"`
	}
	b, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err == nil {
		err = json.Unmarshal(b, &spec)
	}
	if err != nil || len(spec.Argv) == 0 || spec.Argv[0] != program || spec.Language != "go" || spec.InterruptMode != "message" {
		t.Errorf("%s: %v, %+v", dir, err, spec)
	}
	for _, logo := range []string{"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"} {
		if st, err := os.Stat(filepath.Join(dir, logo)); err != nil || st.Size() == 0 {
			t.Errorf("no %s: %v", logo, err)
		}
	}
}

// buildProgram compiles this package and returns the program's path.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "msflow")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}
