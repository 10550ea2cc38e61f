package detector

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/weights"
)

// small is a data set and a detector that train in seconds.
func small(t *testing.T) (*datasets.Data, Config) {
	t.Helper()
	data, err := datasets.Synthetic(datasets.Size(64), datasets.Counts(12, 4, 6), datasets.Seed(2))
	if err != nil {
		t.Fatal(err)
	}
	return data, Config{Blocks: []int{1, 1, 2}, Cond: 8, Seed: 5}
}

func fitted(t *testing.T, options ...Option) (*Detector, *datasets.Data) {
	t.Helper()
	data, c := small(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Fit(context.Background(), data.Train, append([]Option{Epochs(3), LearningRate(1e-3)}, options...)...); err != nil {
		t.Fatal(err)
	}
	return d, data
}

func parameters(d *Detector) []float32 {
	var out []float32
	for _, p := range d.Model().Params() {
		out = append(out, p.Float32s()...)
	}
	return out
}

func TestSameSeedSameBits(t *testing.T) {
	a, _ := fitted(t)
	b, _ := fitted(t)
	if !slices.Equal(parameters(a), parameters(b)) {
		t.Error("two trainings with one seed end in different parameters")
	}
	c, _ := fitted(t, CacheBytes(0))
	if !slices.Equal(parameters(a), parameters(c)) {
		t.Error("features in a file give other parameters than features in memory")
	}
}

// The same image must get the same map wherever it is asked for: in a test, in a prediction of another batch, and from a
// detector that was saved and loaded.
func TestVerdictsAgreeEverywhere(t *testing.T) {
	d, data := fitted(t)
	ctx := context.Background()
	r, err := d.Test(ctx, data.Test)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "d.safetensors")
	if err := d.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Config.Size != [2]int{64, 64} || len(loaded.Epochs) != 3 {
		t.Errorf("the loaded detector has size %v and %d epochs of history", loaded.Config.Size, len(loaded.Epochs))
	}
	for i := range data.Test {
		for name, from := range map[string]*Detector{"the detector": d, "the loaded detector": loaded} {
			p, err := from.Predict(ctx, data.Test[i:i+1])
			if err != nil {
				t.Fatal(err)
			}
			if off := largestDifference(p[0].Maps().Mul, r.Images[i].Maps().Mul); off > 1e-5 {
				t.Errorf("image %d: the map predicted by %s is off by %v", i, name, off)
			}
			if math.Abs(p[0].Score-r.Images[i].Score) > 1e-5 {
				t.Errorf("image %d: %s scores %v, the test %v", i, name, p[0].Score, r.Images[i].Score)
			}
		}
	}
}

func largestDifference(a, b []float32) float64 {
	off := 0.0
	for i := range a {
		off = max(off, math.Abs(float64(a[i])-float64(b[i])))
	}
	return off
}

