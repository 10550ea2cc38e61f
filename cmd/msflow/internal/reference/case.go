// Package reference computes the cases again that the reference program was run on, and compares tensor by tensor.
package reference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/lib/weights"
	"github.com/msflow-go/msflow/lib/xla"
)

// A Case is one that the reference program was run on: NAME.json describes it, NAME.safetensors holds its results.
// The name's beginning says of which kind it is.
type Case struct {
	name    string
	folder  string
	json    []byte
	results *weights.StateDict

	device    *xla.Device // nil: the processor
	precision xla.Precision
}

// Comparison is one result held against the reference's.
type Comparison struct {
	Case      string  `json:"case"`
	Tensor    string  `json:"tensor"`
	Error     float64 `json:"error"`
	Tolerance float64 `json:"tolerance"`
	Relative  bool    `json:"relative"`
}

// Passed tells whether the error is within the tolerance.
func (c Comparison) Passed() bool { return c.Error <= c.Tolerance } // NaN fails

// verifiers by the beginning of a case's name.
var verifiers = []struct {
	prefix string
	verify func(ctx context.Context, f *Case) ([]Comparison, error)
}{
	{"flow_", verifyFlow},
	{"backbone_", verifyBackbone},
	{"metrics_", verifyMetrics},
	{"preprocess_", verifyPreprocess},
}

// Verify computes the case that the .json file at path describes again, on the device or, where that is nil, the
// processor, and compares it with the reference's results in the .safetensors file beside it.
func Verify(ctx context.Context, path string, device *xla.Device, precision xla.Precision) ([]Comparison, error) {
	name := strings.TrimSuffix(filepath.Base(path), ".json")
	for _, v := range verifiers {
		if !strings.HasPrefix(name, v.prefix) {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		results, err := weights.Load(filepath.Join(filepath.Dir(path), name+".safetensors"))
		if err != nil {
			return nil, err
		}
		return v.verify(ctx, &Case{name, filepath.Dir(path), text, results, device, precision})
	}
	return nil, errors.New("its name does not begin with flow_, backbone_, metrics_ or preprocess_")
}

// decode reads the case's description.
func (f *Case) decode(into any) error {
	if err := json.Unmarshal(f.json, into); err != nil {
		return fmt.Errorf("reading its description: %w", err)
	}
	return nil
}

// compare holds got against the reference's tensor: ‖got−want‖/‖want‖.
func (f *Case) compare(tensor string, got []float32, tolerance float64) (Comparison, error) {
	want, err := f.results.Get(tensor)
	if err != nil {
		return Comparison{}, err
	}
	if len(want.Data) != len(got) {
		return Comparison{}, fmt.Errorf("tensor %s: the reference has %d values %v, this program %d", tensor, len(want.Data), want.Shape, len(got))
	}
	return Comparison{f.name, tensor, relativeError(got, want.Data), tolerance, true}, nil
}

func relativeError(got, want []float32) float64 {
	var diff, norm float64
	for i, w := range want {
		d := float64(got[i]) - float64(w)
		diff += d * d
		norm += float64(w) * float64(w)
	}
	if norm == 0 {
		return math.Sqrt(diff)
	}
	return math.Sqrt(diff / norm)
}
