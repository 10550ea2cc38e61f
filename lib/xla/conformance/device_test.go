// Package conformance holds the CPU and every device to the same numbers: one suite, run on the device of
// MSFLOW_PJRT_PLUGIN when that is set, on a GPU when there is one, and otherwise on the interpreter of package interp.
package conformance

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/msflow-go/msflow/lib/xla"
)

// theDevice is where the suite runs.
var theDevice = sync.OnceValues(func() (*xla.Device, error) {
	if os.Getenv(xla.PluginVariable) != "" {
		d, _, err := xla.Open(xla.XLA)
		return d, err
	}
	d, _, err := xla.Open(xla.CUDA)
	return d, err
})

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
	d, err := theDevice()
	fmt.Println("device:", d, err)
	os.Exit(m.Run())
}
