package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// For a mean the interval is known: 1.96 standard errors to either side.
func TestIntervalOfAMean(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 14))
	x := make([]float64, 400)
	sum, squares := 0.0, 0.0
	for i := range x {
		x[i] = rng.NormFloat64()
		sum += x[i]
		squares += x[i] * x[i]
	}
	n := float64(len(x))
	mean := sum / n
	half := 1.96 * math.Sqrt((squares/n-mean*mean)/n)
	got, err := Bootstrap{Repeats: 4000}.Interval(make([]bool, len(x)), func(pick []int) (float64, error) {
		s := 0.0
		for _, i := range pick {
			s += x[i]
		}
		return s / n, nil
	})
	if err != nil || math.Abs(got.Low-(mean-half)) > 0.1*half || math.Abs(got.High-(mean+half)) > 0.1*half {
		t.Errorf("interval %v, error %v; want %v ± %v", got, err, mean, half)
	}
}

func TestBootstrapIsSeeded(t *testing.T) {
	scores, labels := randomImages(rand.New(rand.NewPCG(15, 15)), 50)
	a, err := Bootstrap{Seed: 1}.AUROC(scores, labels)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b, _ := Bootstrap{Seed: 1}.AUROC(scores, labels)
	c, _ := Bootstrap{Seed: 2}.AUROC(scores, labels)
	if a != b || a == c {
		t.Errorf("seed 1 gives %v and %v, seed 2 %v", a, b, c)
	}
}

// Each draw must keep the number of anomalous images, and a wider level must give a wider interval.
func TestBootstrapDraws(t *testing.T) {
	scores, labels := randomImages(rand.New(rand.NewPCG(16, 16)), 40)
	pos := At(math.Inf(-1), scores, labels).TruePositive
	_, err := Bootstrap{Repeats: 50}.Interval(labels, func(pick []int) (float64, error) {
		n := 0
		for _, i := range pick {
			if labels[i] {
				n++
			}
		}
		if n != pos || len(pick) != len(labels) {
			t.Errorf("a draw of %d images has %d anomalous ones, want %d and %d", len(pick), n, len(labels), pos)
		}
		return 0, nil
	})
	wide, err2 := Bootstrap{Level: 0.99}.AP(scores, labels)
	narrow, err3 := Bootstrap{Level: 0.5}.AP(scores, labels)
	if err := errors.Join(err, err2, err3); err != nil || wide.Low >= narrow.Low || wide.High <= narrow.High {
		t.Errorf("99 %%: %v, 50 %%: %v, error %v", wide, narrow, err)
	}
}

func TestBootstrapErrors(t *testing.T) {
	fault := errors.New("fault")
	labels := []bool{true, false}
	_, err := Bootstrap{}.Interval(labels, func([]int) (float64, error) { return 0, fault })
	_, err2 := Bootstrap{}.Interval(labels, func([]int) (float64, error) { return math.NaN(), nil })
	_, err3 := Bootstrap{}.Interval(nil, nil)
	if !errors.Is(err, fault) || !errors.Is(err2, ErrNaN) || !errors.Is(err3, ErrEmpty) {
		t.Errorf("errors %v, %v and %v", err, err2, err3)
	}
}

