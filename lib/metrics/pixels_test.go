package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// randomPixels makes a small set: scores on a grid of the given number of levels (0: continuous), masks of random
// density, some nil.
func randomPixels(rng *rand.Rand, images, h, w, levels int) pixelSet {
	s := pixelSet{h: h, w: w}
	for i := range images {
		mask := make([]uint8, h*w)
		for j := range mask {
			if i%3 > 0 && rng.IntN(4) == 0 {
				mask[j] = 1
			}
		}
		if i%6 == 3 {
			mask = nil
		}
		m := make([]float32, h*w)
		for j := range m {
			v := rng.NormFloat64()
			if mask != nil && mask[j] != 0 {
				v++
			}
			if levels > 0 {
				v = math.Round(v*float64(levels)) / float64(levels)
			}
			m[j] = float32(v)
		}
		s.maps, s.masks = append(s.maps, m), append(s.masks, mask)
	}
	return s
}

func (s pixelSet) pixels(t testing.TB) *Pixels {
	t.Helper()
	p, err := NewPixels(s.maps, s.masks, s.h, s.w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func aupro(t testing.TB, p *Pixels, limit float64) float64 {
	t.Helper()
	a, err := p.AUPRO(limit)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Two regions of one and three pixels and four normal pixels. The lone pixel scores highest, then a normal pixel, then
// the three. Overlap is ½ until FPR ¼ and 1 from there on, so the area up to 1 is ⅛ + ¾.
func TestAUPROByEye(t *testing.T) {
	s := pixelSet{h: 2, w: 4,
		maps:  [][]float32{{9, 0, 5, 5, 0, 0, 5, 7}},
		masks: [][]uint8{{1, 0, 1, 1, 0, 0, 1, 0}}}
	p := s.pixels(t)
	near(t, "AUPRO up to 1", aupro(t, p, 1), 0.125+0.75)
	near(t, "AUPRO up to ¼", aupro(t, p, 0.25), 0.5)
	near(t, "AUPRO up to ½", aupro(t, p, 0.5), (0.125+0.25)/0.5)
	fpr, pro, thresholds, err := p.PROCurve(0.5)
	if err != nil || !slices.Equal(fpr, []float64{0, 0, 0.25, 0.25, 0.5}) || !slices.Equal(pro, []float64{0, 0.5, 0.5, 1, 1}) {
		t.Errorf("curve %v, %v at %v, error %v", fpr, pro, thresholds, err)
	}
}

// A perfect map scores 1 everywhere, a constant one the area of the diagonal.
func TestAUPROExtremes(t *testing.T) {
	mask := []uint8{1, 1, 0, 0, 0, 0}
	perfect := pixelSet{[][]float32{{1, 1, 0, 0, 0, 0}}, [][]uint8{mask}, 1, 6}.pixels(t)
	constant := pixelSet{[][]float32{{2, 2, 2, 2, 2, 2}}, [][]uint8{mask}, 1, 6}.pixels(t)
	for _, limit := range []float64{0.01, 0.3, 1} {
		near(t, "AUPRO of a perfect map", aupro(t, perfect, limit), 1)
		near(t, "AUPRO of a constant map", aupro(t, constant, limit), limit/2)
	}
	near(t, "AUROC of a constant map", constant.AUROC(), 0.5)
	if _, err := constant.ReferencePRO(); !errors.Is(err, ErrNoRange) {
		t.Errorf("reference PRO of a constant map: %v", err)
	}
}

func TestPixelsAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for _, levels := range []int{0, 1, 4} {
		for images := 2; images < 9; images++ {
			t.Run(fmt.Sprintf("levels%d/images%d", levels, images), func(t *testing.T) {
				comparePixels(t, randomPixels(rng, images, 5+images, 11-images, levels))
			})
		}
	}
}

func comparePixels(t *testing.T, s pixelSet) {
	p := s.pixels(t)
	for _, limit := range []float64{0.05, 0.3, 0.77, 1, 0.05} { // deeper, then shallow again
		near(t, fmt.Sprintf("AUPRO up to %v", limit), aupro(t, p, limit), s.slowAUPRO(limit))
	}
	scores, labels := s.flat()
	near(t, "AUROC", p.AUROC(), slowAUROC(scores, labels))
	near(t, "AP", p.AP(), slowAP(scores, labels))
	f1, at := p.F1Max()
	want, wantAt := slowF1Max(scores, labels)
	near(t, "F1Max", f1, want)
	near(t, "its threshold", at, wantAt)
	checkROC(t, p.All(), scores, labels)
	pro, err := p.ReferencePRO()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "reference PRO", pro, s.slowReferencePRO())
}

// The curve's thresholds must reach its points, the interpolated last one excepted.
func TestPROCurveThresholds(t *testing.T) {
	s := randomPixels(rand.New(rand.NewPCG(7, 7)), 5, 9, 9, 3)
	p := s.pixels(t)
	fpr, pro, thresholds, err := p.PROCurve(0.4)
	if err != nil {
		t.Fatal(err)
	}
	slow := s.slowPRO()
	for i, at := range thresholds[:len(thresholds)-1] {
		x, y := slow(func(v float64) bool { return v >= at })
		near(t, "FPR", fpr[i], x)
		near(t, "PRO", pro[i], y)
	}
	if last := len(fpr) - 1; fpr[last] != 0.4 {
		t.Errorf("the curve ends at %v", fpr[last])
	}
	fpr, pro, thresholds, err = p.PROCurve(1)
	last := len(fpr) - 1
	x, y := slow(func(v float64) bool { return v >= thresholds[last] })
	if err != nil || x != 1 || y != 1 || fpr[last] != 1 || pro[last] < 1-1e-12 || thresholds[last] != p.low {
		t.Errorf("the whole curve ends at %v, %v with threshold %v, error %v", fpr[last], pro[last], thresholds[last], err)
	}
}

// Tiny chunks and waves take every path of the ranking; the figures must not move. Large ones with few distinct upper
// halves take the counting sort.
func TestChunksDoNotMatter(t *testing.T) {
	for name, s := range map[string]pixelSet{
		"wide":   randomPixels(rand.New(rand.NewPCG(8, 8)), 7, 40, 30, 0),
		"ties":   randomPixels(rand.New(rand.NewPCG(8, 9)), 7, 40, 30, 1),
		"narrow": squeeze(randomPixels(rand.New(rand.NewPCG(9, 9)), 7, 120, 150, 0)),
	} {
		want := []float64{s.pixels(t).AUROC(), aupro(t, s.pixels(t), 0.3)}
		scores, labels := s.flat()
		r, err := Rank(scores, labels)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name+": AUROC by float64 ranking", want[0], r.AUROC())
		for _, size := range [][2]int{{1, 1}, {10, 100}, {1000, 500}, {1 << 20, 1 << 20}} {
			p := s.pixels(t)
			p.chunkSize, p.waveSize = size[0], size[1]
			near(t, name+": AUPRO", aupro(t, p, 0.3), want[1])
			near(t, name+": AUROC", p.AUROC(), want[0])
		}
	}
}

