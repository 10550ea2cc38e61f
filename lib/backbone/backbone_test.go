package backbone

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/weights"
)

// relative is ‖got−want‖/‖want‖.
func relative(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var diff, norm float64
	for i := range want {
		d := float64(got[i]) - float64(want[i])
		diff += d * d
		norm += float64(want[i]) * float64(want[i])
	}
	return math.Sqrt(diff / norm)
}

// published gives lite0 its real weights and the others those of the fixtures.
func published(t testing.TB, name string, opts Options) *Backbone {
	t.Helper()
	sd := weights.EmbeddedLite0()
	if name != "efficientnet_lite0" {
		var err error
		if sd, err = RandomWeights(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	b, err := New(name, sd, opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The reference program's own feature maps (testdata/fixtures at the top).
func TestFixtures(t *testing.T) {
	const fixtures = "../../testdata/fixtures"
	cases, _ := filepath.Glob(filepath.Join(fixtures, "backbone_*.json"))
	if len(cases) < 2 {
		t.Fatalf("%d cases in %s", len(cases), fixtures)
	}
	for _, path := range cases {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Arch                 string
			Batch, Height, Width int
		}
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Arch, func(t *testing.T) {
			want, err := weights.Load(strings.TrimSuffix(path, ".json") + ".safetensors")
			if err != nil {
				t.Fatal(err)
			}
			b := published(t, c.Arch, Options{})
			x := fixture.Fill("image", -2, 2, c.Batch*3*c.Height*c.Width)
			maps, err := b.Features(x, c.Batch, c.Height, c.Width)
			if err != nil {
				t.Fatal(err)
			}
			compareMaps(t, want, "feature", maps, c.Batch)
			compareMaps(t, want, "pooled", Pool(maps, c.Batch, "avg"), c.Batch)
		})
	}
}

func compareMaps(t *testing.T, want *weights.StateDict, what string, maps []Feature, batch int) {
	t.Helper()
	for i, f := range maps {
		w, err := want.Floats(fmt.Sprintf("%s.%d", what, i), batch, f.C, f.H, f.W)
		if err != nil {
			t.Fatal(err)
		}
		if e := relative(f.Data, w); !(e <= 1e-5) {
			t.Errorf("%s.%d is off by %.2g", what, i, e)
		} else {
			t.Logf("%s.%d is off by %.2g", what, i, e)
		}
	}
}

// Other networks, paddings and sizes against PyTorch (testdata/golden.py).
func TestGolden(t *testing.T) {
	golden, err := weights.Load("testdata/golden.pth")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]bool{}
	for _, name := range golden.Names() {
		cases[name[:len(name)-2]] = true
	}
	if len(cases) < 9 {
		t.Fatalf("only %d cases", len(cases))
	}
	for c := range cases {
		t.Run(c, func(t *testing.T) {
			part := strings.Split(c, ".")
			var h, w int
			fmt.Sscanf(part[2], "%dx%d", &h, &w)
			b := published(t, part[0], Options{Padding: part[1]})
			maps, err := b.Features(fixture.Fill("image", -2, 2, 3*h*w), 1, h, w)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range maps {
				want, err := golden.Get(fmt.Sprintf("%s.%d", c, i))
				if err != nil {
					t.Fatal(err)
				}
				if e := relative(everySeventh(f.Data), want.Data); !(e <= 1e-5) {
					t.Errorf("map %d is off by %.2g", i, e)
				} else {
					t.Logf("map %d is off by %.2g", i, e)
				}
			}
		})
	}
}

func everySeventh(v []float32) []float32 {
	var out []float32
	for i := 0; i < len(v); i += 7 {
		out = append(out, v[i])
	}
	return out
}

// A batch gives what its images give alone, whatever ran before in the same buffers.
func TestBatchEqualsSingleImages(t *testing.T) {
	b := published(t, "efficientnet_lite0", Options{})
	const batch, h, w = 5, 40, 56
	x := fixture.Fill("batch", -2, 2, batch*3*h*w)
	var alone [][]Feature
	for i := range batch {
		maps, err := b.Features(x[i*3*h*w:(i+1)*3*h*w], 1, h, w)
		if err != nil {
			t.Fatal(err)
		}
		alone = append(alone, copyMaps(maps))
		if _, err := b.Features(fixture.Fill("other", -2, 2, 3*64*33), 1, 64, 33); err != nil {
			t.Fatal(err)
		}
	}
	maps, err := b.Features(x, batch, h, w)
	if err != nil {
		t.Fatal(err)
	}
	for k, f := range maps {
		n := f.C * f.H * f.W
		for i := range batch {
			if !slices.Equal(f.Data[i*n:(i+1)*n], alone[i][k].Data) {
				t.Errorf("map %d of image %d differs", k, i)
			}
		}
	}
}

func copyMaps(maps []Feature) []Feature {
	out := slices.Clone(maps)
	for i := range out {
		out[i].Data = slices.Clone(out[i].Data)
	}
	return out
}

func TestShapesOfAllBackbones(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			skipLarge(t, name)
			b, err := Random(name, 1, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if b.Name() != name {
				t.Errorf("it is called %s", b.Name())
			}
			sizes := [][2]int{{32, 32}, {39, 61}}
			if p := b.Strides()[0]; p > 4 {
				sizes = [][2]int{{3 * p, 4 * p}}
			}
			for _, size := range sizes {
				holdShapes(t, b, size[0], size[1])
			}
		})
	}
}

