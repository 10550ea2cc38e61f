package backbone

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/weights"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Transformers as timm computes them (bench/vit_timm.py): narrow ones, and those of real width.

func narrow(v vit, codes int) vit {
	v.dim, v.heads, v.taps, v.codes = 32, 2, [3]int{0, 1, 3}, codes
	return v
}

var narrowVits = map[string]vit{
	"narrow": narrow(vit224, 4), "narrow_dinov2": narrow(dinov2, 5), "narrow_reg4": narrow(dinov2Reg4, 4),
	"narrow_dinov3": narrow(dinov3, 0), "narrow_dinov3_qkvb": narrow(dinov3, 0),
}

// recorded builds a network from made-up weights, and gives these too.
func recorded(t *testing.T, v vit, more ...string) (*Backbone, *weights.StateDict) {
	t.Helper()
	r := &recorder{}
	b := &builder{src: r}
	v.build(b)
	for _, name := range more {
		r.Floats(name, v.dim)
	}
	sd := weights.NewStateDict("made up", r.tensors...)
	return ofWeights(t, v, sd), sd
}

func ofWeights(t *testing.T, v vit, sd *weights.StateDict) *Backbone {
	t.Helper()
	b := &builder{src: sd}
	n := v.build(b)
	if b.err != nil {
		t.Fatal(b.err)
	}
	return &Backbone{name: "vit", net: n}
}

