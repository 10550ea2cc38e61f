//go:build linux

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgramNeedsNoLibraries: what opens libraries of the system stays in msflow-device, without which msflow is static.
func TestProgramNeedsNoLibraries(t *testing.T) {
	for command, want := range map[string]bool{"msflow": false, "msflow-device": true} {
		list := exec.Command("go", "list", "-deps", "github.com/msflow-go/msflow/cmd/"+command)
		list.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(out), "\ngithub.com/ebitengine/purego\n"); got != want {
			t.Errorf("%s imports purego: %t, want %t", command, got, want)
		}
	}
}

// TestBareRoot: the program alone, in a root that holds nothing else, runs a Go program and the reference's cases, and says
// why it has no device there.
func TestBareRoot(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to run the program in an empty root")
	}
	if os.Getuid() != 0 {
		t.Skip("only root may change the root")
	}
	root := t.TempDir()
	isStatic(t, filepath.Join("..", "..", "bin", "msflow"))
	copyInto(t, root, "msflow", filepath.Join("..", "..", "bin", "msflow"), 0o755)
	copyInto(t, root, "fixtures", filepath.Join("..", "..", "testdata", "fixtures"), 0o644)
	if err := os.WriteFile(filepath.Join(root, "a.go"), []byte("package main\n\nfunc main() { println(6 * 7) }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	inside := func(want string, code int, args ...string) {
		t.Helper()
		cmd := exec.Command("chroot", append([]string{root, "/msflow"}, args...)...)
		cmd.Env = []string{"HOME=/", "MSFLOW_PJRT_PLUGIN=/plugin.so"}
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != code || !strings.Contains(string(out), want) {
			t.Errorf("msflow %s: %v, want %q and exit code %d\n%s", strings.Join(args, " "), err, want, code, out[max(0, len(out)-2000):])
		}
	}
	inside("msflow version", 0, "--version")
	inside("42", 0, "run", "/a.go")
	inside("cpu", 0, "doctor")
	inside("0 missed", 0, "verify", "/fixtures")
	if err := os.WriteFile(filepath.Join(root, "plugin.so"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	inside("glibc", 1, "verify", "/fixtures", "--device", "xla")
}

// isStatic checks that a program asks for no loader.
func isStatic(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("%s has a segment %v, so that it starts only where a loader is found", path, p.Type)
		}
	}
}

// copyInto copies a file or a folder's files.
func copyInto(t *testing.T, root, name, from string, mode os.FileMode) {
	t.Helper()
	if info, err := os.Stat(from); err != nil {
		t.Fatalf("%v (./install.sh builds the program)", err)
	} else if info.IsDir() {
		if err := os.CopyFS(filepath.Join(root, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, name), content, mode); err != nil {
		t.Fatal(err)
	}
}
