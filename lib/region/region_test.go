package region_test

import (
	stdcmp "cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/msflow-go/msflow/lib/region"
)

// picture reads a map drawn with the digits 0 to 9.
func picture(rows ...string) (values []float32, h, w int) {
	for _, row := range rows {
		for _, c := range row {
			values = append(values, float32(c-'0'))
		}
	}
	return values, len(rows), len(rows[0])
}

// Cases that are obvious by eye.
func TestRegionsByEye(t *testing.T) {
	m, h, w := picture(
		"0000000",
		"0550000",
		"0590007",
		"0000700",
		"0007000")
	f := region.Find(m, h, w, region.Thresholds{Low: 5, High: 7})
	if len(f.Regions) != 3 {
		t.Fatalf("%+v", f.Regions)
	}
	block, diagonal := f.Regions[0], f.Regions[2]
	if block.Area != 4 || block.Score != 9 || block.Mean != 6 || block.Centroid != (region.Point{2, 2}) || block.Box != [4]float64{1, 1, 2, 2} {
		t.Errorf("the block is %+v", block)
	}
	if want := (region.Ring{{3, 1}, {3, 3}, {1, 3}, {1, 1}}); !slices.Equal(block.Outline, want) {
		t.Errorf("its outline is %v", block.Outline)
	}
	if diagonal.Area != 2 || diagonal.Box != [4]float64{3, 3, 2, 2} || len(diagonal.Outline) != 8 || diagonal.Outline.Area() != 2 {
		t.Errorf("the diagonal is %+v", diagonal)
	}
	if n := len(region.Find(m, h, w, region.Thresholds{Low: 5, High: 7, MinArea: 2}).Regions); n != 2 {
		t.Errorf("%d regions of two pixels or more", n)
	}
	if n := len(region.Find(m, h, w, region.Thresholds{Low: 5, High: 9.5}).Regions); n != 0 {
		t.Errorf("%d regions reach 9.5", n)
	}
}

func TestHoles(t *testing.T) {
	m, h, w := picture("11111", "10101", "11111", "00010", "11101")
	f := region.Find(m, h, w, region.Thresholds{Low: 1, High: 1})
	if len(f.Regions) != 1 {
		t.Fatalf("%+v", f.Regions)
	}
	r := f.Regions[0]
	if r.Area != 18 || len(r.Holes) != 2 {
		t.Fatalf("%+v", r)
	}
	for _, hole := range r.Holes {
		if hole.Area() != -1 {
			t.Errorf("hole %v has the area %v", hole, hole.Area())
		}
	}
	c := region.NewCOCO("holes", time.Time{})
	c.Add("a.png", f)
	runs := c.Annotations[0].Segmentation.(region.COCORuns)
	if got := decode(runs); !slices.Equal(got, f.Mask()) {
		t.Errorf("%v decodes to %v", runs, got)
	}
}

// decode is the definition of the run lengths.
func decode(r region.COCORuns) []uint8 {
	h, w := r.Size[0], r.Size[1]
	mask, at, value := make([]uint8, h*w), 0, uint8(0)
	for _, n := range r.Counts {
		for range n {
			mask[at%h*w+at/h] = value
			at++
		}
		value = 1 - value
	}
	return mask
}

// random maps: rough ones of single pixels, and smooth ones with broad regions.
func random(seed uint64) (values []float32, h, w int) {
	rng := rand.New(rand.NewPCG(seed, 5))
	h, w = 1+rng.IntN(24), 1+rng.IntN(24)
	values = make([]float32, h*w)
	for i := range values {
		y, x := float64(i/w), float64(i%w)
		values[i] = float32(rng.Float64() + float64(seed%3)*math.Sin(y/3+float64(seed))*math.Cos(x/2))
	}
	if seed%7 == 0 {
		values[rng.IntN(len(values))] = float32(math.NaN())
	}
	return values, h, w
}

// The laws that hold for all maps and thresholds.
func TestLaws(t *testing.T) {
	for seed := range uint64(400) {
		values, h, w := random(seed)
		low := float64(seed%5) / 4
		th := region.Thresholds{Low: low, High: low + float64(seed%4)/4, MinArea: int(seed % 6)}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := region.Find(values, h, w, th)
			mask := f.Mask()
			sum := 0
			for i, v := range mask {
				sum += int(v)
				if v == 1 && !(float64(values[i]) >= th.Low) {
					t.Errorf("pixel %d of value %v is in the mask", i, values[i])
				}
			}
			if sum != f.Area() {
				t.Errorf("the mask has %d pixels, the regions %d", sum, f.Area())
			}
			painted := make([]uint8, h*w)
			for i, r := range f.Regions {
				checkRegion(t, r, th)
				if i > 0 && r.Score > f.Regions[i-1].Score {
					t.Error("the regions are not in the order of scores")
				}
				paint(painted, h, w, r)
			}
			if !slices.Equal(painted, mask) {
				t.Error("the outlines do not enclose the mask")
			}
			checkMonotone(t, values, h, w, th, mask)
		})
	}
}

