package jupyter_test

import (
	"image"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
)

// TestJupyterLab drives JupyterLab in a headless browser as a person does, with this program built and installed by its
// own command. With MSFLOW_SCREENSHOT set to a file, the screenshot for README goes there.
func TestJupyterLab(t *testing.T) {
	folder := inLab(t, "testdata/lab_test.py", "jupyterlab", "playwright")
	checkScreenshot(t, filepath.Join(folder, "jupyterlab.png"), os.Getenv("MSFLOW_SCREENSHOT"))
}

// TestWidgetsInJupyterLab: each kind of widget is drawn, a moved slider calls Go, and the page shows them again when it is
// loaded again.
func TestWidgetsInJupyterLab(t *testing.T) {
	folder := inLab(t, "testdata/widgets_test.py", "jupyterlab", "playwright", "jupyterlab_widgets")
	checkScreenshot(t, filepath.Join(folder, "grid.png"), "")
}

// inLab runs a script that drives JupyterLab, and returns the folder of its screenshots. With MSFLOW_SCREENSHOTS set to a
// folder, they stay there.
func inLab(t *testing.T, script string, modules ...string) (folder string) {
	t.Helper()
	if !slow() {
		t.Skip("MSFLOW_SLOW is not set")
	}
	python := jupyterenv.Python(t, modules...)
	if folder = os.Getenv("MSFLOW_SCREENSHOTS"); folder == "" {
		folder = t.TempDir()
	}
	program := filepath.Join(folder, "msflow")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/msflow-go/msflow/cmd/msflow").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command(program, "kernel", "install", "--prefix", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := []string{"JUPYTER_PATH=" + filepath.Join(folder, "share", "jupyter"), "MSFLOW_HISTORY=" + filepath.Join(folder, "history")}
	out := jupyterenv.Run(t, python, env, script, folder)
	if !strings.HasSuffix(out, "ok\n") {
		t.Error(out)
	}
	return folder
}

func checkScreenshot(t *testing.T, file, keep string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil || c.Width < 1000 || c.Height < 600 {
		t.Errorf("%s: %dx%d, %v", file, c.Width, c.Height, err)
	}
	if keep == "" {
		return
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(keep, b, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}
