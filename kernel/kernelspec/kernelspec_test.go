package kernelspec

import (
	"bytes"
	"context"
	"encoding/xml"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallAndUninstall(t *testing.T) {
	dir := t.TempDir()
	path, err := Install(dir, DefaultName, New("/opt/msflow"))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if spec.Language != "go" || spec.InterruptMode != "message" || spec.DisplayName != "Go (MSFlow)" || !filepath.IsAbs(spec.Argv[0]) || spec.Argv[4] != "{connection_file}" {
		t.Errorf("%+v", spec)
	}
	for name, side := range map[string]int{"logo-32x32.png": 32, "logo-64x64.png": 64} {
		b, err := os.ReadFile(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := png.DecodeConfig(bytes.NewReader(b))
		if err != nil || c.Width != side || c.Height != side {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
	svg, _ := os.ReadFile(filepath.Join(path, "logo-svg.svg"))
	if err := xml.Unmarshal(svg, new(struct{})); err != nil {
		t.Errorf("logo-svg.svg: %v", err)
	}
	if _, _, err := Uninstall(dir, DefaultName); err != nil {
		t.Fatal(err)
	}
	if exists(path) {
		t.Error("still there")
	}
	if _, _, err := Uninstall(dir, DefaultName); err == nil || !strings.Contains(err.Error(), DefaultName) {
		t.Error(err)
	}
}

func TestUninstallLeavesOtherKernelsAlone(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "python3"), 0o755)
	os.WriteFile(filepath.Join(dir, "python3", "kernel.json"), []byte(`{"argv":["python","-m","ipykernel"]}`), 0o644)
	if _, _, err := Uninstall(dir, "python3"); err == nil || !exists(filepath.Join(dir, "python3", "kernel.json")) {
		t.Errorf("removed somebody else's kernel (%v)", err)
	}
}

func TestNames(t *testing.T) {
	for _, bad := range []string{"", "..", "a/b", "Go (MSFlow)", "ö"} {
		if _, err := Install(t.TempDir(), bad, New("/x")); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Setenv("HOME", "/home/u")
	t.Setenv("XDG_DATA_HOME", "")
	t.Setenv("JUPYTER_DATA_DIR", "/data")
	t.Setenv("VIRTUAL_ENV", "/venv")
	for _, c := range []struct {
		place Place
		want  string
	}{
		{Place{}, "/data/kernels"},
		{Place{User: true}, "/data/kernels"},
		{Place{SysPrefix: true}, "/venv/share/jupyter/kernels"},
		{Place{Prefix: "/usr"}, "/usr/share/jupyter/kernels"},
	} {
		if got, err := c.place.Dir(); err != nil || got != c.want {
			t.Errorf("%+v: %s, %v", c.place, got, err)
		}
	}
	if _, err := (Place{User: true, Prefix: "/x"}).Dir(); err == nil {
		t.Error("two places at once accepted")
	}
}

func TestExecutableOfTheTestIsRefused(t *testing.T) {
	if _, err := Executable(); err == nil || !strings.Contains(err.Error(), "go build") {
		t.Error(err)
	}
}

// Each thing that can be wrong is told, with what to do.
func TestCheckTellsWhatIsWrong(t *testing.T) {
	data := t.TempDir()
	t.Setenv("PATH", t.TempDir()) // no jupyter, no python
	t.Setenv("JUPYTER_DATA_DIR", data)
	t.Setenv("JUPYTER_PATH", "")
	program := filepath.Join(t.TempDir(), "msflow")
	report := func() string {
		var b strings.Builder
		for _, f := range Check(context.Background(), DefaultName, program) {
			if !f.OK && f.Fix == "" {
				t.Errorf("%s: no advice", f.What)
			}
			b.WriteString(f.What + "\n")
		}
		return b.String()
	}
	expect := func(want string) {
		t.Helper()
		if got := report(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	expect("no kernel called msflow in")
	expect("no jupyter on PATH")
	dir := filepath.Join(data, "kernels")
	Install(dir, DefaultName, New(program))
	expect("is installed in " + dir)
	expect("program is gone")
	os.WriteFile(program, []byte("#!/bin/sh\necho broken; exit 3\n"), 0o644)
	expect("is not executable")
	os.Chmod(program, 0o755)
	expect("it starts " + program)
	expect("ended at once: broken")
	os.WriteFile(filepath.Join(dir, DefaultName, "kernel.json"), []byte("{"), 0o644)
	expect("kernel.json: unexpected end")
}

func TestTakeOverKeepsTheOtherKernel(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "gophernotes")
	os.Mkdir(other, 0o755)
	const theirs = `{"argv":["/usr/bin/gophernotes","{connection_file}"],"display_name":"Go","language":"go"}`
	os.WriteFile(filepath.Join(other, "kernel.json"), []byte(theirs), 0o644)
	os.WriteFile(filepath.Join(other, "logo-32x32.png"), []byte("their logo"), 0o644)
	for range 2 { // the second time it is ours already
		path, replaced, err := TakeOver(dir, "gophernotes", New("/opt/msflow"))
		if err != nil {
			t.Fatal(err)
		}
		spec, err := Read(path)
		if err != nil || !spec.ours() || path != other {
			t.Fatalf("%s: %+v, %v", path, spec, err)
		}
		t.Log(replaced)
	}
	kernels, _ := filepath.Glob(filepath.Join(dir, "*", "kernel.json"))
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".*")); len(kernels) != 1 || len(hidden) > 0 {
		t.Errorf("kernels %v, and %v", kernels, hidden)
	}
	_, restored, err := Uninstall(dir, "gophernotes")
	if err != nil || !restored {
		t.Fatalf("restored %v: %v", restored, err)
	}
	for name, want := range map[string]string{"kernel.json": theirs, "logo-32x32.png": "their logo"} {
		if got, _ := os.ReadFile(filepath.Join(other, name)); string(got) != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if left, _ := os.ReadDir(other); len(left) != 2 {
		t.Errorf("left in the folder: %v", left)
	}
}

func TestTakeOverOfNothing(t *testing.T) {
	dir := t.TempDir()
	path, replaced, err := TakeOver(dir, "gonb", New("/opt/msflow").ForEngine("yaegi"))
	if err != nil || replaced != "" {
		t.Fatalf("replaced %q: %v", replaced, err)
	}
	if spec, _ := Read(path); spec.DisplayName != "Go (yaegi)" || strings.Join(spec.Argv[5:], " ") != "--engine yaegi" {
		t.Errorf("%+v", spec)
	}
	if _, restored, err := Uninstall(dir, "gonb"); err != nil || restored || exists(path) {
		t.Errorf("restored %v: %v", restored, err)
	}
}
