package datasets

import (
	"fmt"
	"math"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// Frame says which part of a picture is looked at, and how it is brought to the input's size. The zero value is the whole
// picture, stretched.
type Frame struct {
	Fit     string  `json:"fit,omitempty"`     // FitStretch (also ""), FitPad or FitCrop
	Region  *Region `json:"region,omitempty"`  // what is looked at; nil: everything
	Tile    int     `json:"tile,omitempty"`    // side in pixels of the tiles that large pictures are cut into, a multiple of 32; 0: they are not
	Overlap int     `json:"overlap,omitempty"` // of neighbouring tiles, in pixels
}

// The values of Frame.Fit.
const (
	FitStretch = "stretch" // both sides to the input's, whatever the aspect
	FitPad     = "pad"     // as large as fits, in the middle, with an even grey around
	FitCrop    = "crop"    // the middle, as much of it as has the input's aspect
)

// tileStep is what tiles' places are multiples of, so that they meet at whole places of every map of a backbone.
const tileStep = 32

// Check tells what is wrong with f.
func (f *Frame) Check() error {
	switch {
	case f == nil:
		return nil
	case !slices.Contains([]string{"", FitStretch, FitPad, FitCrop}, f.Fit):
		return fmt.Errorf("fit %q: it is %s, %s or %s", f.Fit, FitStretch, FitPad, FitCrop)
	case f.Tile != 0 && (f.Tile < 2*tileStep || f.Tile%tileStep != 0):
		return fmt.Errorf("tiles of %d pixels: they are multiples of %d from %d on", f.Tile, tileStep, 2*tileStep)
	case f.Overlap < 0 || f.Tile == 0 && f.Overlap > 0 || f.Tile > 0 && f.Overlap > f.Tile/2:
		return fmt.Errorf("tiles of %d pixels that overlap by %d: at most half of a tile overlaps", f.Tile, f.Overlap)
	case f.Tile > 0 && f.Fit != "" && f.Fit != FitStretch:
		return fmt.Errorf("tiles are cut from pictures at their own size, so fit %q says nothing", f.Fit)
	}
	return f.Region.Check()
}

// View is a rectangle of a picture of W×H pixels that is seen as one input. It may reach over the picture's edges.
type View struct {
	W, H                     int
	Left, Top, Right, Bottom int
}

// wholeView is everything of a picture.
func wholeView(w, h int) View { return View{w, h, 0, 0, w, h} }

// Whole tells whether a view is the picture, nothing less or more.
func (v View) Whole() bool { return v == wholeView(v.W, v.H) }

// bounds is the region's bounding box, or the whole picture.
func (f *Frame) bounds(w, h int) View {
	if f == nil || f.Region == nil {
		return wholeView(w, h)
	}
	left, top, right, bottom := f.Region.bounds()
	scaleX, scaleY := float64(w)/float64(f.Region.W), float64(h)/float64(f.Region.H)
	v := View{W: w, H: h}
	v.Left, v.Right = span(left*scaleX, right*scaleX, w)
	v.Top, v.Bottom = span(top*scaleY, bottom*scaleY, h)
	return v
}

// span is the pixels from lo to hi of n, at least one.
func span(lo, hi float64, n int) (from, to int) {
	from = min(max(int(math.Floor(lo+1e-6)), 0), n-1)
	return from, min(max(int(math.Ceil(hi-1e-6)), from+1), n)
}

// View is what is seen of a picture of w×h pixels as an input of inW×inH, where it is not cut into tiles.
func (f *Frame) View(w, h, inW, inH int) View {
	v := f.bounds(w, h)
	if f == nil || f.Fit != FitPad && f.Fit != FitCrop {
		return v
	}
	pw, ph := v.Right-v.Left, v.Bottom-v.Top
	wide := pw*inH > ph*inW // wider than the input
	if wide == (f.Fit == FitPad) {
		v.Top, v.Bottom = centred(v.Top, v.Bottom, divideUp(pw*inH, inW))
	} else {
		v.Left, v.Right = centred(v.Left, v.Right, divideUp(ph*inW, inH))
	}
	return v
}

func divideUp(a, b int) int { return (a + b - 1) / b }

// centred is a span of n pixels with the middle of another.
func centred(lo, hi, n int) (from, to int) {
	from = lo - (n-(hi-lo))/2
	if n < hi-lo {
		from = lo + (hi-lo-n)/2
	}
	return from, from + n
}

// Tiles are the views of the tiles of a picture of w×h pixels, row by row, and the canvas that they cover together: the
// last ones may reach over the picture's right and lower edges.
func (f *Frame) Tiles(w, h int) (canvas View, tiles []View) {
	canvas = f.bounds(w, h)
	xs, ys := f.places(canvas.Right-canvas.Left), f.places(canvas.Bottom-canvas.Top)
	for _, y := range ys {
		for _, x := range xs {
			left, top := canvas.Left+x, canvas.Top+y
			tiles = append(tiles, View{w, h, left, top, left + f.Tile, top + f.Tile})
		}
	}
	last := tiles[len(tiles)-1]
	canvas.Right, canvas.Bottom = last.Right, last.Bottom
	return canvas, tiles
}

// places are where the tiles of n pixels begin.
func (f *Frame) places(n int) []int {
	step := max(tileStep, (f.Tile-f.Overlap)/tileStep*tileStep)
	at := []int{0}
	for last := 0; last+f.Tile < n; {
		last = min(last+step, divideUp(n-f.Tile, tileStep)*tileStep)
		at = append(at, last)
	}
	return at
}

// Inside tells which pixels of an input of w×h, which sees a view, show the picture and lie in the region; nil: all of
// them.
func (f *Frame) Inside(v View, w, h int) []bool {
	var region func(x, y float64) bool
	if f != nil && f.Region != nil {
		region = f.Region.contains()
	}
	if region == nil && v.Left >= 0 && v.Top >= 0 && v.Right <= v.W && v.Bottom <= v.H {
		return nil
	}
	in := make([]bool, w*h)
	for i := range in {
		x, y := v.At(float64(i%w)+0.5, float64(i/w)+0.5, w, h)
		in[i] = x >= 0 && y >= 0 && x < float64(v.W) && y < float64(v.H)
		if in[i] && region != nil {
			in[i] = region(x/float64(v.W)*float64(f.Region.W), y/float64(v.H)*float64(f.Region.H))
		}
	}
	if !slices.Contains(in, true) {
		f.keepMiddle(in, v, w, h)
	}
	return in
}

// keepMiddle keeps one pixel where what is looked at is thinner than the pixels of the input: its middle, if the view shows it.
func (f *Frame) keepMiddle(in []bool, v View, w, h int) {
	b := f.bounds(v.W, v.H)
	x, y := v.From(float64(b.Left+b.Right)/2, float64(b.Top+b.Bottom)/2, w, h)
	if x >= 0 && y >= 0 && int(x) < w && int(y) < h {
		in[int(y)*w+int(x)] = true
	}
}

// At is the place in the picture of a place in an input of w×h.
func (v View) At(x, y float64, w, h int) (px, py float64) {
	return float64(v.Left) + x*float64(v.Right-v.Left)/float64(w), float64(v.Top) + y*float64(v.Bottom-v.Top)/float64(h)
}

// From is the place in an input of w×h of a place in the picture: the opposite of At.
func (v View) From(px, py float64, w, h int) (x, y float64) {
	return (px - float64(v.Left)) * float64(w) / float64(v.Right-v.Left), (py - float64(v.Top)) * float64(h) / float64(v.Bottom-v.Top)
}

// surround is what is seen where there is no picture: the mean of ImageNet's pictures, which normalises to zeros.
var surround = [3]uint8{124, 116, 104}

// seen is a view of a picture as an input of w×h, with what is not inside evened out.
func (f *Frame) seen(pic picture.Raster, v View, w, h int) picture.Raster {
	if v.Whole() && (f == nil || f.Region == nil) {
		return picture.Resize(pic, w, h)
	}
	pic = picture.Resize(cut(pic, v), w, h)
	for i, in := range f.Inside(v, w, h) {
		if !in {
			copy(pic.Pix[i*pic.Ch:(i+1)*pic.Ch], surround[3-max(2, pic.Ch):])
		}
	}
	return pic
}

// cut is a view of a picture at the picture's own scale.
func cut(pic picture.Raster, v View) picture.Raster {
	out := picture.New(v.Right-v.Left, v.Bottom-v.Top, pic.Ch)
	for i := range out.Pix {
		out.Pix[i] = surround[(i%pic.Ch+3-max(2, pic.Ch))%3]
	}
	eachRow(pic.W, pic.H, v, func(to, from, n int) { copy(out.Pix[to*pic.Ch:(to+n)*pic.Ch], pic.Pix[from*pic.Ch:]) })
	return out
}

// seenMask is a view of a mask; what is not inside is normal.
func (f *Frame) seenMask(m *Mask, v View, w, h int) *Mask {
	if v.Whole() && (f == nil || f.Region == nil) {
		return m.resized(w, h)
	}
	part := &Mask{v.Right - v.Left, v.Bottom - v.Top, make([]uint8, (v.Right-v.Left)*(v.Bottom-v.Top))}
	eachRow(m.W, m.H, v, func(to, from, n int) { copy(part.Pix[to:to+n], m.Pix[from:]) })
	part = part.resized(w, h)
	for i, in := range f.Inside(v, w, h) {
		if !in {
			part.Pix[i] = 0
		}
	}
	return part
}

// eachRow gives for each row of a view the pixels that a picture of w×h has of it: n of them, from one place to another.
func eachRow(w, h int, v View, do func(to, from, n int)) {
	left, right := max(v.Left, 0), min(v.Right, w)
	for y := max(v.Top, 0); y < min(v.Bottom, h) && left < right; y++ {
		do((y-v.Top)*(v.Right-v.Left)+left-v.Left, y*w+left, right-left)
	}
}
