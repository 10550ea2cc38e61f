package datasets

import (
	"fmt"
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

func (p *painting) read(how *reading) (raster, *Mask, error) {
	pic, _, err := p.under.read(how)
	if err != nil {
		return raster{}, nil, err
	}
	r := newRNG(p.seeds...)
	f := newFrame(pic.w, pic.h)
	s := scene{look: pic.colourAt}
	for range flawTries {
		at := vec{r.between(0.04, f.w-0.04), r.between(0.04, f.h-0.04)}
		fl := flawMakers[p.kind](r, s, f, at)
		if out, mask := paint(pic, fl); mask.Area() > 0 {
			return out, mask, nil
		}
	}
	return raster{}, nil, fmt.Errorf("no flaw %q fits on a picture of %d×%d pixels", p.kind, pic.w, pic.h)
}

// paint is the picture with a flaw, and the pixels that the flaw changed.
func paint(pic raster, fl flaw) (raster, *Mask) {
	out, mask := pic.clone(), blankMask(pic)
	f := newFrame(pic.w, pic.h)
	for y := range pic.h {
		for x := range pic.w {
			_, colour, covered := colourAt(scene{look: pic.colourAt}, &fl, f, x, y)
			if covered && out.set(x, y, colour) {
				mask.Pix[y*pic.w+x] = 1
			}
		}
	}
	return out, mask
}

// set gives a pixel a colour, its mean where the picture is grey, and tells whether that changed it.
func (r raster) set(x, y int, colour rgb) bool {
	if r.ch == 1 {
		colour[0] = (colour[0] + colour[1] + colour[2]) / 3
	}
	changed := false
	for i := range r.ch {
		at := (y*r.w+x)*r.ch + i
		level := uint8(min(max(255*colour[i]+0.5, 0), 255))
		changed = changed || level != r.pix[at]
		r.pix[at] = level
	}
	return changed
}

// colourAt is the picture's colour at a place, in units of the shorter side, between the middles of its pixels.
func (r raster) colourAt(p vec) rgb {
	side := float64(min(r.w, r.h))
	x, y := clampTo(p.x*side-0.5, r.w), clampTo(p.y*side-0.5, r.h)
	left, top := int(x), int(y)
	right, bottom := min(left+1, r.w-1), min(top+1, r.h-1)
	u, v := x-float64(left), y-float64(top)
	var c rgb
	for i := range c {
		k := i % r.ch
		level := func(x, y int) float64 { return float64(r.pix[(y*r.w+x)*r.ch+k]) / 255 }
		c[i] = mix(mix(level(left, top), level(right, top), u), mix(level(left, bottom), level(right, bottom), u), v)
	}
	return c
}

// clampTo keeps a coordinate between the middles of the first and the last of n pixels.
func clampTo(v float64, n int) float64 { return math.Min(math.Max(v, 0), float64(n-1)) }
