package detector

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/xla"
	"github.com/msflow-go/msflow/lib/xla/interp"
)

// TestDevice: a detector that trains and judges on a device gives the processor's losses and maps. The device is the
// interpreter, whose programs are those that a GPU would run.
func TestDevice(t *testing.T) {
	// Whitening multiplies the rounding of the features by up to a hundred.
	for name, c := range map[string]struct {
		recipe, pool string
		tolerance    float64
	}{"paper": {Paper, "", 1e-3}, "whitened": {Whitened, "", 1e-2}, "whitened averages": {Whitened, "avg", 1e-2}} {
		t.Run(name, func(t *testing.T) { compareDevice(t, Config{Recipe: c.recipe, Pool: c.pool}, c.tolerance) })
	}
}

func compareDevice(t *testing.T, c Config, tolerance float64) {
	data, err := datasets.Synthetic(datasets.Size(32), datasets.Counts(5, 2, 1), datasets.Seed(2))
	if err != nil {
		t.Fatal(err)
	}
	c.Blocks, c.Cond, c.Seed, c.Size = []int{1, 1, 1}, 8, 5, [2]int{32, 32}
	cpu, device := deviceDetector(t, c, nil), deviceDetector(t, c, xla.NewDevice("test", "interpreter", interp.New()))
	var losses [2][]float64
	var results [2]*Result
	for i, d := range []*Detector{cpu, device} {
		var judged []float64
		err := d.Fit(context.Background(), data.Train, Epochs(2), BatchSize(3), LearningRate(1e-3), JudgeEvery(2, data.Test, func(_ int, r *Result) error {
			judged = append(judged, r.Images[0].Score)
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range d.Epochs {
			losses[i] = append(losses[i], e.Loss)
		}
		losses[i] = append(losses[i], judged...)
		if results[i], err = d.Test(context.Background(), data.Test); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, "losses and scores", losses[1], losses[0], tolerance)
	for i, p := range results[1].Images {
		for s, m := range p.LogP {
			compare(t, p.Name, m, results[0].Images[i].LogP[s], tolerance)
		}
	}
	if text := device.String(); !strings.Contains(text, "interpreter") {
		t.Errorf("the summary does not name the device:\n%s", text)
	}
}

func deviceDetector(t *testing.T, c Config, d *xla.Device) *Detector {
	t.Helper()
	out, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if d != nil {
		out.runner = newAccelerator(out, d, xla.Float32)
	}
	return out
}

func compare[T float32 | float64](t *testing.T, what string, got, want []T, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if e := math.Abs(float64(got[i] - w)); !(e <= tol*math.Max(1, math.Abs(float64(w)))) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], w)
		}
	}
}

func TestUseDeviceRefuses(t *testing.T) {
	d, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	for device, precision := range map[string]string{"abacus": "", "cpu": "f8"} {
		if err := d.UseDevice(device, precision); err == nil || !strings.Contains(err.Error(), device) && !strings.Contains(err.Error(), precision) {
			t.Errorf("device %s, precision %s: %v", device, precision, err)
		}
	}
	if _, err := New(Config{Device: "abacus"}); err == nil {
		t.Error("New takes a device that does not exist")
	}
}
