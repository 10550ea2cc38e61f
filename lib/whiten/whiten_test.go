package whiten

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/msflow-go/msflow/lib/weights"
)

// maps are images held in memory.
type maps [][]float32

func (m maps) Len() int { return len(m) }

func (m maps) Map(_ context.Context, i int, x []float32) error {
	copy(x, m[i])
	return nil
}

// gaussian makes maps whose channels are correlated, with a mean that changes from place to place.
func gaussian(s Shape, n int, seed uint64) maps {
	rng := rand.New(rand.NewPCG(seed, 0))
	mixing := make([]float64, s.C*s.C)
	for i := range mixing {
		mixing[i] = 0.3 * rng.NormFloat64()
	}
	for c := range s.C {
		mixing[c*s.C+c]++ // far from singular, where the floor of the variances would show
	}
	out := make(maps, n)
	for i := range out {
		x := make([]float32, s.Len())
		for p := range s.H * s.W {
			e := make([]float64, s.C)
			for c := range e {
				e[c] = rng.NormFloat64()
			}
			for c := range s.C {
				v := float64(p%5) + float64(3*c)
				for k := range s.C {
					v += mixing[c*s.C+k] * e[k]
				}
				x[c*s.H*s.W+p] = float32(v)
			}
		}
		out[i] = x
	}
	return out
}

// What was correlated comes out with mean zero and the unit covariance, at every place, when there is enough of it.
func TestWhitenedMapsAreWhite(t *testing.T) {
	for _, s := range []Shape{{1, 3, 3}, {4, 6, 5}, {7, 9, 16}, {3, 1, 1}} {
		data := gaussian(s, 600, 1)
		w, err := Fit(context.Background(), s, data)
		if err != nil {
			t.Fatal(err)
		}
		mean, cov, n := make([]float64, s.C), make([]float64, s.C*s.C), 0.0
		for _, x := range data {
			y := append([]float32(nil), x...)
			w.Apply(y, 1)
			for p := range s.H * s.W {
				n++
				for i := range s.C {
					a := float64(y[i*s.H*s.W+p])
					mean[i] += a
					for j := range s.C {
						cov[i*s.C+j] += a * float64(y[j*s.H*s.W+p])
					}
				}
			}
		}
		for i := range s.C {
			if m := mean[i] / n; math.Abs(m) > 1e-3 {
				t.Errorf("%v: channel %d has mean %v", s, i, m)
			}
			for j := range s.C {
				want := 0.0
				if i == j {
					want = 1
				}
				if c := cov[i*s.C+j] / n; math.Abs(c-want) > 0.02 {
					t.Errorf("%v: covariance (%d,%d) is %v", s, i, j, c)
				}
			}
		}
	}
}

// The factor of a region is the inverse of the covariance's, as the definition's plain loops give it.
func TestFactorsAgainstDefinition(t *testing.T) {
	s := Shape{3, 10, 9}
	data := gaussian(s, 20, 2)
	w, err := Fit(context.Background(), s, data)
	if err != nil {
		t.Fatal(err)
	}
	covariance := func(g region) []float64 {
		out, n := make([]float64, s.C*s.C), 0.0
		for _, x := range data {
			for y := g.top; y < g.bottom; y++ {
				for z := g.left; z < g.right; z++ {
					n++
					for i := range s.C {
						for j := range s.C {
							at := func(c int) float64 { k := (c*s.H+y)*s.W + z; return float64(x[k]) - float64(w.mean[k]) }
							out[i*s.C+j] += at(i) * at(j)
						}
					}
				}
			}
		}
		for k := range out {
			out[k] /= n
		}
		return out
	}
	for r, g := range w.regions() {
		own := covariance(g.grown(s))
		// W·Σ·Wᵀ must be close to one; the whole map's share and the floor keep it a little off.
		f := w.factor[r*s.C*s.C:]
		for i := range s.C {
			v := 0.0
			for a := range s.C {
				for b := range s.C {
					v += float64(f[i*s.C+a]) * own[a*s.C+b] * float64(f[i*s.C+b])
				}
			}
			if !(v > 0.5 && v < 1.25) {
				t.Errorf("region %v: variance %d after whitening is %v", g, i, v)
			}
		}
	}
}

func TestRegionsCoverTheMapOnce(t *testing.T) {
	for _, s := range []Shape{{1, 1, 1}, {2, 7, 24}, {3, 24, 24}, {1024, 9, 9}, {4096, 5, 5}} {
		w := &Whitening{shape: s}
		w.grid[0], w.grid[1] = Grid(s)
		seen := make([]int, s.H*s.W)
		for _, g := range w.regions() {
			for y := g.top; y < g.bottom; y++ {
				for x := g.left; x < g.right; x++ {
					seen[y*s.W+x]++
				}
			}
		}
		for p, n := range seen {
			if n != 1 {
				t.Fatalf("%v: place %d lies in %d regions", s, p, n)
			}
		}
		if w.grid[0]*w.grid[1]*s.C*s.C > maxTotal && w.grid != [2]int{1, 1} {
			t.Errorf("%v: a grid of %v takes too much", s, w.grid)
		}
	}
}

func TestRestoreGivesTheSameMaps(t *testing.T) {
	s := Shape{5, 6, 7}
	data := gaussian(s, 12, 3)
	w, err := Fit(context.Background(), s, data)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]weights.Tensor{}
	for _, x := range w.Tensors("w.") {
		stored[x.Name] = x
	}
	get := func(name string) (weights.Tensor, error) {
		x, ok := stored[name]
		if !ok {
			return x, errors.New("no tensor " + name)
		}
		return x, nil
	}
	back, err := Restore(s, "w.", get)
	if err != nil {
		t.Fatal(err)
	}
	a, b := append([]float32(nil), data[0]...), append([]float32(nil), data[0]...)
	w.Apply(a, 1)
	back.Apply(b, 1)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("value %d is %v, after Restore %v", i, a[i], b[i])
		}
	}
	if _, err := Restore(Shape{5, 6, 8}, "w.", get); err == nil {
		t.Error("tensors of another shape were taken")
	}
	if _, err := Restore(s, "v.", get); err == nil {
		t.Error("tensors of another name were taken")
	}
}

func TestFitRefusesWhatHasNoCovariance(t *testing.T) {
	s := Shape{2, 3, 3}
	if _, err := Fit(context.Background(), s, gaussian(s, 1, 1)); !errors.Is(err, ErrFewImages) {
		t.Errorf("one image: %v", err)
	}
	bad := gaussian(s, 5, 1)
	bad[3][4] = float32(math.NaN())
	if _, err := Fit(context.Background(), s, bad); err == nil {
		t.Error("NaN was taken")
	}
	same := maps{make([]float32, s.Len()), make([]float32, s.Len())}
	if w, err := Fit(context.Background(), s, same); err == nil {
		y := make([]float32, s.Len())
		w.Apply(y, 1)
		for _, v := range y {
			if v != v || math.IsInf(float64(v), 0) {
				t.Fatal("constant features become ", v)
			}
		}
	}
}

// Pictures that are all the same vary by nothing; another picture is then far from them, but by a finite distance.
func TestWhiteningOfEqualMaps(t *testing.T) {
	s := Shape{2, 3, 3}
	same := maps{make([]float32, s.Len()), make([]float32, s.Len())}
	for _, m := range same {
		for k := range m {
			m[k] = 0.7
		}
	}
	w, err := Fit(context.Background(), s, same)
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, s.Len())
	w.Apply(x, 1)
	for _, v := range x {
		if square := float64(v * v); !(square > 1e6 && square < 1e12) {
			t.Fatalf("whitened to %v", v)
		}
	}
}