func TestVitsEqualTimm(t *testing.T) {
	sd, err := weights.Load("testdata/vit_timm.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]bool{}
	for _, name := range sd.Names() {
		cases[name[:len(name)-2]] = true
	}
	if len(cases) < 14 {
		t.Fatalf("only %d cases", len(cases))
	}
	for c := range cases {
		t.Run(c, func(t *testing.T) {
			name, size, _ := strings.Cut(c, ".")
			var h, w int
			fmt.Sscanf(size, "%dx%d", &h, &w)
			b, every := vitOfFixture(t, name), 17
			if _, ok := narrowVits[name]; ok {
				every = 1
			}
			maps, err := b.Features(fixture.Fill("image", -2, 2, 3*h*w), 1, h, w)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range maps {
				holdThinned(t, sd, fmt.Sprintf("%s.%d", c, i), f.Data, every)
			}
		})
	}
}

func vitOfFixture(t *testing.T, name string) *Backbone {
	t.Helper()
	if v, ok := narrowVits[name]; ok {
		var biases []string
		if name == "narrow_dinov3_qkvb" {
			for i := range 4 {
				biases = append(biases, fmt.Sprintf("blocks.%d.attn.q_bias", i), fmt.Sprintf("blocks.%d.attn.v_bias", i))
			}
		}
		b, _ := recorded(t, v, biases...)
		return b
	}
	skipLarge(t, name)
	b, err := Random(name, 0, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// skipLarge leaves the networks of 64 million weights to the slow proofs.
func skipLarge(t *testing.T, name string) {
	t.Helper()
	if strings.HasPrefix(name, "vit_base") && os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("slow; MSFLOW_SLOW=1 runs it")
	}
}

// The authors' files say the same in other words.
func TestVitsOfTheAuthorsNames(t *testing.T) {
	rename := func(sd *weights.StateDict, edit func(weights.Tensor) []weights.Tensor) *weights.StateDict {
		var tensors []weights.Tensor
		for _, n := range sd.Names() {
			x, _ := sd.Get(n)
			tensors = append(tensors, edit(x)...)
		}
		return weights.NewStateDict("authors.pth", tensors...)
	}
	d := 32
	class := fixture.Fill("class code", -1, 1, d)
	for name, edit := range map[string]func(weights.Tensor) []weights.Tensor{
		"narrow_reg4": func(x weights.Tensor) []weights.Tensor {
			switch x.Name {
			case "reg_token":
				x.Name = "register_tokens"
			case "cls_token":
				x.Data = slices.Clone(x.Data)
				for i := range x.Data {
					x.Data[i] -= class[i]
				}
			case "pos_embed":
				x.Shape, x.Data = []int{1, x.Shape[1] + 1, d}, append(slices.Clone(class), x.Data...)
			}
			return []weights.Tensor{x}
		},
		"narrow_dinov3": func(x weights.Tensor) []weights.Tensor {
			x.Name = strings.Replace(x.Name, "reg_token", "storage_tokens", 1)
			x.Name = strings.Replace(x.Name, "gamma_1", "ls1.gamma", 1)
			x.Name = strings.Replace(x.Name, "gamma_2", "ls2.gamma", 1)
			if block, ok := strings.CutSuffix(x.Name, "qkv.weight"); ok { // a bias of which the keys' part is masked
				bias := make([]float32, 3*d)
				for i := range d {
					bias[d+i] = float32(math.NaN())
				}
				return []weights.Tensor{x, {Name: block + "qkv.bias", Shape: []int{3 * d}, DType: "F32", Data: bias}}
			}
			return []weights.Tensor{x}
		},
	} {
		v := narrowVits[name]
		b, sd := recorded(t, v)
		x := fixture.Fill("image", -2, 2, 3*80*112)
		h := 5 * v.patch
		want, err := b.Features(x[:3*h*h], 1, h, h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ofWeights(t, v, rename(sd, edit)).Features(x[:3*h*h], 1, h, h)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if e := relative(got[i].Data, want[i].Data); !(e <= 1e-6) {
				t.Errorf("%s: map %d is off by %.2g", name, i, e)
			}
		}
	}
}

func TestVitsBatchEqualsSingleImages(t *testing.T) {
	b, _ := recorded(t, narrowVits["narrow_reg4"])
	const batch, h, w = 5, 42, 56
	x := fixture.Fill("batch", -2, 2, batch*3*h*w)
	maps, err := b.Features(x, batch, h, w)
	if err != nil {
		t.Fatal(err)
	}
	together := copyMaps(maps)
	for i := range batch {
		alone, err := b.Features(x[i*3*h*w:(i+1)*3*h*w], 1, h, w)
		if err != nil {
			t.Fatal(err)
		}
		for k, f := range alone {
			n := len(f.Data)
			if !slices.Equal(f.Data, together[k].Data[i*n:(i+1)*n]) {
				t.Errorf("map %d of image %d differs", k, i)
			}
		}
	}
}

func TestVitsRefuse(t *testing.T) {
	b, sd := recorded(t, narrowVits["narrow_dinov2"])
	_, err := b.Features(make([]float32, 3*100*112), 1, 100, 112)
	wantWords(t, err, "100×112", "14", "98×112", "112×112")
	_, err = b.Features(make([]float32, 3*34*34), 1, 34, 34)
	wantWords(t, err, "34×34", "42×42")
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(1, 3, 42, 42), G.WithName("image"))
	_, err = b.Graph(x)
	wantWords(t, err, "processor only")
	build := &builder{src: sd}
	narrowVits["narrow_dinov3"].build(build)
	wantWords(t, build.err, "patch_embed.proj.weight", "made up")
	build = &builder{src: sd.Sub("blocks.0")}
	narrowVits["narrow_dinov2"].build(build)
	wantWords(t, build.err, "patch_embed.proj.weight")
}

// gelu against its definition, and softmax against its own.
func TestTransformerFunctions(t *testing.T) {
	x := fixture.Fill("x", -9, 9, 5000)
	x[0], x[1], x[2], x[3] = 0, 60, -60, 1e-20
	got := slices.Clone(x)
	gelu(got)
	for i, v := range x {
		want := float64(v) * 0.5 * math.Erfc(-float64(v)/math.Sqrt2)
		if math.Abs(float64(got[i])-want) > 1e-6*max(1, math.Abs(want)) {
			t.Fatalf("gelu(%g) = %g, want %g", v, got[i], want)
		}
	}
	const n = 37
	scores := fixture.Fill("scores", -200, 200, n*n)
	m, peak, total := slices.Clone(scores), make([]float32, n), make([]float32, n)
	softmaxColumns(m, peak, total)
	for c := range n {
		top, sum := math.Inf(-1), 0.0
		for r := range n {
			top = max(top, float64(scores[r*n+c]))
		}
		for r := range n {
			sum += math.Exp(float64(scores[r*n+c]) - top)
		}
		for r := range n {
			want := math.Exp(float64(scores[r*n+c])-top) / sum
			if e := math.Abs(float64(m[r*n+c]/total[c]) - want); e > 1e-6 {
				t.Fatalf("softmax at %d,%d is off by %g", r, c, e)
			}
		}
	}
}