// The regions are what a flood from pixel to pixel finds, in the order of the rows where they begin.
func TestRegionsAreFloods(t *testing.T) {
	for seed := range uint64(400) {
		values, h, w := random(seed)
		low := float64(seed%5) / 4
		want := floods(values, h, w, low)
		got := region.Find(values, h, w, region.Thresholds{Low: low, High: low}).Regions
		byFirst := func(a, b region.Region) int {
			return stdcmp.Or(stdcmp.Compare(a.Box[1], b.Box[1]), stdcmp.Compare(a.Outline[len(a.Outline)-1][0], b.Outline[len(b.Outline)-1][0]))
		}
		slices.SortFunc(got, byFirst)
		if len(got) != len(want) {
			t.Fatalf("seed %d: %d regions, and %d floods", seed, len(got), len(want))
		}
		for i, pixels := range want {
			sum, x, y := 0.0, 0.0, 0.0
			for _, p := range pixels {
				sum, x, y = sum+float64(values[p]), x+float64(p%w)+0.5, y+float64(p/w)+0.5
			}
			n, r := float64(len(pixels)), got[i]
			far := max(math.Abs(r.Mean-sum/n), math.Abs(r.Centroid[0]-x/n), math.Abs(r.Centroid[1]-y/n))
			if r.Area != len(pixels) || far > 1e-12 {
				t.Fatalf("seed %d, region %d: %+v\nis %d pixels, mean %v, centroid %v %v", seed, i, r, len(pixels), sum/n, x/n, y/n)
			}
		}
	}
}

// floods lists the touching pixels from low on, by the definition.
func floods(values []float32, h, w int, low float64) (out [][]int) {
	seen := make([]bool, len(values))
	var flood func(y, x int) []int
	flood = func(y, x int) (pixels []int) {
		if y < 0 || x < 0 || y >= h || x >= w || seen[y*w+x] || !(float64(values[y*w+x]) >= low) {
			return nil
		}
		seen[y*w+x] = true
		pixels = []int{y*w + x}
		for k := range 9 {
			pixels = append(pixels, flood(y+k/3-1, x+k%3-1)...)
		}
		return pixels
	}
	for i := range values {
		if pixels := flood(i/w, i%w); pixels != nil {
			out = append(out, pixels)
		}
	}
	return out
}

// With a share, what belongs to a peak is what a flood from level to level finds.
func TestSharesAreFloods(t *testing.T) {
	for seed := range uint64(600) {
		values, h, w := random(seed)
		th := region.Thresholds{Low: float64(seed%5) / 4, High: float64(seed%5)/4 + float64(seed%4)/4, Share: 0.3 + 0.1*float64(seed%7)}
		want := make([]uint8, h*w)
		for _, touching := range floods(values, h, w, th.Low) {
			peak := greatest(values, touching)
			if peak < th.High {
				continue
			}
			pieces := [][]int{touching}
			if th.Share*peak > th.High {
				pieces = floods(only(values, touching), h, w, th.High)
			}
			for _, piece := range pieces {
				for _, p := range piece {
					if own := th.Share * greatest(values, piece); !(own > th.High) || float64(values[p]) >= own {
						want[p] = 1
					}
				}
			}
		}
		if got := region.Find(values, h, w, th).Mask(); !slices.Equal(got, want) {
			t.Fatalf("seed %d, %+v:\n%v\nwant\n%v", seed, th, got, want)
		}
	}
}

func greatest(values []float32, pixels []int) float64 {
	peak := math.Inf(-1)
	for _, p := range pixels {
		peak = max(peak, float64(values[p]))
	}
	return peak
}

// only is the map with nothing but some pixels.
func only(values []float32, pixels []int) []float32 {
	out := make([]float32, len(values))
	for i := range out {
		out[i] = float32(math.Inf(-1))
	}
	for _, p := range pixels {
		out[p] = values[p]
	}
	return out
}

// A strong defect ends where the map has fallen to a share of its peak, and a weak one beside it stays.
func TestSharesByEye(t *testing.T) {
	m, h, w := picture(
		"2222222222",
		"2345432332",
		"2369632342",
		"2345432332",
		"2222222222")
	for share, want := range map[float64]int{0: 50, 0.3: 50, 0.5: 5 + 1, 0.6: 3 + 1} {
		f := region.Find(m, h, w, region.Thresholds{Low: 2, High: 4, Share: share})
		if f.Area() != want {
			t.Errorf("share %v: %d pixels, want %d\n%v", share, f.Area(), want, f.Mask())
		}
	}
}