// Intervals must agree with drawing images and measuring their pixels exactly.
func TestPixelIntervalsAgainstDefinition(t *testing.T) {
	s := randomPixels(rand.New(rand.NewPCG(17, 17)), 10, 30, 30, 0)
	p := s.pixels(t)
	b := Bootstrap{Repeats: 60, Seed: 5}
	got, err := p.Intervals(b, 0.3, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	labels := make([]bool, len(s.maps))
	for i := range labels {
		labels[i] = s.masks[i] != nil && i%3 > 0
	}
	for name, c := range map[string]struct {
		got    Interval
		figure func(p *Pixels) (float64, error)
	}{
		"AUROC":      {got.AUROC, func(p *Pixels) (float64, error) { return p.AUROC(), nil }},
		"AP":         {got.AP, func(p *Pixels) (float64, error) { return p.AP(), nil }},
		"AUPRO 0.3":  {got.AUPRO[0], func(p *Pixels) (float64, error) { return p.AUPRO(0.3) }},
		"AUPRO 0.05": {got.AUPRO[1], func(p *Pixels) (float64, error) { return p.AUPRO(0.05) }},
	} {
		want, err := b.Interval(labels, func(pick []int) (float64, error) {
			d := pixelSet{h: s.h, w: s.w}
			for _, i := range pick {
				d.maps, d.masks = append(d.maps, s.maps[i]), append(d.masks, s.masks[i])
			}
			return c.figure(d.pixels(t))
		})
		if err != nil || math.Abs(c.got.Low-want.Low) > 1e-3 || math.Abs(c.got.High-want.High) > 1e-3 {
			t.Errorf("%s: interval %v, exactly %v, error %v", name, c.got, want, err)
		}
	}
}

func TestBinsFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 18))
	edges := []uint32{0xfffffff0, 0xc0000005, 0xc0000004, 0xc0000000, 0xbfffffff, 0x80010000, 7, 0}
	b := newBins(edges)
	for range 10000 {
		k := rng.Uint32() >> rng.IntN(32)
		if rng.IntN(2) == 0 {
			k = edges[rng.IntN(len(edges))] + uint32(rng.IntN(3)) - 1
		}
		want := 0
		for edges[want] > k {
			want++
		}
		if got := b.find(k); got != want {
			t.Fatalf("key %x falls into bin %d, want %d", k, got, want)
		}
	}
}

// Six photos of each part that agree with each other say no more than one photo: the interval must be that of the parts,
// about √6 times as wide as if the photos were independent.
func TestBootstrapDrawsWholeParts(t *testing.T) {
	scores, labels := randomImages(rand.New(rand.NewPCG(17, 17)), 60)
	one, err := Bootstrap{Seed: 3}.AUROC(scores, labels)
	if err != nil {
		t.Fatal(err)
	}
	var photos []float64
	var truth []bool
	var parts []string
	for i := range scores {
		for range 6 {
			photos, truth, parts = append(photos, scores[i]), append(truth, labels[i]), append(parts, fmt.Sprint(i))
		}
	}
	byPart, err := Bootstrap{Seed: 3, Parts: parts}.AUROC(photos, truth)
	if err != nil || math.Abs(byPart.Low-one.Low) > 1e-12 || math.Abs(byPart.High-one.High) > 1e-12 {
		t.Errorf("by part %v, of one photo a part %v (%v)", byPart, one, err)
	}
	byPhoto, _ := Bootstrap{Seed: 3}.AUROC(photos, truth)
	if ratio := (byPart.High - byPart.Low) / (byPhoto.High - byPhoto.Low); ratio < 1.8 || ratio > 3.2 {
		t.Errorf("by part the interval is %.2f times as wide", ratio)
	}
}

// A part is drawn with all its images or not at all, and both kinds of image are always there, whatever the parts are.
func TestBootstrapKeepsMixedParts(t *testing.T) {
	labels := []bool{true, false, false, false, false, true, true}
	parts := []string{"a", "a", "b", "b", "c", "d", "d"}
	_, err := Bootstrap{Repeats: 200, Parts: parts}.Interval(labels, func(pick []int) (float64, error) {
		times := make([]int, len(labels))
		for _, i := range pick {
			times[i]++
		}
		if times[0] != times[1] || times[2] != times[3] || times[5] != times[6] || times[0] != 1 || times[5] != 1 || times[2]+times[4] != 2 {
			t.Errorf("drawn %v times", times)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("too few parts are no panic")
		}
	}()
	_, _ = Bootstrap{Parts: parts[:3]}.Interval(labels, nil)
}
