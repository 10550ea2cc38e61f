package region

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Thresholds say what a region is: it reaches High somewhere, consists of the touching pixels from Low on (diagonals
// touch), and has MinArea of them. With Low equal to High there is one threshold.
type Thresholds struct {
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	MinArea int     `json:"min_area"` // in pixels of the map that is searched
}

// Check tells what is wrong with t.
func (t Thresholds) Check() error {
	switch {
	case math.IsNaN(t.Low) || math.IsNaN(t.High):
		return fmt.Errorf("region thresholds from %v to %v are no numbers", t.Low, t.High)
	case t.Low > t.High:
		return fmt.Errorf("the lower region threshold %v is above the upper one, %v", t.Low, t.High)
	case t.MinArea < 0:
		return fmt.Errorf("a least area of %d pixels; it cannot be negative", t.MinArea)
	}
	return nil
}

// Point is a place in a picture, x and y in pixels from its top left corner.
type Point [2]float64

// Ring is a closed line along the edges of pixels, from corner to corner; the last corner joins the first, which is not
// repeated.
type Ring []Point

// Area is the area inside the ring in square pixels, negative for a ring that runs against the clock as seen on a screen.
func (r Ring) Area() float64 {
	sum := 0.0
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += p[0]*q[1] - q[0]*p[1]
	}
	return sum / 2
}

// Region is one defect.
type Region struct {
	Area     int        `json:"area"`              // in pixels
	Score    float64    `json:"score"`             // the map's largest value in it
	Mean     float64    `json:"mean"`              // the map's mean in it
	Centroid Point      `json:"centroid"`          // the mean of its pixels' middles
	Box      [4]float64 `json:"bbox"`              // left, top, width, height
	Outline  Ring       `json:"outline,omitempty"` // the outer boundary, clockwise as seen on a screen
	Holes    []Ring     `json:"holes,omitempty"`

	label int32
}

// Found are the regions of a map of H×W values, the highest score first.
type Found struct {
	H, W    int
	Regions []Region

	labels []int32 // of each pixel: the region's label, 0 or less for none
}

// dropped marks pixels that reach the lower threshold and belong to no region.
const dropped = -1

// Find searches a map of h×w values, row by row. A value that is not a number is in no region. It panics if the map does
// not hold h·w values or the thresholds are not valid; a map may have 2³¹−1 values.
func Find(values []float32, h, w int, t Thresholds) *Found {
	if len(values) != h*w || h < 1 || w < 1 || len(values) > math.MaxInt32 {
		panic(fmt.Sprintf("region: a map of %d×%d pixels with %d values", h, w, len(values)))
	}
	if err := t.Check(); err != nil {
		panic("region: " + err.Error())
	}
	f := &Found{H: h, W: w, labels: make([]int32, h*w)}
	var pixels []int32
	for i, v := range values {
		if f.labels[i] != 0 || !(float64(v) >= t.Low) {
			continue
		}
		label := int32(len(f.Regions) + 1)
		pixels = f.fill(pixels[:0], values, int32(i), t.Low, label)
		r := measure(pixels, values, w)
		if r.Score < t.High || r.Area < t.MinArea {
			for _, p := range pixels {
				f.labels[p] = dropped
			}
			continue
		}
		r.label = label
		f.Regions = append(f.Regions, r)
	}
	f.outline()
	slices.SortStableFunc(f.Regions, func(a, b Region) int { return cmp.Compare(b.Score, a.Score) })
	return f
}

// fill labels the pixels that are joined to the one at start, and lists them.
func (f *Found) fill(pixels []int32, values []float32, start int32, low float64, label int32) []int32 {
	pixels = append(pixels, start)
	f.labels[start] = label
	for next := 0; next < len(pixels); next++ {
		y, x := int(pixels[next])/f.W, int(pixels[next])%f.W
		for v := max(y-1, 0); v <= min(y+1, f.H-1); v++ {
			for u := max(x-1, 0); u <= min(x+1, f.W-1); u++ {
				if at := v*f.W + u; f.labels[at] == 0 && float64(values[at]) >= low {
					f.labels[at] = label
					pixels = append(pixels, int32(at))
				}
			}
		}
	}
	return pixels
}

// measure takes a region's figures from its pixels.
func measure(pixels []int32, values []float32, w int) Region {
	r := Region{Area: len(pixels), Score: math.Inf(-1)}
	left, top, right, bottom := math.MaxInt, math.MaxInt, 0, 0
	n := float64(len(pixels))
	for _, p := range pixels {
		y, x, v := int(p)/w, int(p)%w, float64(values[p])
		left, top, right, bottom = min(left, x), min(top, y), max(right, x+1), max(bottom, y+1)
		r.Score = max(r.Score, v)
		r.Mean += v / n
		r.Centroid[0] += (float64(x) + 0.5) / n
		r.Centroid[1] += (float64(y) + 0.5) / n
	}
	r.Box = [4]float64{float64(left), float64(top), float64(right - left), float64(bottom - top)}
	return r
}

// Mask is 1 at the pixels of the regions, (H,W).
func (f *Found) Mask() []uint8 {
	mask := make([]uint8, len(f.labels))
	for i, label := range f.labels {
		if label > 0 {
			mask[i] = 1
		}
	}
	return mask
}

// Area is the number of pixels in all regions.
func (f *Found) Area() int {
	n := 0
	for _, r := range f.Regions {
		n += r.Area
	}
	return n
}

// Scaled is the region in a picture that is x times as wide and y times as high, its area rounded.
func (r Region) Scaled(x, y float64) Region {
	scale := func(ring Ring) Ring {
		out := make(Ring, len(ring))
		for i, p := range ring {
			out[i] = Point{p[0] * x, p[1] * y}
		}
		return out
	}
	r.Area = int(math.Round(float64(r.Area) * x * y))
	r.Centroid = Point{r.Centroid[0] * x, r.Centroid[1] * y}
	r.Box = [4]float64{r.Box[0] * x, r.Box[1] * y, r.Box[2] * x, r.Box[3] * y}
	r.Outline = scale(r.Outline)
	holes := make([]Ring, len(r.Holes))
	for i, h := range r.Holes {
		holes[i] = scale(h)
	}
	r.Holes = holes
	return r
}
