package jupyter_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
)

// TestWheel: the Python package is built twice to the same bytes; what pip makes of it in a new environment is the program on the
// PATH and a kernel that Jupyter's own tests accept, without the environment being active.
func TestWheel(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to build a wheel and install it")
	}
	python := jupyterenv.Python(t, "jupyter_kernel_test")
	first, second := distribution(t), distribution(t)
	sums := read(t, first, "SHA256SUMS")
	if again := read(t, second, "SHA256SUMS"); again != sums || strings.Count(sums, "\n") != 3 {
		t.Errorf("two builds differ:\n%s%s", sums, again)
	}
	check := exec.Command("sha256sum", "-c", "SHA256SUMS")
	check.Dir = first
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("sha256sum -c: %v\n%s", err, out)
	}
	wheels, _ := filepath.Glob(filepath.Join(first, "*.whl"))
	if len(wheels) != 1 {
		t.Fatalf("wheels: %v", wheels)
	}
	env := filepath.Join(t.TempDir(), "fresh")
	jupyterenv.Run(t, python, nil, "-m", "venv", env)
	jupyterenv.Run(t, filepath.Join(env, "bin", "python"), nil, "-m", "pip", "install", "-q", "--no-index", "--disable-pip-version-check", wheels[0])
	if out, err := exec.Command(filepath.Join(env, "bin", "msflow"), "--version").Output(); err != nil || !strings.Contains(string(out), "msflow version") {
		t.Errorf("the program that pip installed: %v\n%s", err, out)
	}
	vars := append(apart(t.TempDir()), "JUPYTER_PATH="+filepath.Join(env, "share", "jupyter"))
	out := jupyterenv.Run(t, python, vars, "testdata/kernel_test.py", "-v")
	if strings.Contains(out, "skipped") || !strings.Contains(out, "Ran 12 tests") || !strings.Contains(out, "OK") {
		t.Errorf("Jupyter's tests of the wheel's kernel:\n%s", out)
	}
	jupyterenv.Run(t, filepath.Join(env, "bin", "python"), nil, "-m", "pip", "uninstall", "-q", "-y", "msflow")
	if left, _ := filepath.Glob(filepath.Join(env, "share", "jupyter", "kernels", "*")); len(left) > 0 {
		t.Errorf("pip left %v behind", left)
	}
}

// apart keeps Jupyter's files of a test in a folder.
func apart(dir string) []string {
	return []string{
		"JUPYTER_RUNTIME_DIR=" + filepath.Join(dir, "runtime"), "JUPYTER_CONFIG_DIR=" + filepath.Join(dir, "config"),
		"MSFLOW_HISTORY=" + filepath.Join(dir, "history"), "JUPYTER_PLATFORM_DIRS=1", "IPYTHONDIR=" + filepath.Join(dir, "ipython"), "PYTHONWARNINGS=ignore",
	}
}

// distribution makes the packages of platforms, of this machine's if none is named.
func distribution(t *testing.T, platforms ...string) string {
	t.Helper()
	dir := t.TempDir()
	if len(platforms) == 0 {
		platforms = []string{runtime.GOOS + "/" + runtime.GOARCH}
	}
	cmd := exec.Command("go", "run", "./cmd/dist", "-out", dir, "-only", strings.Join(platforms, ","))
	cmd.Dir = jupyterenv.Root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func read(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
