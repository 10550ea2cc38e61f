package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestReferenceMaps(t *testing.T) {
	for _, name := range []string{"flow_tiny", "flow_lite0"} {
		t.Run(name, func(t *testing.T) {
			f := loadFixture(t, name)
			for b := range f.Batch {
				checkImage(t, f, b)
			}
		})
	}
}

// checkImage compares one image's maps and score with the reference program's.
func checkImage(t *testing.T, f *fixture, b int) {
	h, w := f.InputSize[0], f.InputSize[1]
	logp := make([][]float32, len(f.Sizes))
	for i, s := range f.Sizes {
		logp[i] = f.tensor(t, fmt.Sprintf("logp.%d", i))[b*s[0]*s[1] : (b+1)*s[0]*s[1]]
	}
	m := Fuse(logp, f.Sizes, h, w)
	image := func(name string) []float32 { return f.tensor(t, name)[b*h*w : (b+1)*h*w] }
	for name, got := range map[string][]float32{"map_add": m.Add, "map_mul": m.Mul} {
		if e := relative(got, image(name)); !(e <= 1e-5) {
			t.Errorf("image %d: %s is off by %.2g", b, name, e)
		}
	}
	got, want := ImageScore(m.Mul, f.TopK), float64(f.tensor(t, "score")[b])
	if !(math.Abs(got-want) <= 1e-5*want) {
		t.Errorf("image %d: score %v, reference %v", b, got, want)
	}
}

func TestReferenceLogP(t *testing.T) {
	f := loadFixture(t, "flow_tiny")
	for i, s := range f.Sizes {
		got := LogP(f.tensor(t, fmt.Sprintf("z.%d", i)), f.Batch, f.Channels[i], s[0], s[1])
		if e := relative(got, f.tensor(t, fmt.Sprintf("logp.%d", i))); !(e <= 1e-6) {
			t.Errorf("scale %d: logp is off by %.2g", i, e)
		}
	}
}

// A single place that is 2 nats less likely than the rest must stand out by 1 − e⁻² in Mul and by 2 nats in NLL.
func TestFuseByEye(t *testing.T) {
	logp := []float32{-1, -1, -1, -3}
	m := Fuse([][]float32{logp}, [][2]int{{2, 2}}, 2, 2)
	odd := float32(1 - math.Exp(-2))
	for name, c := range map[string][2][]float32{
		"Add": {m.Add, {0, 0, 0, odd}},
		"Mul": {m.Mul, {0, 0, 0, odd}},
		"NLL": {m.NLL, {1, 1, 1, 3}},
	} {
		if e := relative(c[0], c[1]); !(e < 1e-6) {
			t.Errorf("%s is %v, want %v", name, c[0], c[1])
		}
	}
}

// The unnormalised map must keep what the others forget: how likely the whole image is.
func TestNLLKeepsTheLevel(t *testing.T) {
	a := Fuse([][]float32{{-1, -2}}, [][2]int{{1, 2}}, 1, 2)
	b := Fuse([][]float32{{-11, -12}}, [][2]int{{1, 2}}, 1, 2)
	if !slices.Equal(a.Mul, b.Mul) || !slices.Equal(a.Add, b.Add) {
		t.Errorf("Add and Mul depend on the level: %v, %v", a, b)
	}
	if d := b.NLL[0] - a.NLL[0]; d != 10 {
		t.Errorf("NLL moved by %v, want 10", d)
	}
}

func TestResizeAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range [][4]int{{1, 1, 3, 2}, {1, 4, 5, 9}, {4, 1, 2, 2}, {3, 5, 7, 4}, {6, 6, 6, 6}, {5, 3, 1, 1}, {2, 2, 64, 48}, {9, 7, 3, 20}} {
		src := make([]float32, s[0]*s[1])
		for i := range src {
			src[i] = rng.Float32()
		}
		got := Resize(src, s[0], s[1], s[2], s[3])
		for y := range s[2] {
			for x := range s[3] {
				want := slowBilinear(src, s, y, x)
				if d := math.Abs(float64(got[y*s[3]+x]) - want); !(d < 1e-6) {
					t.Errorf("%v at %d,%d: %v, want %v", s, y, x, got[y*s[3]+x], want)
				}
			}
		}
	}
}

// slowBilinear weighs all source pixels with the triangle function, the textbook form of bilinear interpolation.
func slowBilinear(src []float32, s [4]int, y, x int) float64 {
	at := func(i, from, to int) float64 {
		if to == 1 {
			return 0
		}
		return float64(i) * float64(from-1) / float64(to-1)
	}
	cy, cx, sum := at(y, s[0], s[2]), at(x, s[1], s[3]), 0.0
	for j := range s[0] {
		for i := range s[1] {
			wy := max(0, 1-math.Abs(cy-float64(j)))
			wx := max(0, 1-math.Abs(cx-float64(i)))
			sum += wy * wx * float64(src[j*s[1]+i])
		}
	}
	return sum
}

func TestImageScoreAgainstSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		m := make([]float32, n+1)
		for i := range m {
			m[i] = float32(math.Round(rng.NormFloat64()*20)) / 8 // many ties, both signs
		}
		for _, topK := range []float64{0, 0.03, 0.5, 1} {
			sorted := slices.Clone(m)
			slices.Sort(sorted)
			slices.Reverse(sorted)
			k, want := max(1, int(topK*float64(len(m)))), 0.0
			for _, v := range sorted[:k] {
				want += float64(v) / float64(k)
			}
			if got := ImageScore(m, topK); !(math.Abs(got-want) < 1e-9) {
				t.Fatalf("%d values, topK %v: %v, want %v", len(m), topK, got, want)
			}
		}
	}
}

func TestImageScoreOddValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	if got := ImageScore([]float32{1, nan, 3}, 0.5); !math.IsNaN(got) {
		t.Errorf("NaN in the map gives %v", got)
	}
	if got := ImageScore([]float32{1, inf, 3}, 0.4); !math.IsInf(got, 1) {
		t.Errorf("infinity in the map gives %v", got)
	}
	if got := ImageScore([]float32{-inf, 2, 3}, 0.7); got != 2.5 {
		t.Errorf("the two largest of -Inf, 2, 3 average to %v", got)
	}
	if got := ImageScore(make([]float32, 7), 0.03); got != 0 {
		t.Errorf("a map of zeros scores %v", got)
	}
}

func TestWrongShapesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"LogP":       func() { LogP(make([]float32, 7), 1, 2, 2, 2) },
		"Resize":     func() { Resize(make([]float32, 3), 2, 2, 4, 4) },
		"Fuse":       func() { Fuse([][]float32{{1}}, nil, 4, 4) },
		"ImageScore": func() { ImageScore(nil, 0.03) },
	} {
		if !panics(f) {
			t.Errorf("%s accepted a wrong shape", name)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return
}

func BenchmarkFuse512(b *testing.B) {
	sizes := [][2]int{{64, 64}, {32, 32}, {16, 16}}
	logp := make([][]float32, 3)
	for i, s := range sizes {
		logp[i] = make([]float32, s[0]*s[1])
		for j := range logp[i] {
			logp[i][j] = -float32(j%17) / 10
		}
	}
	for b.Loop() {
		ImageScore(Fuse(logp, sizes, 512, 512).Mul, 0.03)
	}
}
