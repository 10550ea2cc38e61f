package region

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Thresholds say what a region is: it reaches High somewhere, consists of the touching pixels from Low on (diagonals
// touch), and has MinArea of them. With Low equal to High there is one threshold.
//
// Around a place that is far from normal a map falls slowly, so that it exceeds such thresholds far beyond the defect. With a Share, a
// region whose greatest value times Share exceeds High consists of the pixels from that product on: of the touching pixels from High on
// each piece by its own greatest value, so that a weaker defect beside a strong one stays.
type Thresholds struct {
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	MinArea int     `json:"min_area"` // in pixels of the map that is searched
	Share   float64 `json:"share_of_peak,omitempty"`
}

// Check tells what is wrong with t.
func (t Thresholds) Check() error {
	switch {
	case math.IsNaN(t.Low) || math.IsNaN(t.High):
		return fmt.Errorf("region thresholds from %v to %v are no numbers", t.Low, t.High)
	case t.Low > t.High:
		return fmt.Errorf("the lower region threshold %v is above the upper one, %v", t.Low, t.High)
	case !(t.Share >= 0 && t.Share < 1):
		return fmt.Errorf("a share of %v of a region's greatest value; it lies from 0 to below 1", t.Share)
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

	rows   []run   // of the regions
	labels []int32 // of each pixel: the region's label, 0 for none
}

// Find searches a map of h×w values, row by row. A value that is not a number is in no region. It panics if the map does
// not hold h·w values or the thresholds are not valid; a map may have 2³¹−1 values.
func Find(values []float32, h, w int, t Thresholds) *Found {
	if len(values) != h*w || h < 1 || w < 1 || len(values) > math.MaxInt32 {
		panic(fmt.Sprintf("region: a map of %d×%d pixels with %d values", h, w, len(values)))
	}
	if err := t.Check(); err != nil {
		panic("region: " + err.Error())
	}
	f := &Found{H: h, W: w, rows: joined(values, w, t), labels: make([]int32, h*w)}
	f.measure(values, t)
	f.outline()
	slices.SortStableFunc(f.Regions, func(a, b Region) int { return cmp.Compare(b.Score, a.Score) })
	return f
}

// measure keeps the regions that reach the upper threshold and the least area, and their runs, and labels their pixels.
func (f *Found) measure(values []float32, t Thresholds) {
	found := make([]sums, 0, 16)
	region := make([]int32, len(f.rows)) // of a run: its place in found
	for i, r := range f.rows {
		if int(r.parent) == i {
			region[i] = int32(len(found))
			found = append(found, emptySums)
		}
		region[i] = region[r.parent]
		found[region[i]].add(r, values[int(r.y)*f.W+int(r.left):int(r.y)*f.W+int(r.right)])
	}
	for i, s := range found {
		if s.score >= t.High && s.area >= t.MinArea {
			f.Regions = append(f.Regions, s.region(int32(len(f.Regions)+1)))
			found[i].label = int32(len(f.Regions))
		}
	}
	kept := f.rows[:0]
	for i, r := range f.rows {
		label := found[region[i]].label
		if label == 0 {
			continue
		}
		kept = append(kept, r)
		row := f.labels[int(r.y)*f.W:]
		for x := r.left; x < r.right; x++ {
			row[x] = label
		}
	}
	f.rows = kept
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
