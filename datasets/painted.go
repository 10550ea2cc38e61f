package datasets

import (
	"fmt"
	"github.com/msflow-go/msflow/datasets/internal/picture"
	"maps"
	"math"
	"slices"
)

// Painted gives every normal sample of a set a flaw that is painted on its picture: the spots, stains, bends, dents,
// scratches, cracks and fibres of Synthetic, in turn. The mask marks the pixels that were changed. It tells how a detector
// does on defects of known place when no defect of the product has been seen yet: nothing that is chosen on painted
// pictures has looked at a real defect. Anomalous samples of the set are left out. The same set and seed give the same
// pictures on every machine.
func Painted(set Set, seed int64) Set {
	kinds := slices.Sorted(maps.Keys(flawMakers))
	var out Set
	for _, s := range set {
		if s.Anomalous || s.pixels == nil {
			continue
		}
		kind := kinds[len(out)%len(kinds)]
		painted := s
		painted.Name, painted.Path = fmt.Sprintf("%s+%s", s.Name, kind), ""
		painted.Defect, painted.Anomalous = kind, true
		painted.pixels = &painting{under: s.pixels, kind: kind, seeds: []uint64{uint64(seed), textSeed(s.Name), textSeed("painted")}}
		out = append(out, painted)
	}
	return out
}

// painting is the source of a painted sample.
type painting struct {
	under source
	kind  string
	seeds []uint64
}

func (p *painting) hasMask() bool { return true }

func (p *painting) check(how *reading, depth Depth) (facts, error) { return p.under.check(how, depth) }

func (p *painting) read(how *reading) (picture.Raster, *Mask, error) {
	pic, _, err := p.under.read(how)
	if err != nil {
		return picture.Raster{}, nil, err
	}
	r := newRNG(p.seeds...)
	f := newFrame(pic.W, pic.H)
	s := sceneFrom(pic)
	for range flawTries {
		at := vec{r.between(0.04, f.w-0.04), r.between(0.04, f.h-0.04)}
		fl := flawMakers[p.kind](r, s, f, at)
		if out, mask := paint(pic, fl); mask.Area() > 0 {
			return out, mask, nil
		}
	}
	return picture.Raster{}, nil, fmt.Errorf("no flaw %q fits on a picture of %d×%d pixels", p.kind, pic.W, pic.H)
}

// sceneFrom shows the picture.
func sceneFrom(pic picture.Raster) scene {
	return scene{look: func(p vec) rgb { return between(pic, p) }}
}

// paint is the picture with a flaw, and the pixels that the flaw changed.
func paint(pic picture.Raster, fl flaw) (picture.Raster, *Mask) {
	out, mask := pic.Clone(), blankMask(pic)
	f := newFrame(pic.W, pic.H)
	for y := range pic.H {
		for x := range pic.W {
			_, colour, covered := colourAt(sceneFrom(pic), &fl, f, x, y)
			if covered && setPixel(out, x, y, colour) {
				mask.Pix[y*pic.W+x] = 1
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

// between is the picture's colour at a place, in units of the shorter side, between the middles of its pixels.
func between(r picture.Raster, p vec) rgb {
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
