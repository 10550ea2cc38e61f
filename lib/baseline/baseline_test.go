package baseline

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/msflow-go/msflow/lib/weights"
)

// pictures are features of images, image by image and scale by scale.
type pictures struct {
	maps   []Map
	images [][][]float32
}

func (p pictures) Len() int { return len(p.images) }

func (p pictures) Batch(_ context.Context, index []int, maps [][]float32) error {
	for b, i := range index {
		for s, m := range p.maps {
			copy(maps[s][b*m.Len():(b+1)*m.Len()], p.images[i][s])
		}
	}
	return nil
}

// batch is some images as Distance takes them.
func (p pictures) batch(index ...int) (n int, maps [][]float32) {
	for _, m := range p.maps {
		maps = append(maps, make([]float32, len(index)*m.Len()))
	}
	_ = p.Batch(context.Background(), index, maps)
	return len(index), maps
}

var shapes = []Map{{5, 9, 10}, {7, 5, 5}, {11, 3, 3}}

// draw makes n images of features whose channels differ in mean and spread and depend on one another.
func draw(seed uint64, n int, maps []Map) pictures {
	r := rand.New(rand.NewPCG(seed, 1))
	p := pictures{maps: maps}
	for range n {
		var image [][]float32
		for _, m := range maps {
			x := make([]float32, m.Len())
			for i := range x {
				c, place := i/(m.H*m.W), i%(m.H*m.W)
				x[i] = float32(float64(c-2) + math.Sin(float64(place)) + (0.5+float64(c%3))*r.NormFloat64())
				if c > 0 && c%2 == 0 {
					x[i] += 0.7 * x[i-m.H*m.W]
				}
			}
			image = append(image, x)
		}
		p.images = append(p.images, image)
	}
	return p
}

// mapsOf are the shapes of the scales that a kind takes.
func mapsOf(k Kind) (maps []Map) {
	for _, s := range k.Scales {
		maps = append(maps, shapes[s])
	}
	return maps
}

