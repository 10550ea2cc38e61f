// Package kernelspec installs the kernel into Jupyter: the directory with kernel.json and logos by which Jupyter finds it,
// and what may be wrong when Jupyter does not.
package kernelspec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// DefaultName is the kernel's name for Jupyter; the display name is for people.
const (
	DefaultName = "msflow"
	DisplayName = "Go (MSFlow)"
)

// Spec is kernel.json.
type Spec struct {
	Argv          []string       `json:"argv"`
	DisplayName   string         `json:"display_name"`
	Language      string         `json:"language"`
	InterruptMode string         `json:"interrupt_mode"`
	Metadata      map[string]any `json:"metadata"`
}

// ForEngine makes the spec one of a kernel whose cells an evaluator other than the default one runs.
func (s Spec) ForEngine(name string) Spec {
	s.Argv = append(s.Argv[:len(s.Argv):len(s.Argv)], "--engine", name)
	s.DisplayName = "Go (" + name + ")"
	return s
}

// New is the spec of the kernel in this executable.
func New(executable string) Spec {
	return Spec{
		Argv:          []string{executable, "kernel", "start", "--connection-file", "{connection_file}"},
		DisplayName:   DisplayName,
		Language:      "go",
		InterruptMode: "message",
		Metadata:      map[string]any{"debugger": false},
	}
}

// Executable is the absolute path of the running program. One that `go run` or `go test` made is refused: it is gone when
// Jupyter wants it.
func Executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program's path: %w", err)
	}
	if strings.Contains(filepath.ToSlash(path), "/go-build") {
		return "", fmt.Errorf("%s is temporary: build msflow first (go build ./cmd/msflow), then install the kernel from there", path)
	}
	return path, nil
}

// Place says where to install. The zero value is the user's own directory.
type Place struct {
	User      bool
	SysPrefix bool   // the Python environment that is active
	Prefix    string // PREFIX/share/jupyter
}

// Dir is the directory that holds one directory per kernel.
func (p Place) Dir() (string, error) {
	switch {
	case (p.User && p.SysPrefix) || p.Prefix != "" && (p.User || p.SysPrefix):
		return "", errors.New("give only one of --user, --sys-prefix and --prefix")
	case p.Prefix != "":
		abs, err := filepath.Abs(p.Prefix)
		return filepath.Join(abs, "share", "jupyter", "kernels"), err
	case p.SysPrefix:
		prefix, err := sysPrefix()
		return filepath.Join(prefix, "share", "jupyter", "kernels"), err
	}
	dir, err := userDataDir()
	return filepath.Join(dir, "kernels"), err
}

// userDataDir is where Jupyter keeps a user's data.
func userDataDir() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	if runtime.GOOS == "windows" {
		dir, err := os.UserConfigDir()
		return filepath.Join(dir, "jupyter"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Jupyter"), nil
	}
	return filepath.Join(cmp.Or(os.Getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), "jupyter"), nil
}

// sysPrefix is the prefix of the active Python environment.
func sysPrefix() (string, error) {
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if dir := os.Getenv(name); dir != "" {
			return dir, nil
		}
	}
	for _, python := range []string{"python3", "python"} {
		out, err := exec.Command(python, "-c", "import sys; print(sys.prefix)").Output()
		if err == nil {
			return strings.TrimSpace(string(out)), nil
		}
	}
	return "", errors.New("--sys-prefix: no Python environment is active and there is no python3 on PATH")
}

// checkName applies Jupyter's rule for kernel names.
func checkName(name string) error {
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			continue
		}
		return fmt.Errorf("kernel name %q: only ASCII letters, digits, '.', '_' and '-'", name)
	}
	if name == "" || name == "." || name == ".." {
		return fmt.Errorf("kernel name %q: not a name", name)
	}
	return nil
}

// replacedDir is the folder, in that of a kernel, of another program's kernel that had the name before. Jupyter looks for
// kernels in folders beside, not inside.
const replacedDir = "replaced-by-msflow"

