package backbone

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/weights"
)

func TestNewNamesWhatIsWrong(t *testing.T) {
	good, err := RandomWeights("resnet18", 0)
	if err != nil {
		t.Fatal(err)
	}
	change := func(name string, edit func(*weights.Tensor)) *weights.StateDict {
		var tensors []weights.Tensor
		for _, n := range good.Names() {
			x, _ := good.Get(n)
			if n == name {
				x.Data = slices.Clone(x.Data)
				edit(&x)
			}
			tensors = append(tensors, x)
		}
		return weights.NewStateDict("net.pth", tensors...)
	}
	for name, c := range map[string]struct {
		sd    *weights.StateDict
		words string
	}{
		"missing":    {change("layer2.0.conv1.weight", func(x *weights.Tensor) { x.Name = "other" }), "net.pth|layer2.0.conv1.weight"},
		"shape":      {change("layer1.0.bn2.bias", func(x *weights.Tensor) { x.Shape = []int{32} }), "net.pth|layer1.0.bn2.bias|[32]|[64]"},
		"integers":   {change("bn1.weight", func(x *weights.Tensor) { x.DType, x.Data = "I64", nil }), "net.pth|bn1.weight|I64"},
		"variance":   {change("bn1.running_var", func(x *weights.Tensor) { x.Data[3] = -1 }), "bn1.running_var|element 3|-1"},
		"variance 2": {change("bn1.running_var", func(x *weights.Tensor) { x.Data[3] = float32(math.NaN()) }), "bn1.running_var|element 3"},
		"other net":  {weights.EmbeddedLite0(), "conv1.weight|efficientnet_lite0"},
		"data parallel": {change("conv1.weight", func(x *weights.Tensor) { x.Name = "module.conv1.weight" }),
			"conv1.weight|module.conv1.weight"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New("resnet18", c.sd, Options{})
			wantWords(t, err, append(strings.Split(c.words, "|"), "resnet18")...)
		})
	}
	_, err = New("resnet19", good, Options{})
	wantWords(t, err, "resnet19", "wide_resnet50_2")
	_, err = New("resnet18", good, Options{Padding: "same"})
	wantWords(t, err, `"same"`, "reflect", "zero")
}

// Folding against the definition of batch normalisation.
func TestFolding(t *testing.T) {
	r := &recorder{seed: 3}
	b := &builder{src: r}
	c := b.conv(conv{in: 4, out: 6, k: 3, groups: 2}, "c", "n", 1e-3)
	if b.err != nil {
		t.Fatal(b.err)
	}
	w, gain, offset, mean, variance := r.tensors[0].Data, r.tensors[1].Data, r.tensors[2].Data, r.tensors[3].Data, r.tensors[4].Data
	x := fixture.Fill("patch", -1, 1, 18) // what one output pixel sees of its group
	for o := range 6 {
		var plain, folded float64
		for i, v := range x {
			plain += float64(w[o*18+i]) * float64(v)
			folded += float64(c.w[o*18+i]) * float64(v)
		}
		want := float64(gain[o])*(plain-float64(mean[o]))/math.Sqrt(float64(variance[o])+1e-3) + float64(offset[o])
		if got := folded + float64(c.bias[o]); math.Abs(got-want) > 1e-6 {
			t.Errorf("channel %d gives %g, want %g", o, got, want)
		}
	}
}

// Known values of the generator, from its definition evaluated elsewhere (Python integers).
func TestFill(t *testing.T) {
	got := fixture.Fill("conv1.weight", -1, 1, 3)
	if want := fillGolden; !slices.Equal(got, want) {
		t.Errorf("Fill gives %v, want %v", got, want)
	}
}

func TestRandomWeightsDependOnTheSeed(t *testing.T) {
	a, _ := RandomWeights("resnet18", 0)
	b, _ := RandomWeights("resnet18", 1)
	x, _ := a.Get("conv1.weight")
	y, _ := b.Get("conv1.weight")
	if slices.Equal(x.Data, y.Data) {
		t.Error("two seeds give the same weights")
	}
	_, err := RandomWeights("resnet19", 0)
	wantWords(t, err, "resnet19")
}

var fillGolden = []float32{0.0962103754, -0.123338647, 0.962522864}
