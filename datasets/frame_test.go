package datasets

import (
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Tiles cover their canvas without a gap, overlap as much as they were told, and begin at multiples of 32 of it.
func TestTilesCoverPictures(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		f := &Frame{Tile: 32 * (2 + rng.IntN(15))}
		f.Overlap = rng.IntN(f.Tile/2 + 1)
		w, h := 1+rng.IntN(2000), 1+rng.IntN(2000)
		canvas, tiles := f.Tiles(w, h)
		if canvas.Left != 0 || canvas.Top != 0 || canvas.Right < w || canvas.Bottom < h {
			t.Fatalf("%+v of %d×%d: canvas %+v", f, w, h, canvas)
		}
		var right, bottom int // of the tile before in its row, and of the row before
		for i, v := range tiles {
			if v.Right-v.Left != f.Tile || v.Bottom-v.Top != f.Tile || v.Left%32 != 0 || v.Top%32 != 0 || v.Right > canvas.Right || v.Bottom > canvas.Bottom {
				t.Fatalf("%+v of %d×%d: tile %+v", f, w, h, v)
			}
			if v.Left > 0 && right-v.Left < f.Overlap || v.Left == 0 && i > 0 && bottom-v.Top < f.Overlap {
				t.Fatalf("%+v of %d×%d: tile %+v overlaps too little with what ends at %d, %d", f, w, h, v, right, bottom)
			}
			if v.Left == 0 {
				bottom = v.Bottom
			}
			right = v.Right
		}
	}
}

// Of a picture that is thinner than a pixel of the input something is still looked at.
func TestThinPicturesAreSeen(t *testing.T) {
	for _, size := range [][2]int{{3000, 2}, {640, 4}, {2, 160}, {160, 1}, {1, 1}} {
		w, h := size[0], size[1]
		pad := &Frame{Fit: FitPad}
		if in := pad.Inside(pad.View(w, h, 96, 96), 96, 96); in != nil && !slices.Contains(in, true) {
			t.Errorf("nothing is seen of a padded picture of %d×%d", w, h)
		}
		tiled := &Frame{Tile: 64, Overlap: 16}
		canvas, _ := tiled.Tiles(w, h)
		if in := tiled.Inside(canvas, (canvas.Right-canvas.Left)/8, (canvas.Bottom-canvas.Top)/8); in != nil && !slices.Contains(in, true) {
			t.Errorf("nothing is seen of the tiles of a picture of %d×%d", w, h)
		}
	}
}

// A fitted view has the input's aspect, within a pixel, and its middle is the picture's; places go there and back.
func TestViews(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		w, h, inW, inH := 1+rng.IntN(900), 1+rng.IntN(900), 32+rng.IntN(300), 32+rng.IntN(300)
		for _, fit := range []string{FitPad, FitCrop} {
			v := (&Frame{Fit: fit}).View(w, h, inW, inH)
			vw, vh := v.Right-v.Left, v.Bottom-v.Top
			if math.Abs(float64(vw*inH-vh*inW)) > float64(max(inW, inH)) {
				t.Errorf("%s: %d×%d is seen as %d×%d by an input of %d×%d", fit, w, h, vw, vh, inW, inH)
			}
			if d := v.Left + v.Right - w; d < -1 || d > 1 {
				t.Errorf("%s of %d×%d: %+v is not in the middle", fit, w, h, v)
			}
			if fit == FitPad && (vw < w || vh < h) || fit == FitCrop && (v.Left < 0 || v.Top < 0 || v.Right > w || v.Bottom > h) {
				t.Errorf("%s of %d×%d: %+v", fit, w, h, v)
			}
			x, y := rng.Float64()*float64(inW), rng.Float64()*float64(inH)
			px, py := v.At(x, y, inW, inH)
			if bx, by := v.From(px, py, inW, inH); math.Abs(bx-x) > 1e-9 || math.Abs(by-y) > 1e-9 {
				t.Errorf("%g, %g came back as %g, %g", x, y, bx, by)
			}
		}
	}
}

// Pictures are shown as the frame says: surrounded, cut, and evened out beside the region.
func TestFramedPictures(t *testing.T) {
	im := &Image{W: 40, H: 20, Pix: make([]uint8, 3*40*20)}
	for i := range im.Pix {
		im.Pix[i] = 200
	}
	pixel := func(f *Frame, x, y int) uint8 {
		set := Set{NewSample("a", "", "spot", im, &Mask{40, 20, make([]uint8, 800)})}.ReadAs(Reading{Frame: f})
		seen, mask, err := set[0].Load(40, 40)
		if err != nil || mask.W != 40 || mask.H != 40 {
			t.Fatal(mask, err)
		}
		return seen.Pix[3*(y*40+x)+1]
	}
	if a, b := pixel(&Frame{Fit: FitPad}, 20, 2), pixel(&Frame{Fit: FitPad}, 20, 20); a != 116 || b != 200 {
		t.Errorf("padded: %d around, %d in the middle", a, b)
	}
	if a := pixel(&Frame{Fit: FitCrop}, 0, 0); a != 200 {
		t.Errorf("cropped: %d in the corner", a)
	}
	triangle := &Region{W: 40, H: 20, Polygon: [][2]float64{{0, 0}, {40, 0}, {0, 20}}}
	if a, b := pixel(&Frame{Region: triangle}, 35, 35), pixel(&Frame{Region: triangle}, 5, 5); a != 116 || b != 200 {
		t.Errorf("a triangle: %d outside, %d inside", a, b)
	}
}

func TestRegionOfMask(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 6, 4))
	m.Pix[1*6+2], m.Pix[2*6+4] = 255, 1
	path := filepath.Join(t.TempDir(), "m.png")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, m); err != nil {
		t.Fatal(err)
	}
	file.Close()
	r, err := RegionOfMask(path)
	if err != nil {
		t.Fatal(err)
	}
	v := (&Frame{Region: r}).View(12, 8, 32, 32)
	if v.Left != 4 || v.Top != 2 || v.Right != 10 || v.Bottom != 6 {
		t.Errorf("the region's box is %+v", v)
	}
	if in := r.contains(); !in(2.5, 1.5) || !in(4.5, 2.5) || in(3.5, 1.5) {
		t.Error("the mask's pixels are elsewhere")
	}
	empty := filepath.Join(t.TempDir(), "none.png")
	if _, err := RegionOfMask(empty); err == nil {
		t.Error("a mask that is not there is a region")
	}
}