func TestResultIsJudged(t *testing.T) {
	d, data := fitted(t, Epochs(20))
	r, err := d.Test(context.Background(), data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if r.Normal != 4 || r.Anomalous != 6 || r.PixelMetrics == nil || r.Regions < 6 {
		t.Fatalf("%+v", r.Metrics)
	}
	for name, v := range map[string]float64{"det AUROC": r.DetAUROC, "loc AUROC": r.LocAUROC, "AUPRO": r.AUPRO} {
		if !(v >= 0 && v <= 1) {
			t.Errorf("%s is %v", name, v)
		}
	}
	if s := r.String(); !strings.Contains(s, "AUPRO 30 %") {
		t.Errorf("the table has no AUPRO:\n%s", s)
	}
	// Pixels of defects must stand out after a few steps already: the backbone is trained.
	if r.LocAUROC < 0.6 {
		t.Errorf("loc AUROC is %v", r.LocAUROC)
	}
}

func TestJudgeEveryAgreesWithTest(t *testing.T) {
	data, c := small(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var last *Result
	seen := 0
	err = d.Fit(context.Background(), data.Train, Epochs(3), HoldOut(0), JudgeEvery(2, data.Test, func(_ int, r *Result) error {
		seen, last = seen+1, r
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Test(context.Background(), data.Test)
	if err != nil {
		t.Fatal(err)
	}
	if seen != 2 || last.DetAUROC != r.DetAUROC || math.Abs(last.AUPRO-r.AUPRO) > 1e-6 {
		t.Errorf("%d verdicts, the last %+v; Test says %+v", seen, last.Metrics, r.Metrics)
	}
}

func TestFitResumes(t *testing.T) {
	whole, data := fitted(t)
	path := filepath.Join(t.TempDir(), "c.safetensors")
	_, c := small(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	steps := 0
	err = d.Fit(ctx, data.Train, Epochs(3), LearningRate(1e-3), Checkpoint(path), OnStep(func(train.Step) {
		if steps++; steps == 3 {
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled Fit returned %v", err)
	}
	if _, err := d.Test(context.Background(), data.Test); err != nil {
		t.Errorf("the detector is not usable after a cancelled Fit: %v", err)
	}
	other, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Fit(context.Background(), data.Train, Epochs(3), LearningRate(1e-3), Resume(path)); err != nil {
		t.Fatal(err)
	}
	if err := d.Fit(context.Background(), data.Train, Epochs(3), LearningRate(1e-3), Continue()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(parameters(d), parameters(whole)) {
		t.Error("the training that was continued in place ends elsewhere than the uninterrupted one")
	}
	if !slices.Equal(parameters(other), parameters(whole)) {
		t.Error("the resumed training ends elsewhere than the uninterrupted one")
	}
}

func TestCancelledTestReturns(t *testing.T) {
	d, data := fitted(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := d.Test(ctx, data.Test); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a cancelled Test returned %v", err)
	}
}

func TestBadInputIsNamed(t *testing.T) {
	data, c := small(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Test(context.Background(), data.Test); !errors.Is(err, ErrUntrained) {
		t.Errorf("an untrained detector's Test: %v", err)
	}
	if err := d.Fit(context.Background(), data.Test); err == nil || !strings.Contains(err.Error(), "6 of the 10") {
		t.Errorf("training on anomalies: %v", err)
	}
	if err := d.Fit(context.Background(), nil); err == nil {
		t.Error("training on nothing is accepted")
	}
	if err := d.Fit(context.Background(), data.Train, Patience(3)); err == nil {
		t.Error("patience without held-out images is accepted")
	}
	for _, wrong := range []Config{
		{Backbone: "resnet19"}, {Blocks: []int{1}}, {Scales: []int{2, 1}}, {Scales: []int{3}, Blocks: []int{1}}, {Cond: 6}, {Clamp: -1},
		{Pool: "median"}, {Subnet: "mlp"}, {Block: "spline"}, {Padding: "same"}, {Size: [2]int{8, 8}}, {TopK: 2}, {Weights: "no/such/file.pth"},
	} {
		if _, err := New(wrong); err == nil {
			t.Errorf("New accepts %+v", wrong)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	d, _ := fitted(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "d.safetensors")
	if err := d.Save(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 7; at < len(good); at += len(good) / 23 {
		bad := slices.Clone(good)
		bad[at] ^= 0x40
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, ""); err == nil {
			t.Errorf("a detector with byte %d flipped loads", at)
		}
	}
	d.digest = "0123456789abcdef"
	if err := d.Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, ""); err == nil || !strings.Contains(err.Error(), "other weights") {
		t.Errorf("a detector of other backbone weights: %v", err)
	}
}

// A checkpoint in the reference's form must give the very maps of the model that it was made of, in both forms of the
// permutations.
func TestImportReference(t *testing.T) {
	data, c := small(t)
	for _, matrices := range []bool{false, true} {
		c.Size, c.OldClamp = [2]int{64, 64}, matrices
		d, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "reference.safetensors")
		if err := weights.WriteSafetensors(path, referenceTensors(d, matrices), nil); err != nil {
			t.Fatal(err)
		}
		imported, err := ImportReference(path, Config{Size: c.Size})
		if err != nil {
			t.Fatal(err)
		}
		if imported.Config.OldClamp != matrices || imported.Config.Cond != 8 || !slices.Equal(imported.Config.Blocks, c.Blocks) {
			t.Errorf("imported config %+v", imported.Config)
		}
		want, err := d.Predict(context.Background(), data.Test[:2])
		if err != nil {
			t.Fatal(err)
		}
		got, err := imported.Predict(context.Background(), data.Test[:2])
		if err != nil {
			t.Fatal(err)
		}
		if off := largestDifference(got[1].Maps().Mul, want[1].Maps().Mul); off != 0 {
			t.Errorf("matrices %v: the imported detector's map is off by %v", matrices, off)
		}
	}
}

// referenceTensors are a detector's parameters as the reference writes them.
func referenceTensors(d *Detector, matrices bool) []weights.Tensor {
	var out []weights.Tensor
	for _, p := range d.Model().Params() {
		x := weights.Tensor{Name: "model." + p.Name, Shape: slices.Clone([]int(p.Value.Shape())), DType: "F32", Data: p.Float32s()}
		if p.IsInt() {
			x.DType, x.Data, x.Ints = "I64", nil, p.Value.Data().([]int64)
		}
		if p.IsInt() && matrices && strings.HasSuffix(p.Name, "w_perm") {
			x = matrixOf(x)
			inverse := x
			inverse.Name += "_inv"
			out = append(out, inverse)
		}
		out = append(out, x)
	}
	return out
}

func matrixOf(perm weights.Tensor) weights.Tensor {
	c := len(perm.Ints)
	m := make([]float32, c*c)
	for j, k := range perm.Ints {
		m[j*c+int(k)] = 1
	}
	return weights.Tensor{Name: perm.Name, Shape: []int{c, c, 1, 1}, DType: "F32", Data: m}
}

func TestImportRefusesWhatDoesNotFit(t *testing.T) {
	_, c := small(t)
	c.Size = [2]int{64, 64}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	good := referenceTensors(d, false)
	extra := weights.Tensor{Name: "fusion_flow.unknown", Shape: []int{1}, DType: "F32", Data: []float32{1}}
	twice := slices.Clone(good)
	for i, x := range twice {
		if strings.HasSuffix(x.Name, "parallel_flows.1.module_list.0.w_perm") {
			x.Ints = slices.Clone(x.Ints)
			x.Ints[0] = x.Ints[1]
			twice[i] = x
		}
	}
	for want, tensors := range map[string][]weights.Tensor{
		"no tensor":           good[:len(good)-1],
		"belongs to nothing":  append(slices.Clone(good), extra),
		"is no permutation":   twice,
		"not a checkpoint of": {extra},
	} {
		path := filepath.Join(t.TempDir(), "r.safetensors")
		if err := weights.WriteSafetensors(path, tensors, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := ImportReference(path, Config{Size: c.Size}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("wanted an error with %q and the path: %v", want, err)
		}
	}
}

func TestAblationsTrain(t *testing.T) {
	data, _ := small(t)
	for _, c := range []Config{
		{Scales: []int{1}, Blocks: []int{1}}, {Scales: []int{0, 2}, Blocks: []int{1, 1}}, {NoFusion: true, Blocks: []int{1, 1, 1}},
		{Pool: "max", Blocks: []int{1, 1, 1}}, {Pool: "none", Blocks: []int{1, 1, 1}}, {Subnet: "conv_bn", Blocks: []int{1, 1, 1}}, {Block: "glow", Blocks: []int{1, 1, 1}},
	} {
		d, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Fit(context.Background(), data.Train, Epochs(1)); err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if _, err := d.Test(context.Background(), data.Test); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
