// Package conformance holds the CPU and every device to the same numbers: one suite, run on the device of
// MSFLOW_PJRT_PLUGIN when that is set, on a GPU when there is one, and otherwise on the interpreter of package interp.
package conformance

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/msflow-go/msflow/lib/xla"
	"github.com/msflow-go/msflow/lib/xla/interp"
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

func TestMain(m *testing.M) {
	if d, err := theDevice(); err == nil {
		fmt.Printf("conformance on %s, %s\n", d, d.Version)
	}
	os.Exit(m.Run())
}