func fit(t *testing.T, k Kind, data pictures, o Options) Model {
	t.Helper()
	m, err := k.New(data.maps, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Fit(context.Background(), data, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

func distance(t *testing.T, m Model, p pictures, index ...int) ([]float32, []float64) {
	t.Helper()
	n, maps := p.batch(index...)
	d, scores, err := m.Distance(context.Background(), n, maps)
	if err != nil {
		t.Fatal(err)
	}
	return d, scores
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*(1+math.Abs(b)) }

// vectors are an image's features at each place, by plain loops: (places)(channels).
func vectors(maps []Map, image [][]float32, average bool) [][]float64 {
	h, w := maps[0].H, maps[0].W
	out := make([][]float64, h*w)
	for p := range out {
		for s, m := range maps {
			for c := range m.C {
				at := func(y, x int) float64 {
					if y < 0 || x < 0 || y >= m.H || x >= m.W {
						return 0
					}
					return float64(image[s][c*m.H*m.W+y*m.W+x])
				}
				out[p] = append(out[p], plainPlace(at, p/w, p%w, m, h, w, average))
			}
		}
	}
	return out
}

func plainPlace(at func(y, x int) float64, y, x int, m Map, h, w int, average bool) float64 {
	if !average {
		return at(y*m.H/h, x*m.W/w)
	}
	mean := func(y, x int) (sum float64) {
		for v := -1; v <= 1; v++ {
			for u := -1; u <= 1; u++ {
				sum += at(y+v, x+u) / 9
			}
		}
		return sum
	}
	inside := func(i, from, to int) (int, int, float64) {
		v := min(max((float64(i)+0.5)*float64(from)/float64(to)-0.5, 0), float64(from-1))
		return int(v), min(int(v)+1, from-1), v - math.Floor(v)
	}
	y0, y1, fy := inside(y, m.H, h)
	x0, x1, fx := inside(x, m.W, w)
	return (1-fy)*((1-fx)*mean(y0, x0)+fx*mean(y0, x1)) + fy*((1-fx)*mean(y1, x0)+fx*mean(y1, x1))
}

func plainEuclid(a, b []float64) (sum float64) {
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// byDistance sorts indices of bank by their distance to x.
func byDistance(bank [][]float64, x []float64) []int {
	order := make([]int, len(bank))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		if plainEuclid(bank[i], x) < plainEuclid(bank[j], x) {
			return -1
		}
		return 1
	})
	return order
}

func TestPatchCoreEqualsPlainLoops(t *testing.T) {
	k, _ := Find("patchcore")
	train, test := draw(1, 4, mapsOf(k)), draw(2, 3, mapsOf(k))
	m := fit(t, k, train, Options{Coreset: 1})
	d, scores := distance(t, m, test, 0, 1, 2)
	var bank [][]float64
	for _, image := range train.images {
		bank = append(bank, vectors(train.maps, image, true)...)
	}
	h, w := m.Size()
	for i, image := range test.images {
		worst, score := -1.0, 0.0
		for p, x := range vectors(test.maps, image, true) {
			nearest := byDistance(bank, x)[0]
			want := plainEuclid(bank[nearest], x)
			if got := float64(d[i*h*w+p]); !near(got, want, 1e-4) {
				t.Fatalf("image %d, place %d: distance %v, want %v", i, p, got, want)
			}
			if want > worst {
				sum := 0.0
				for _, j := range byDistance(bank, bank[nearest])[:9] {
					sum += math.Exp(plainEuclid(bank[j], x))
				}
				worst, score = want, (1-math.Exp(want)/sum)*want
			}
		}
		if !near(scores[i], score, 1e-4) {
			t.Errorf("image %d: score %v, want %v", i, scores[i], score)
		}
	}
}

// mahalanobis is the distance of x to the samples' Gaussian with 0.01 added to the variances.
func mahalanobis(t *testing.T, samples [][]float64, x []float64) float64 {
	t.Helper()
	d := len(x)
	mean := make([]float64, d)
	for _, s := range samples {
		for i, v := range s {
			mean[i] += v / float64(len(samples))
		}
	}
	cov := mat.NewSymDense(d, nil)
	for _, s := range samples {
		for i := range d {
			for j := range i + 1 {
				cov.SetSym(i, j, cov.At(i, j)+(s[i]-mean[i])*(s[j]-mean[j])/float64(len(samples)-1))
			}
		}
	}
	off := mat.NewVecDense(d, nil)
	for i := range d {
		cov.SetSym(i, i, cov.At(i, i)+0.01)
		off.SetVec(i, x[i]-mean[i])
	}
	var c mat.Cholesky
	if !c.Factorize(cov) {
		t.Fatal("the covariance has no Cholesky factor")
	}
	var y mat.VecDense
	if err := c.SolveVecTo(&y, off); err != nil {
		t.Fatal(err)
	}
	return math.Sqrt(mat.Dot(&y, off))
}

func TestGaussianEqualsPlainLoops(t *testing.T) {
	k, _ := Find("gaussian")
	train, test := draw(3, 20, mapsOf(k)), draw(4, 2, mapsOf(k))
	d, scores := distance(t, fit(t, k, train, Options{}), test, 0, 1)
	if scores != nil {
		t.Error("the Gaussian has scores of its own")
	}
	var samples [][]float64
	for _, image := range train.images {
		samples = append(samples, vectors(train.maps, image, false)...)
	}
	for p, x := range vectors(test.maps, test.images[1], false)[:20] {
		if want, got := mahalanobis(t, samples, x), float64(d[90+p]); !near(got, want, 1e-3) {
			t.Errorf("place %d: distance %v, want %v", p, got, want)
		}
	}
}

func TestPaDiMEqualsPlainLoops(t *testing.T) {
	k, _ := Find("padim")
	wide := []Map{{60, 4, 5}, {50, 2, 3}}
	for name, maps := range map[string][]Map{"all dimensions": mapsOf(k), "some dimensions": wide} {
		train, test := draw(5, 40, maps), draw(6, 2, maps)
		m := fit(t, k, train, Options{Seed: 7})
		dims := m.(*padim).dims
		if want := min(100, m.(*padim).channels()); len(dims) != want {
			t.Fatalf("%s: %d, want %d", name, len(dims), want)
		}
		some := func(x []float64) (out []float64) {
			for _, k := range dims {
				out = append(out, x[k])
			}
			return out
		}
		d, _ := distance(t, m, test, 1, 0)
		var all [][][]float64
		for _, image := range train.images {
			all = append(all, vectors(maps, image, false))
		}
		for p, x := range vectors(maps, test.images[1], false) {
			if p%7 != 0 {
				continue
			}
			var samples [][]float64
			for _, v := range all {
				samples = append(samples, some(v[p]))
			}
			if want, got := mahalanobis(t, samples, some(x)), float64(d[p]); !near(got, want, 1e-3) {
				t.Errorf("%s, place %d: distance %v, want %v", name, p, got, want)
			}
		}
	}
}

func TestKNNEqualsPlainLoops(t *testing.T) {
	k, _ := Find("knn")
	train, test := draw(8, 12, mapsOf(k)), draw(9, 3, mapsOf(k))
	d, scores := distance(t, fit(t, k, train, Options{}), test, 0, 1, 2)
	mean := func(v [][]float64) []float64 {
		out := make([]float64, len(v[0]))
		for _, x := range v {
			for i := range x {
				out[i] += x[i] / float64(len(v))
			}
		}
		return out
	}
	var bank [][]float64
	for _, image := range train.images {
		bank = append(bank, mean(vectors(train.maps, image, false)))
	}
	for i, image := range test.images {
		v := vectors(test.maps, image, false)
		nearest := bank[byDistance(bank, mean(v))[0]]
		if want := plainEuclid(nearest, mean(v)); !near(scores[i], want, 1e-4) {
			t.Errorf("image %d: score %v, want %v", i, scores[i], want)
		}
		for p, x := range v {
			if want, got := plainEuclid(nearest, x), float64(d[i*len(v)+p]); !near(got, want, 1e-4) {
				t.Errorf("image %d, place %d: distance %v, want %v", i, p, got, want)
			}
		}
	}
}

// What a model has stored is not anomalous at all.
func TestStoredFeaturesHaveNoDistance(t *testing.T) {
	patchcore, _ := Find("patchcore")
	train := draw(1, 3, mapsOf(patchcore))
	d, scores := distance(t, fit(t, patchcore, train, Options{Coreset: 1}), train, 2, 0)
	for p, v := range d {
		if v != 0 {
			t.Errorf("patchcore: stored patch %d has distance %v", p, v)
		}
	}
	knn, _ := Find("knn")
	train = draw(1, 3, mapsOf(knn))
	_, more := distance(t, fit(t, knn, train, Options{}), train, 0, 1, 2)
	for i, s := range append(scores, more...) {
		if s != 0 {
			t.Errorf("score %d of a stored image is %v", i, s)
		}
	}
}

func TestOrderOfImagesDoesNotMatter(t *testing.T) {
	for _, k := range kinds {
		train, test := draw(11, 18, mapsOf(k)), draw(12, 2, mapsOf(k))
		turned := pictures{train.maps, slices.Clone(train.images)}
		slices.Reverse(turned.images)
		a, sa := distance(t, fit(t, k, train, Options{Coreset: 0.2}), test, 0, 1)
		b, sb := distance(t, fit(t, k, turned, Options{Coreset: 0.2}), test, 0, 1)
		for i := range a {
			if !near(float64(a[i]), float64(b[i]), 1e-4) {
				t.Errorf("%s, value %d: distance %v, and %v with the images in another order", k.Name, i, a[i], b[i])
				break
			}
		}
		for i := range sa {
			if !near(sa[i], sb[i], 1e-4) {
				t.Errorf("%s, image %d: score %v, and %v with the images in another order", k.Name, i, sa[i], sb[i])
			}
		}
	}
}

func TestRestoredModelIsTheSame(t *testing.T) {
	for _, k := range kinds {
		train, test := draw(21, 12, mapsOf(k)), draw(22, 2, mapsOf(k))
		m := fit(t, k, train, Options{Seed: 3})
		again, err := k.New(train.maps, Options{Seed: 99})
		if err != nil {
			t.Fatal(err)
		}
		if again.Fitted() || !m.Fitted() {
			t.Errorf("%s: fitted %v before and %v after Fit", k.Name, again.Fitted(), m.Fitted())
		}
		if err := again.Restore(weights.NewStateDict("test", m.Tensors()...).Get); err != nil {
			t.Fatal(err)
		}
		a, sa := distance(t, m, test, 0, 1)
		b, sb := distance(t, again, test, 0, 1)
		if !slices.Equal(a, b) || !slices.Equal(sa, sb) || !again.Fitted() {
			t.Errorf("%s: the restored model measures otherwise", k.Name)
		}
	}
}

func TestRestoreNamesWhatDoesNotFit(t *testing.T) {
	for _, k := range kinds {
		m := fit(t, k, draw(21, 12, mapsOf(k)), Options{})
		other := mapsOf(k)
		other[0].C++
		again, err := k.New(other, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Restore(weights.NewStateDict("test", m.Tensors()...).Get); err == nil {
			t.Errorf("%s: tensors of another shape were taken", k.Name)
		}
		if err := again.Restore(weights.NewStateDict("test").Get); !errors.Is(err, weights.ErrMissing) {
			t.Errorf("%s: without tensors: %v", k.Name, err)
		}
		if again.Fitted() {
			t.Errorf("%s is fitted after a failed Restore", k.Name)
		}
	}
}

func TestSeedDecides(t *testing.T) {
	for _, name := range []string{"patchcore", "padim"} {
		k, _ := Find(name)
		maps := []Map{{100, 4, 4}, {60, 2, 2}}
		train := draw(31, 30, maps)
		values := func(seed uint64) []float32 {
			var all []float32
			for _, x := range fit(t, k, train, Options{Seed: seed}).Tensors() {
				all = append(all, x.Data...)
			}
			return all
		}
		if !slices.Equal(values(1), values(1)) {
			t.Errorf("%s: one seed gives two models", name)
		}
		if slices.Equal(values(1), values(2)) {
			t.Errorf("%s: two seeds give one model", name)
		}
	}
}

func TestFitStopsWithItsContext(t *testing.T) {
	for _, k := range kinds {
		train := draw(41, 40, mapsOf(k))
		m, err := k.New(train.maps, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := m.Fit(ctx, train, nil); !errors.Is(err, context.Canceled) || m.Fitted() {
			t.Errorf("%s: cancelled Fit returns %v, fitted %v", k.Name, err, m.Fitted())
		}
		if err := m.Fit(context.Background(), pictures{maps: train.maps}, nil); !errors.Is(err, errNoImages) {
			t.Errorf("%s: Fit without images returns %v", k.Name, err)
		}
	}
}

func TestFitTellsItsProgress(t *testing.T) {
	for _, k := range kinds {
		train := draw(51, 40, mapsOf(k))
		m, err := k.New(train.maps, Options{})
		if err != nil {
			t.Fatal(err)
		}
		last, whole := 0, 0
		err = m.Fit(context.Background(), train, func(done, total int) {
			if done < last || done > total {
				t.Errorf("%s: %d of %d after %d", k.Name, done, total, last)
			}
			last, whole = done, total
		})
		if err != nil || last != whole || whole == 0 {
			t.Errorf("%s: ended at %d of %d: %v", k.Name, last, whole, err)
		}
	}
}

func TestBadOptions(t *testing.T) {
	k, _ := Find("patchcore")
	for _, share := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := k.New(shapes, Options{Coreset: share}); err == nil {
			t.Errorf("a coreset of %v was taken", share)
		}
	}
	if _, err := k.New(nil, Options{}); err == nil {
		t.Error("no map was taken")
	}
	padim, _ := Find("padim")
	m, _ := padim.New(shapes, Options{})
	if err := m.Fit(context.Background(), draw(1, 1, shapes), nil); !errors.Is(err, errFewImages) {
		t.Errorf("padim of one image: %v", err)
	}
}