func checkRegion(t *testing.T, r region.Region, th region.Thresholds) {
	t.Helper()
	if r.Score < th.High || r.Area < th.MinArea || r.Mean > r.Score+1e-9 || r.Area < 1 {
		t.Errorf("%+v at %+v", r, th)
	}
	area := r.Outline.Area()
	for _, hole := range r.Holes {
		if hole.Area() >= 0 {
			t.Errorf("hole %v runs with the clock", hole)
		}
		area += hole.Area()
	}
	if area != float64(r.Area) {
		t.Errorf("the outline encloses %v pixels, the region has %d", area, r.Area)
	}
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i, p := range r.Outline {
		x0, y0, x1, y1 = min(x0, p[0]), min(y0, p[1]), max(x1, p[0]), max(y1, p[1])
		if q := r.Outline[(i+1)%len(r.Outline)]; (p[0] == q[0]) == (p[1] == q[1]) {
			t.Errorf("from %v to %v is no edge", p, q)
		}
	}
	if r.Box != [4]float64{x0, y0, x1 - x0, y1 - y0} {
		t.Errorf("the box is %v, the outline from %v,%v to %v,%v", r.Box, x0, y0, x1, y1)
	}
	if c := r.Centroid; c[0] < x0 || c[1] < y0 || c[0] > x1 || c[1] > y1 {
		t.Errorf("the centroid %v is outside of the box %v", c, r.Box)
	}
}

// paint sets the pixels whose middles have an odd number of edges on their left.
func paint(mask []uint8, h, w int, r region.Region) {
	for _, ring := range append([]region.Ring{r.Outline}, r.Holes...) {
		for i, p := range ring {
			q := ring[(i+1)%len(ring)]
			if p[0] != q[0] {
				continue
			}
			for y := int(min(p[1], q[1])); y < int(max(p[1], q[1])); y++ {
				for x := int(p[0]); x < w; x++ {
					mask[y*w+x] ^= 1
				}
			}
		}
	}
}

// checkMonotone: a lower lower threshold, a lower upper one and a smaller least area never take a pixel away.
func checkMonotone(t *testing.T, values []float32, h, w int, th region.Thresholds, mask []uint8) {
	t.Helper()
	for _, wider := range []region.Thresholds{
		{Low: th.Low - 0.3, High: th.High, MinArea: th.MinArea},
		{Low: th.Low, High: th.Low + (th.High-th.Low)/2, MinArea: th.MinArea},
		{Low: th.Low, High: th.High, MinArea: th.MinArea / 2},
	} {
		for i, v := range region.Find(values, h, w, wider).Mask() {
			if v < mask[i] {
				t.Fatalf("pixel %d is in the mask at %+v and not at %+v", i, th, wider)
			}
		}
	}
}

// A map whose pixels are repeated has the regions of the map, scaled.
func TestScaling(t *testing.T) {
	for seed := range uint64(60) {
		values, h, w := random(seed)
		ky, kx := 1+int(seed%3), 1+int(seed%4)
		large := make([]float32, h*ky*w*kx)
		for i := range large {
			large[i] = values[i/(w*kx)/ky*w+i%(w*kx)/kx]
		}
		th := region.Thresholds{Low: 0.5, High: 0.75}
		small, big := region.Find(values, h, w, th), region.Find(large, h*ky, w*kx, th)
		if len(small.Regions) != len(big.Regions) {
			t.Fatalf("seed %d: %d regions, enlarged %d", seed, len(small.Regions), len(big.Regions))
		}
		for i, r := range small.Regions {
			near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
			unexported := cmp.FilterPath(func(p cmp.Path) bool { return strings.Contains(p.String(), "label") }, cmp.Ignore())
			empty := cmp.Transformer("empty", func(r []region.Ring) string { return fmt.Sprint(r) })
			if diff := cmp.Diff(r.Scaled(float64(kx), float64(ky)), big.Regions[i], near, unexported, empty); diff != "" {
				t.Fatalf("seed %d, region %d: %s", seed, i, diff)
			}
		}
	}
}

func TestBadThresholds(t *testing.T) {
	for _, th := range []region.Thresholds{{Low: 2, High: 1}, {Low: math.NaN()}, {High: math.NaN()}, {MinArea: -1}} {
		if th.Check() == nil {
			t.Errorf("%+v is taken", th)
		}
	}
	if f := region.Find([]float32{1}, 1, 1, region.Thresholds{Low: math.Inf(1), High: math.Inf(1)}); len(f.Regions) != 0 {
		t.Error("a value reaches an infinite threshold")
	}
}
