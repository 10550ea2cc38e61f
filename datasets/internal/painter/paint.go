package painter

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/picture"
	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// CommonFlaws lists the flaws that can be painted on any picture.
func CommonFlaws() []string { return slices.Sorted(maps.Keys(flawMakers)) }

// Paint is pic, of 8-bit samples, with a flaw of one of paintedFlaws, and marks with 1 in the mask (w·h) each pixel that
// the flaw changed. The seeds decide where it lies and how it looks.
func Paint(pic picture.Raster, kind string, seeds ...uint64) (out picture.Raster, mask []uint8, err error) {
	r := splitmix.New(seeds...)
	f := newFrame(pic.W, pic.H)
	s := sceneFrom(pic)
	for range flawTries {
		at := vec{r.Between(0.04, f.w-0.04), r.Between(0.04, f.h-0.04)}
		if out, mask := painted(pic, flawMakers[kind](r, s, f, at)); slices.Contains(mask, 1) {
			return out, mask, nil
		}
	}
	return picture.Raster{}, nil, fmt.Errorf("no flaw %q fits on a picture of %d×%d pixels", kind, pic.W, pic.H)
}

// sceneFrom shows the picture.
func sceneFrom(pic picture.Raster) scene {
	return scene{look: func(p vec) rgb { return colourBetween(pic, p) }}
}

// painted is the picture with a flaw, and the pixels that the flaw changed.
func painted(pic picture.Raster, fl flaw) (picture.Raster, []uint8) {
	out, mask := pic.Clone(), make([]uint8, pic.W*pic.H)
	f := newFrame(pic.W, pic.H)
	for y := range pic.H {
		for x := range pic.W {
			_, colour, covered := colourAt(sceneFrom(pic), &fl, f, x, y)
			if covered && setPixel(out, x, y, colour) {
				mask[y*pic.W+x] = 1
			}
		}
	}
	return out, mask
}

// setPixel gives a pixel a colour, its mean where the picture is grey, and tells whether that changed it.
func setPixel(r picture.Raster, x, y int, colour rgb) bool {
	if r.Ch == 1 {
		colour[0] = (colour[0] + colour[1] + colour[2]) / 3
	}
	changed := false
	for i := range r.Ch {
		at := (y*r.W+x)*r.Ch + i
		level := uint8(min(max(255*colour[i]+0.5, 0), 255))
		changed = changed || level != r.Pix[at]
		r.Pix[at] = level
	}
	return changed
}

// colourBetween is the picture's colour at a place, in units of the shorter side, between the middles of its pixels.
func colourBetween(r picture.Raster, p vec) rgb {
	side := float64(min(r.W, r.H))
	x, y := clampTo(p.x*side-0.5, r.W), clampTo(p.y*side-0.5, r.H)
	left, top := int(x), int(y)
	right, bottom := min(left+1, r.W-1), min(top+1, r.H-1)
	u, v := x-float64(left), y-float64(top)
	var c rgb
	for i := range c {
		k := i % r.Ch
		level := func(x, y int) float64 { return float64(r.Pix[(y*r.W+x)*r.Ch+k]) / 255 }
		c[i] = mix(mix(level(left, top), level(right, top), u), mix(level(left, bottom), level(right, bottom), u), v)
	}
	return c
}

// clampTo keeps a coordinate between the middles of the first and the last of n pixels.
func clampTo(v float64, n int) float64 { return math.Min(math.Max(v, 0), float64(n-1)) }
