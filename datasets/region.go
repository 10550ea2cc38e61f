package datasets

import (
	"fmt"
	"math"
)

// Region is what is looked at of pictures of W×H pixels; of pictures of another size, the same share. It is a polygon or a
// mask.
type Region struct {
	W       int          `json:"w"`
	H       int          `json:"h"`
	Polygon [][2]float64 `json:"polygon,omitempty"` // corners x, y in pixels, the picture's own corner at 0, 0
	Runs    []int        `json:"runs,omitempty"`    // of a mask, row by row: so many pixels outside, so many inside, and so on
}

// Rectangle is the region of w×h pixels from left, top on, of pictures of the given size.
func Rectangle(left, top, w, h float64, pictureW, pictureH int) *Region {
	right, bottom := left+w, top+h
	return &Region{W: pictureW, H: pictureH, Polygon: [][2]float64{{left, top}, {right, top}, {right, bottom}, {left, bottom}}}
}

// mostRegion is the side in pixels of a region's mask, at most: one that is larger is made smaller.
const mostRegion = 1024

// RegionOfMask is where the picture at path is not black.
func RegionOfMask(path string) (*Region, error) {
	mask, _, err := decodeMask(newReading(Reading{}), path, maskRule{fixed: true, above: 0})
	if err != nil {
		return nil, err
	}
	if most := max(mask.W, mask.H); most > mostRegion {
		mask = mask.resized(max(1, mask.W*mostRegion/most), max(1, mask.H*mostRegion/most))
	}
	r := &Region{W: mask.W, H: mask.H}
	value, n := uint8(0), 0
	for _, v := range mask.Pix {
		if v != value {
			r.Runs, value, n = append(r.Runs, n), v, 0
		}
		n++
	}
	r.Runs = append(r.Runs, n)
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Check tells what is wrong with r.
func (r *Region) Check() error {
	switch {
	case r == nil:
		return nil
	case r.W < 1 || r.H < 1:
		return fmt.Errorf("a region of pictures of %d×%d pixels", r.W, r.H)
	case (len(r.Polygon) > 0) == (len(r.Runs) > 0):
		return fmt.Errorf("a region is a polygon or a mask")
	case len(r.Runs) > 0:
		return r.checkRuns()
	case len(r.Polygon) < 3:
		return fmt.Errorf("a region of %d corners; a polygon has three or more", len(r.Polygon))
	}
	for _, p := range r.Polygon {
		if !(p[0] >= 0 && p[1] >= 0 && p[0] <= float64(r.W) && p[1] <= float64(r.H)) {
			return fmt.Errorf("the region's corner %g, %g lies outside of the picture of %d×%d pixels", p[0], p[1], r.W, r.H)
		}
	}
	if left, top, right, bottom := r.bounds(); right-left < 1 || bottom-top < 1 {
		return fmt.Errorf("the region is less than a pixel wide or high")
	}
	return nil
}

func (r *Region) checkRuns() error {
	total, inside := 0, 0
	for i, n := range r.Runs {
		if n < 0 || n > r.W*r.H {
			return fmt.Errorf("the region's mask has a run of %d pixels", n)
		}
		total += n
		if i%2 == 1 {
			inside += n
		}
	}
	if total != r.W*r.H || r.W > mostRegion || r.H > mostRegion {
		return fmt.Errorf("the region's mask has %d pixels, not %d×%d", total, r.W, r.H)
	}
	if inside == 0 {
		return fmt.Errorf("the region's mask marks nothing")
	}
	return nil
}

// bitmap is the mask's pixels.
func (r *Region) bitmap() []bool {
	in, at := make([]bool, r.W*r.H), 0
	for i, n := range r.Runs {
		for range n {
			in[at] = i%2 == 1
			at++
		}
	}
	return in
}

// bounds is the region's bounding box, in its pictures' pixels.
func (r *Region) bounds() (left, top, right, bottom float64) {
	left, top, right, bottom = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	grow := func(l, t, r, b float64) {
		left, top, right, bottom = min(left, l), min(top, t), max(right, r), max(bottom, b)
	}
	for _, p := range r.Polygon {
		grow(p[0], p[1], p[0], p[1])
	}
	at := 0
	for i, n := range r.Runs {
		if i%2 == 1 {
			for k := at; k < at+n; k++ {
				x, y := float64(k%r.W), float64(k/r.W)
				grow(x, y, x+1, y+1)
			}
		}
		at += n
	}
	return left, top, right, bottom
}

// contains is the function that tells whether a place lies in the region.
func (r *Region) contains() func(x, y float64) bool {
	if len(r.Polygon) > 0 {
		return r.inPolygon
	}
	in := r.bitmap()
	return func(x, y float64) bool { return in[min(int(y), r.H-1)*r.W+min(int(x), r.W-1)] }
}

// inPolygon counts the edges to the right of a place: their number is odd inside.
func (r *Region) inPolygon(x, y float64) (in bool) {
	for i, a := range r.Polygon {
		b := r.Polygon[(i+1)%len(r.Polygon)]
		if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
			in = !in
		}
	}
	return in
}

// PictureSize is the width and height of a sample's picture as it is shown, by its header where it is a file.
func (s Sample) PictureSize() (w, h int, err error) {
	if s.pixels == nil {
		return 0, 0, fmt.Errorf("sample %q has no pixels: it was not made by this package", s.Name)
	}
	found, err := s.pixels.check(s.howRead(), Headers)
	return found.size.X, found.size.Y, err
}
