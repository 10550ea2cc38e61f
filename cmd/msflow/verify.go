package main

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
	"github.com/spf13/cobra"
)

// A referenceCase is one that the reference program was run on: NAME.json describes it, NAME.safetensors holds its results.
// The name's beginning says of which kind it is.
type referenceCase struct {
	name    string
	folder  string
	json    []byte
	results *weights.StateDict

	device    *xla.Device // nil: the processor
	precision xla.Precision
}

// comparison is one result held against the reference's.
type comparison struct {
	Case      string  `json:"case"`
	Tensor    string  `json:"tensor"`
	Error     float64 `json:"error"`
	Tolerance float64 `json:"tolerance"`
	Relative  bool    `json:"relative"`
}

func (c comparison) passed() bool { return c.Error <= c.Tolerance } // NaN fails

// verifiers by the beginning of a case's name.
var verifiers = []struct {
	prefix string
	verify func(ctx context.Context, f *referenceCase) ([]comparison, error)
}{
	{"flow_", verifyFlow},
	{"backbone_", verifyBackbone},
	{"metrics_", verifyMetrics},
	{"preprocess_", verifyPreprocess},
}

func verifyCommand() *cobra.Command {
	var f deviceFlags
	cmd := &cobra.Command{
		Use:   "verify FOLDER",
		Short: "Compare this program with the reference's numbers in a folder of fixtures",
		Long: "Every case of the folder is computed again and compared with the reference's results, tensor by tensor.\n" +
			"Values and features may differ by 1e-4 of their norm, gradients and training traces by 1e-3, metrics by 1e-6.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return verifyFolder(cmd, args[0], &f) },
	}
	f.register(cmd, xla.Float32)
	return cmd
}

func verifyFolder(cmd *cobra.Command, folder string, f *deviceFlags) error {
	device, precision, err := f.open(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(cases) == 0 {
		return fmt.Errorf("%s holds no fixtures (NAME.json beside NAME.safetensors)", folder)
	}
	var all []comparison
	var errs []error
	for _, path := range cases {
		found, err := verifyCase(cmd.Context(), path, device, precision)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
		all = append(all, found...)
		if !wantsJSON(cmd) {
			printComparisons(cmd, found)
		}
	}
	missed := 0
	for _, c := range all {
		if !c.passed() {
			missed++
		}
	}
	if wantsJSON(cmd) {
		if err := printJSON(cmd, map[string]any{"cases": len(cases), "tensors": len(all), "missed": missed, "comparisons": all}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "%d cases, %d tensors, %d missed\n", len(cases), len(all), missed)
	}
	if missed > 0 {
		errs = append(errs, fmt.Errorf("%d of %d tensors differ from the reference by more than the tolerance", missed, len(all)))
	}
	return errors.Join(errs...)
}

func printComparisons(cmd *cobra.Command, found []comparison) {
	for _, c := range found {
		mark := "ok  "
		if !c.passed() {
			mark = "MISS"
		}
		kind := "absolute"
		if c.Relative {
			kind = "relative"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s %-26s %-66s %s error %.2e (≤ %.0e)\n", mark, c.Case, c.Tensor, kind, c.Error, c.Tolerance)
	}
}

func verifyCase(ctx context.Context, path string, device *xla.Device, precision xla.Precision) ([]comparison, error) {
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
		return v.verify(ctx, &referenceCase{name, filepath.Dir(path), text, results, device, precision})
	}
	return nil, errors.New("its name does not begin with flow_, backbone_, metrics_ or preprocess_")
}

// decode reads the case's description.
func (f *referenceCase) decode(into any) error {
	if err := json.Unmarshal(f.json, into); err != nil {
		return fmt.Errorf("reading its description: %w", err)
	}
	return nil
}

// compare holds got against the reference's tensor: ‖got−want‖/‖want‖.
func (f *referenceCase) compare(tensor string, got []float32, tolerance float64) (comparison, error) {
	want, err := f.results.Get(tensor)
	if err != nil {
		return comparison{}, err
	}
	if len(want.Data) != len(got) {
		return comparison{}, fmt.Errorf("tensor %s: the reference has %d values %v, this program %d", tensor, len(want.Data), want.Shape, len(got))
	}
	return comparison{f.name, tensor, relativeError(got, want.Data), tolerance, true}, nil
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
