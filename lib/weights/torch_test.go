package weights

import (
	"encoding/json"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/nlpodyssey/gopickle/pytorch"
	"github.com/nlpodyssey/gopickle/types"
)

// torchFiles were written by PyTorch 1.13 (testdata/make.py), which also wrote down what it reads back from them.
var torchFiles = []string{"zip.pth", "legacy.pth", "protocol4.pth", "legacy4.pth", "module.pth", "module_legacy.pth", "checkpoint.pt"}

type goldenTensor struct {
	Name, DType string
	Shape       []int
	Values      []float64
}

func readGolden(t *testing.T, file string) []goldenTensor {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden []goldenTensor
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	return golden
}

func TestLoadMatchesTorch(t *testing.T) {
	for _, file := range torchFiles {
		t.Run(file, func(t *testing.T) {
			d, err := Load(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			golden := readGolden(t, file)
			if d.Len() != len(golden) {
				t.Errorf("%d tensors, want %d", d.Len(), len(golden))
			}
			for i, g := range golden {
				if d.Names()[i] != g.Name {
					t.Errorf("tensor %d is %s, want %s", i, d.Names()[i], g.Name)
				}
				compareTensor(t, d, g)
			}
		})
	}
}

func compareTensor(t *testing.T, d *StateDict, g goldenTensor) {
	t.Helper()
	x, err := d.Get(g.Name)
	if err != nil {
		t.Error(err)
		return
	}
	if x.DType != g.DType || !slices.Equal(x.Shape, g.Shape) {
		t.Errorf("%s is %s %v, want %s %v", g.Name, x.DType, x.Shape, g.DType, g.Shape)
		return
	}
	if len(x.Data)+len(x.Ints) != len(g.Values) {
		t.Errorf("%s has %d values, want %d", g.Name, len(x.Data)+len(x.Ints), len(g.Values))
		return
	}
	for i, want := range g.Values {
		if x.Data != nil && x.Data[i] != float32(want) || x.Ints != nil && x.Ints[i] != int64(want) {
			t.Errorf("%s[%d] is wrong, want %g", g.Name, i, want)
		}
	}
}

// A second opinion from an independent reader, which knows fewer types.
func TestLoadMatchesGopickle(t *testing.T) {
	for _, file := range []string{"module.pth", "module_legacy.pth"} {
		path := filepath.Join("testdata", file)
		raw, err := pytorch.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		theirs := raw.(*types.OrderedDict)
		if theirs.Len() != d.Len() {
			t.Errorf("%s: %d tensors, gopickle has %d", file, d.Len(), theirs.Len())
		}
		for _, name := range d.Names() {
			ours, _ := d.Get(name)
			v, _ := theirs.Get(name)
			compareGopickle(t, ours, v.(*pytorch.Tensor))
		}
	}
}

func compareGopickle(t *testing.T, ours Tensor, theirs *pytorch.Tensor) {
	t.Helper()
	same := slices.Equal(ours.Shape, theirs.Size)
	switch s := theirs.Source.(type) {
	case *pytorch.FloatStorage:
		same = same && slices.Equal(ours.Data, s.Data)
	case *pytorch.LongStorage:
		same = same && slices.Equal(ours.Ints, s.Data)
	default:
		same = false
	}
	if !same {
		t.Errorf("%s is %v, gopickle has %v", ours.Name, ours, theirs.Source)
	}
}

func TestLoadTreeKeepsTheCheckpoint(t *testing.T) {
	v, err := LoadTree("testdata/checkpoint.pt")
	if err != nil {
		t.Fatal(err)
	}
	tree := v.(*Dict)
	want := map[string]any{
		"epoch": int64(7), "best": 0.75, "note": "grün", "done": true, "none": nil, "minus": int64(-3),
		"big": new(big.Int).Lsh(big.NewInt(1), 100), "size": []any{int64(4), int64(5)},
	}
	for key, w := range want {
		if got, ok := tree.Get(key); !ok || !reflect.DeepEqual(got, w) {
			t.Errorf("%s is %v, want %v", key, got, w)
		}
	}
	flows, _ := tree.Get("parallel_flows")
	first := flows.([]any)[0].(*Dict)
	w, _ := first.Get("0.weight")
	if w.(Tensor).Name != "parallel_flows.0.0.weight" {
		t.Errorf("the nested tensor is called %s", w.(Tensor).Name)
	}
	optimizer, _ := tree.Get("optimizer")
	state, _ := optimizer.(*Dict).Get("state")
	if moments, ok := state.(*Dict).Get(0); !ok || moments.(*Dict).Len() != 3 {
		t.Errorf("Adam's state of parameter 0 is %v", moments)
	}
	milestones, _ := tree.Get("milestones")
	if n, _ := milestones.(*Dict).Get(70); n != int64(1) {
		t.Errorf("the Counter gives %v", n)
	}
}

func TestLoadFlattensTheCheckpoint(t *testing.T) {
	d, err := Load("testdata/checkpoint.pt")
	if err != nil {
		t.Fatal(err)
	}
	fusion := d.Sub("fusion_flow.")
	if b, err := fusion.Floats("bias", 2); err != nil || len(b) != 2 {
		t.Errorf("fusion_flow.bias: %v, %v", b, err)
	}
}

func TestDangerousPicklesAreRefusedByName(t *testing.T) {
	for file, name := range map[string]string{
		"evil.pth": "posix.system", "evil_legacy.pth": "posix.system",
		"whole_module.pth": "torch.nn.modules.container.Sequential",
	} {
		_, err := Load(filepath.Join("testdata", file))
		wantWords(t, err, file, name, "refusing")
	}
}

// Strided views against the definition, on random shapes.
func TestPackMatchesTheDefinition(t *testing.T) {
	raw := make([]byte, 4*500)
	for i := range 500 {
		le.PutUint32(raw[4*i:], math.Float32bits(float32(i)))
	}
	f32, _ := dtypeOf("F32")
	for _, c := range []struct{ shape, strides []int64 }{
		{[]int64{3, 4, 5}, []int64{20, 5, 1}}, {[]int64{5, 4, 3}, []int64{1, 5, 20}}, {[]int64{2, 3}, []int64{0, 7}},
		{[]int64{4, 1, 2}, []int64{3, 99, 100}}, {[]int64{1}, []int64{5}}, {nil, nil}, {[]int64{0, 3}, []int64{3, 1}},
	} {
		view := &lazyTensor{&storage{dtype: f32, numel: 500, raw: raw}, 11, c.shape, c.strides}
		got, err := newTensorReader(int64(len(raw))).read("x", view)
		if err != nil {
			t.Fatal(err)
		}
		var want []float32
		walk(c.shape, c.strides, 11, func(at int64) { want = append(want, float32(at)) })
		if !slices.Equal(got.Data, want) {
			t.Errorf("%v %v gives %v, want %v", c.shape, c.strides, got.Data, want)
		}
	}
}

func walk(shape, strides []int64, at int64, visit func(int64)) {
	if len(shape) == 0 {
		visit(at)
		return
	}
	for i := range shape[0] {
		walk(shape[1:], strides[1:], at+i*strides[0], visit)
	}
}
