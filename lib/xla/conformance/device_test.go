// Package conformance holds the CPU and every device to the same numbers: one suite, run on the device of
// MSFLOW_PJRT_PLUGIN when that is set, on a GPU when there is one, and otherwise on the interpreter of package interp.
package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/msflow-go/msflow/lib/xla"
	"github.com/msflow-go/msflow/lib/xla/interp"
	"github.com/msflow-go/msflow/lib/xla/remote"
)

// theDevice is where the suite runs.
var theDevice = sync.OnceValues(func() (*xla.Device, error) {
	if os.Getenv(xla.PluginVariable) != "" {
		d, _, err := xla.Open(xla.XLA)
		return d, err
	}
	if d, _, err := xla.Open(xla.CUDA); err == nil {
		return d, nil
	}
	return xla.NewDevice("interpreter", "float64, op by op", interp.New()), nil
})

// isFast tells whether the device is one; on the interpreter it says what to set to run the test.
func isFast(t testing.TB) {
	t.Helper()
	if device(t).Platform == "interpreter" {
		t.Skipf("too slow on the interpreter: there is no GPU here and %s names no plugin", xla.PluginVariable)
	}
}

func device(t testing.TB) *xla.Device {
	t.Helper()
	d, err := theDevice()
	check(t, err)
	return d
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "msflow-device")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if os.Getenv(remote.HelperVariable) == "" && (os.Getenv(xla.PluginVariable) != "" || os.Getenv("MSFLOW_SLOW") != "") {
		if err := build(filepath.Join(dir, "msflow-device")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if d, err := theDevice(); err == nil {
		fmt.Printf("conformance on %s, %s\n", d, d.Version)
	}
	return m.Run()
}

// build builds the program that opens plugins, and has the environment name it.
func build(path string) error {
	cmd := exec.Command("go", "build", "-o", path, "github.com/msflow-go/msflow/cmd/msflow-device")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building msflow-device: %w\n%s", err, out)
	}
	return os.Setenv(remote.HelperVariable, path)
}
