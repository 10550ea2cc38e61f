package painter

import (
	"math"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// The textures: materials without beginning or end. Each function draws what differs from picture to picture from r and
// returns the scene. Lengths are in units of the picture's shorter side.

// rotated takes places to a material that lies turned by a small angle and shifted by a whole range.
func rotated(r *splitmix.RNG, tilt float64) func(p vec) vec {
	axis, shift := direction(r.Around(0, tilt)), vec{r.Between(0, 100), r.Between(0, 100)}
	return func(p vec) vec { return p.along(axis).plus(shift) }
}

// fabric is a 2/2 twill: blue threads down, light ones across, each over two and under two.
func fabric(r *splitmix.RNG, _ frame) scene {
	const threads = 30 // a unit length
	place, seed := rotated(r, 0.03), r.Next()
	warp, weft := rgb{0.20, 0.29, 0.46}, rgb{0.66, 0.66, 0.62}
	return scene{look: func(p vec) rgb {
		q := place(p).times(threads)
		i, j := math.Floor(q.x), math.Floor(q.y)
		across, along, thread, colour := q.x-i, q.y-j, i, warp
		if (int(i)+int(j))&3 < 2 {
			across, along, thread, colour = along, across, -j, weft
		}
		across = float64(2*across) - 1
		round := 0.5 + 0.5*math.Sqrt(1-min(across*across, 1))
		dive := 1 - 0.35*math.Abs(float64(2*along)-1)
		yarn := 0.9 + 0.2*lattice(seed, int(thread), 7)
		fuzz := 0.88 + 0.24*noise(seed+1, 4*q.x, 4*q.y)
		return colour.times(1.15 * round * dive * yarn * fuzz)
	}}
}

// metal is brushed steel: fine streaks along x under a broad band of light.
func metal(r *splitmix.RNG, f frame) scene {
	place, seed := rotated(r, 0.04), r.Next()
	bright := r.Around(f.h/2, 0.15)
	return scene{look: func(p vec) rgb {
		q := place(p)
		streak := 0.5*noise(seed, 1.5*q.x, 140*q.y) + 0.3*noise(seed+1, 5*q.x, 300*q.y) + 0.2*noise(seed+2, 20*q.x, 300*q.y)
		band := ramp(0.9, 0, math.Abs(p.y-bright))
		v := 0.36 + 0.16*band + 0.3*(streak-0.5)
		return rgb{0.97 * v, v, 1.04 * v}
	}}
}

// wood is a planed board: wavering rings of early and late wood, and short dark pores along them.
func wood(r *splitmix.RNG, _ frame) scene {
	place, seed := rotated(r, 0.05), r.Next()
	early, late := rgb{0.80, 0.62, 0.42}, rgb{0.56, 0.36, 0.20}
	return scene{look: func(p vec) rgb {
		q := place(p)
		bow := 1.6*noise(seed, 1.1*q.x, 0.7*q.y) + 0.25*noise(seed+1, 5*q.x, 2*q.y)
		ring := float64(14*q.x) + 3*bow
		phase := ring - math.Floor(ring)
		dark := phase * phase * ramp(1, 0.9, phase)
		grain := 0.15 * (fractal(seed+2, 90*q.x, 6*q.y, 2) - 0.5)
		pore := ramp(0.74, 0.9, noise(seed+3, 210*q.x, 13*q.y))
		return early.toward(late, 0.75*dark+0.15*noise(seed+4, 2*q.x, q.y)).times(1 + grain - 0.3*pore)
	}}
}

// leather is embossed hide: rounded pebbles between dark creases.
func leather(r *splitmix.RNG, _ frame) scene {
	place, seed := rotated(r, 0.2), r.Next()
	hide := rgb{0.44, 0.27, 0.17}
	return scene{look: func(p vec) rgb {
		q := place(p)
		warp := vec{noise(seed, 9*q.x, 9*q.y), noise(seed+1, 9*q.x, 9*q.y)}.times(0.5)
		near, next, id := cells(seed+2, float64(26*q.x)+warp.x, float64(26*q.y)+warp.y)
		crease := ramp(0, 0.22, next-near)
		dome := 1.06 - 0.35*near*near
		tone := 0.95 + 0.1*float64(id>>56)/256
		fine := 0.94 + 0.12*noise(seed+3, 120*q.x, 120*q.y)
		return hide.times((0.45 + 0.55*crease) * dome * tone * fine * 1.15)
	}}
}

// tile is a floor of glazed square tiles with bevelled edges and light grout. One tile of it can be set askew.
func tile(r *splitmix.RNG, f frame) scene {
	t := newTiling(r)
	return scene{
		look: t.look,
		own: map[string]func(*splitmix.RNG) flaw{"askew": func(r *splitmix.RNG) flaw {
			return t.askew(r, vec{r.Between(0.15, f.w-0.15), r.Between(0.15, f.h-0.15)})
		}},
	}
}

// tiling is how a floor lies under the camera.
type tiling struct {
	axis, shift vec
	seed        uint64
}

// tileHalf is half a tile's side where 1 is the distance from tile to tile; the rest is grout.
const tileHalf = 0.47

func newTiling(r *splitmix.RNG) tiling {
	return tiling{direction(r.Around(0, 0.02)), vec{r.Between(0, 1), r.Between(0, 1)}, r.Next()}
}

// split is the tile that p is on, by the corner it begins at, and the place on it from its middle.
func (t tiling) split(p vec) (corner, c vec) {
	const perUnit = 4.6
	q := p.along(t.axis).times(perUnit).plus(t.shift)
	corner = vec{math.Floor(q.x), math.Floor(q.y)}
	return corner, q.minus(corner).minus(vec{0.5, 0.5})
}

func (t tiling) look(p vec) rgb { return t.colour(t.split(p)) }

// colour is that of a tile at c from its middle, or of the grout around it.
func (t tiling) colour(corner, c vec) rgb {
	q := corner.plus(c)
	edge := tileHalf - max(math.Abs(c.x), math.Abs(c.y))
	if edge < 0 {
		return rgb{0.70, 0.68, 0.63}.times(0.85 + 0.3*noise(t.seed, 30*q.x, 30*q.y))
	}
	tone := 0.92 + 0.16*lattice(t.seed+1, int(corner.x), int(corner.y))
	marble := 0.88 + 0.24*fractal(t.seed+2, 3*q.x, 3*q.y, 3)
	near, _, id := cells(t.seed+3, 7*q.x, 7*q.y)
	size := 0.05 + 0.15*float64(id>>32&0xff)/256
	speck := 1 - 0.4*ramp(size, 0.6*size, near)
	bevel := 1.0
	if edge < 0.04 {
		bevel += 0.25 * math.Copysign(1, -c.x-c.y)
	}
	return rgb{0.42, 0.52, 0.50}.times(tone * marble * speck * bevel)
}

// askew turns and shifts the tile at a place.
func (t tiling) askew(r *splitmix.RNG, at vec) flaw {
	wrong, _ := t.split(at)
	turn, shift := r.Between(0.1, 0.25), vec{r.Around(0, 0.06), r.Around(0, 0.06)}
	if r.Below(2) == 0 {
		turn = -turn
	}
	return flaw{
		covers: func(p vec) bool { corner, _ := t.split(p); return corner == wrong },
		look: func(p vec) rgb {
			_, c := t.split(p)
			return t.colour(wrong, c.minus(shift).turned(turn))
		},
	}
}