func holdShapes(t *testing.T, b *Backbone, h, w int) {
	t.Helper()
	maps, err := b.Features(fixture.Fill("x", -2, 2, 3*h*w), 1, h, w)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range maps {
		s := b.Strides()[i]
		want := [3]int{b.Channels()[i], (h + s - 1) / s, (w + s - 1) / s}
		if [3]int{f.C, f.H, f.W} != want || len(f.Data) != f.C*f.H*f.W {
			t.Errorf("%d×%d: map %d is %d×%d×%d, want %v", h, w, i, f.C, f.H, f.W, want)
		}
		if v := simd.SumSquares(f.Data) / float64(len(f.Data)); !(v > 1e-4 && v < 1e4) {
			t.Errorf("%d×%d: map %d has mean square %g", h, w, i, v)
		}
	}
}

func TestFeaturesRefuses(t *testing.T) {
	b, err := Random("resnet18", 0, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n, batch, h, w int
		words          string
	}{
		{3 * 31 * 64, 1, 31, 64, "31×64|32×32"},
		{3 * 64 * 31, 1, 64, 31, "64×31"},
		{3*32*32 - 1, 1, 32, 32, "3071|(3,32,32)"},
		{0, 0, 32, 32, "0 images"},
	} {
		_, err := b.Features(make([]float32, c.n), c.batch, c.h, c.w)
		wantWords(t, err, append(strings.Split(c.words, "|"), "resnet18")...)
	}
}

func wantWords(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not mention %q", err, w)
		}
	}
}

// Once the buffers have grown, calls allocate far less than the maps they fill.
func TestFeaturesReusesItsMemory(t *testing.T) {
	b := published(t, "efficientnet_lite0", Options{})
	x := fixture.Fill("x", -2, 2, 2*3*64*64)
	run := func(times int) {
		for range times {
			if _, err := b.Features(x, 2, 64, 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(3)
	const calls, maps = 40, 4 * 2 * (24*16*16 + 40*8*8 + 112*4*4) // bytes of one call's maps
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(calls)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > calls*maps/2 {
		t.Errorf("%d calls allocate %d bytes, their maps have %d", calls, n, calls*maps)
	}
}

func BenchmarkFeatures(b *testing.B) {
	for _, c := range []struct {
		name        string
		batch, size int
	}{{"efficientnet_lite0", 8, 256}, {"efficientnet_lite0", 1, 256}, {"resnet18", 4, 256}, {"wide_resnet50_2", 2, 256}} {
		b.Run(fmt.Sprintf("%s/batch%d/%d", c.name, c.batch, c.size), func(b *testing.B) {
			net := published(b, c.name, Options{})
			x := fixture.Fill("x", -2, 2, c.batch*3*c.size*c.size)
			for b.Loop() {
				if _, err := net.Features(x, c.batch, c.size, c.size); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.batch*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