// squeeze moves all scores close to 1, so that their float bits agree in the upper half.
func squeeze(s pixelSet) pixelSet {
	for _, m := range s.maps {
		for i, v := range m {
			m[i] = 1 + (v+8)*2e-4
		}
	}
	return s
}

func TestOrderOfImagesDoesNotMatter(t *testing.T) {
	s := randomPixels(rand.New(rand.NewPCG(10, 10)), 8, 20, 20, 2)
	a := s.pixels(t)
	slices.Reverse(s.maps)
	slices.Reverse(s.masks)
	b := s.pixels(t)
	near(t, "AUPRO", aupro(t, b, 0.3), aupro(t, a, 0.3))
	near(t, "AUROC", b.AUROC(), a.AUROC())
}

func TestPixelsFromSeveralGoroutines(t *testing.T) {
	p := randomPixels(rand.New(rand.NewPCG(11, 11)), 4, 20, 20, 2).pixels(t)
	want := p.AUROC()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := p.AUPRO(0.3); err != nil || p.AUROC() != want {
				t.Errorf("AUROC %v, error %v", p.AUROC(), err)
			}
		})
	}
	wait.Wait()
}

func TestPixelErrors(t *testing.T) {
	nan := float32(math.NaN())
	one, zero := []uint8{1, 1}, []uint8{0, 0}
	for name, c := range map[string]struct {
		maps  [][]float32
		masks [][]uint8
		want  error
	}{
		"empty":        {nil, nil, ErrEmpty},
		"masks short":  {[][]float32{{1, 2}}, nil, ErrLength},
		"map short":    {[][]float32{{1}}, [][]uint8{one}, ErrLength},
		"mask short":   {[][]float32{{1, 2}}, [][]uint8{{1}}, ErrLength},
		"NaN":          {[][]float32{{1, 2}, {nan, 2}}, [][]uint8{one, zero}, ErrNaN},
		"NaN in good":  {[][]float32{{1, 2}, {2, nan}}, [][]uint8{one, nil}, ErrNaN},
		"no defect":    {[][]float32{{1, 2}, {1, 2}}, [][]uint8{nil, zero}, ErrOneClass},
		"nothing else": {[][]float32{{1, 2}}, [][]uint8{one}, ErrOneClass},
	} {
		if _, err := AUPRO(c.maps, c.masks, 1, 2, 0.3); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
	}
	p := pixelSet{[][]float32{{1, 2}}, [][]uint8{{1, 0}}, 1, 2}.pixels(t)
	for _, limit := range []float64{0, -1, 1.5, math.NaN()} {
		_, err := p.AUPRO(limit)
		_, _, _, err2 := p.PROCurve(limit)
		_, err3 := p.Intervals(Bootstrap{Repeats: 2}, limit)
		if !errors.Is(err, ErrLimit) || !errors.Is(err2, ErrLimit) || !errors.Is(err3, ErrLimit) {
			t.Errorf("limit %v: errors %v, %v and %v", limit, err, err2, err3)
		}
	}
}

// Infinite scores are ordered like others; only the equally spaced thresholds of reference PRO cannot exist.
func TestInfiniteScores(t *testing.T) {
	inf := float32(math.Inf(1))
	p := pixelSet{[][]float32{{inf, 2, -inf}}, [][]uint8{{1, 0, 0}}, 1, 3}.pixels(t)
	near(t, "AUROC", p.AUROC(), 1)
	near(t, "AUPRO", aupro(t, p, 0.3), 1)
	if _, err := p.ReferencePRO(); !errors.Is(err, ErrNoRange) {
		t.Errorf("reference PRO: %v", err)
	}
}