// TakeOver installs a kernel under a name that another program's kernel may have, which is kept inside until Uninstall puts
// it back. replaced is what that kernel is called by people; empty where there was none.
func TakeOver(dir, name string, spec Spec) (path, replaced string, err error) {
	if err := checkName(name); err != nil {
		return "", "", err
	}
	target := filepath.Join(dir, name)
	old, err := Read(target)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && old.ours():
		path, err = Install(dir, name, spec)
		return path, "", err
	case err != nil:
		return "", "", err
	}
	aside, err := os.MkdirTemp(dir, ".replaced-")
	if err != nil {
		return "", "", fmt.Errorf("keeping the kernel %s: %w", target, err)
	}
	kept := filepath.Join(aside, name)
	if err := durable.Rename(target, kept); err != nil {
		return "", "", fmt.Errorf("keeping the kernel %s: %w", target, err)
	}
	if path, err = Install(dir, name, spec); err == nil {
		err = durable.Rename(kept, filepath.Join(path, replacedDir))
	}
	if err != nil { // as it was
		return "", "", errors.Join(err, os.RemoveAll(target), durable.Rename(kept, target), os.RemoveAll(aside))
	}
	return path, cmp.Or(old.DisplayName, name), os.RemoveAll(aside)
}

// ours reports whether a kernel is one of msflow.
func (s Spec) ours() bool { return len(s.Argv) >= 3 && s.Argv[1] == "kernel" && s.Argv[2] == "start" }

// Install writes the kernel's directory under dir and returns its path. An older installation of the same name is
// replaced.
func Install(dir, name string, spec Spec) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	target := filepath.Join(dir, name)
	if err := os.MkdirAll(target, 0o755); err != nil {
		return "", fmt.Errorf("installing the kernel: %w", err)
	}
	for file, content := range Files(spec) {
		if err := os.WriteFile(filepath.Join(target, file), content, 0o644); err != nil {
			return "", fmt.Errorf("installing the kernel: %w", err)
		}
	}
	return target, nil
}

// Files are the contents of the kernel's directory.
func Files(spec Spec) map[string][]byte {
	j, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("kernelspec: %v", err)) // metadata that JSON cannot hold
	}
	return map[string][]byte{
		"kernel.json":    append(j, '\n'),
		"logo-32x32.png": logoPNG(32),
		"logo-64x64.png": logoPNG(64),
		"logo-svg.svg":   logoSVG(),
	}
}

// Uninstall removes the kernel's directory under dir, if it is one of ours. A kernel that it took the name of gets it back:
// restored says so.
func Uninstall(dir, name string) (path string, restored bool, err error) {
	if err := checkName(name); err != nil {
		return "", false, err
	}
	target := filepath.Join(dir, name)
	spec, err := Read(target)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("no kernel called %s is installed in %s", name, dir)
	}
	if err != nil {
		return "", false, err
	}
	if !spec.ours() {
		return "", false, fmt.Errorf("%s is not a kernel of msflow: left alone", target)
	}
	kept := filepath.Join(target, replacedDir)
	if _, err := os.Stat(kept); err != nil {
		return target, false, os.RemoveAll(target)
	}
	aside, err := os.MkdirTemp(dir, ".restored-")
	if err != nil {
		return "", false, fmt.Errorf("restoring the kernel %s: %w", target, err)
	}
	defer os.RemoveAll(aside)
	back := filepath.Join(aside, name)
	if err := durable.Rename(kept, back); err != nil {
		return "", false, fmt.Errorf("restoring the kernel %s: %w", target, err)
	}
	if err := os.RemoveAll(target); err != nil {
		return "", false, errors.Join(err, durable.Rename(back, kept))
	}
	return target, true, durable.Rename(back, target)
}

// Read reads the kernel.json of an installed kernel.
func Read(dir string) (Spec, error) {
	var s Spec
	path := filepath.Join(dir, "kernel.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}
