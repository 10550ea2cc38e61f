package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
)

// asSeveral tells the test binary that it was started to run on several devices.
const asSeveral = "MSFLOW_TEST_DEVICES"

// TestSeveralDevices runs the tests below with the processor as four devices: XLA reads from the environment how many it shall be, so that
// takes a process of its own.
func TestSeveralDevices(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to train on four devices")
	}
	plugin := cpuPlugin()
	if plugin == "" {
		t.Skip("no plugin for the processor: pip install xla-cpu-pjrt has one")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestShared", "-test.v")
	cmd.Env = append(os.Environ(), xla.PluginVariable+"="+plugin, "XLA_FLAGS=--xla_force_host_platform_device_count=4", asSeveral+"=4")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "--- PASS: TestShared") < 3 {
		t.Errorf("%v\n%s", err, out)
	}
}

// cpuPlugin is the one that the environment names, or that of the tests' Python environment.
func cpuPlugin() string {
	if path := os.Getenv(xla.PluginVariable); path != "" {
		return path
	}
	found, _ := filepath.Glob(filepath.Join(os.Getenv("MSFLOW_VENV"), "lib", "python3*", "site-packages", "xla_plugins", "xla_cpu_pjrt", "*.so"))
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// several are four devices as one.
func several(t *testing.T) *xla.Device {
	t.Helper()
	if os.Getenv(asSeveral) == "" {
		t.Skip("TestSeveralDevices runs this in a process that has several devices")
	}
	d, _, err := xla.OpenSeveral(xla.XLA, 4)
	check(t, err)
	return d
}

// TestSharedTraining: four devices that share every batch of four, and of two, come to the numbers of one. Batch normalisation looks at the
// whole batch, and the last batch of two cannot be divided.
func TestSharedTraining(t *testing.T) {
	d := several(t)
	for _, subnet := range []string{"conv_ln", "conv_bn"} {
		t.Run(subnet, func(t *testing.T) {
			want, wantLosses, wantNorms, wantHistory := trained(t, subnet, device(t), xla.Float32)
			got, losses, norms, history := trained(t, subnet, d, xla.Float32)
			near(t, "losses", losses, wantLosses, 1e-6)
			near(t, "gradient norms", norms, wantNorms, 1e-5)
			for i, p := range got.Params() {
				// A bias before batch normalisation has no gradient but rounding errors, which Adam makes steps of, and the running mean follows
				// it. The running variance, which would tell statistics of a part of the batch, and the held-out loss, which uses both, are compared.
				if adrift := subnet == "conv_bn" && (strings.HasSuffix(p.Name, ".conv1.bias") || strings.HasSuffix(p.Name, ".running_mean")); !p.IsInt() && !adrift {
					near(t, p.Name, floats(p.Float32s()), floats(want.Params()[i].Float32s()), 1e-5)
				}
			}
			for i, e := range history {
				near(t, "epoch", []float64{e.Loss, e.HeldOut}, []float64{wantHistory[i].Loss, wantHistory[i].HeldOut}, 1e-6)
			}
		})
	}
}

// TestSharedInference: results come back as they would from one device, for batches that can be divided and for one that cannot.
func TestSharedInference(t *testing.T) {
	d := several(t)
	for _, batch := range []int{8, 6} {
		tape := flow.NewTape(batch)
		x := tape.Input("x", flow.Map{C: 3, H: 4, W: 5})
		y := G.Must(G.Add(G.Must(G.Tanh(x)), x))
		sum := G.Must(G.Sum(G.Must(G.Square(y))))
		values := make([]float32, x.Shape().TotalSize())
		for i := range values {
			values[i] = float32(i%17) / 8
		}
		var results [2][]any
		for i, on := range []*xla.Device{device(t), d} {
			g, err := xla.Compile(t.Context(), on, []*G.Node{y, sum}, xla.Inputs(x), xla.Float32)
			check(t, err)
			results[i], err = g.Run(t.Context(), values)
			check(t, err)
		}
		if !slices.Equal(results[0][0].([]float32), results[1][0].([]float32)) {
			t.Errorf("batch of %d: %v\nwant %v", batch, results[1][0], results[0][0])
		}
		near(t, "sum", floats(results[1][1].([]float32)), floats(results[0][1].([]float32)), 1e-6)
	}
}

func TestSharedDevicesMustBeThere(t *testing.T) {
	several(t)
	if _, _, err := xla.OpenSeveral(xla.XLA, 5); err == nil || !strings.Contains(err.Error(), "has 4 devices, not 5") {
		t.Error(err)
	}
}
