package painter

import (
	"math"
	"slices"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// The parts: things that lie in the picture's middle, each with flaws of its own kind besides the common ones.

// mesh is a woven wire screen over a dark ground. A wire of it can be broken.
func mesh(r *splitmix.RNG, f frame) scene {
	const perUnit = 13
	place, seed, depth := rotated(r, 0.03), r.Next(), r.Next()
	ground := func(p vec) rgb {
		v := 0.10 + 0.07*fractal(depth, 6*p.x, 6*p.y, 3)
		return rgb{v, v, 1.1 * v}
	}
	// wires draws the screen with the crossing wires as they are, or with one direction only.
	wires := func(p vec, down, across bool) rgb {
		q := place(p).times(perUnit)
		i, j := math.Floor(q.x), math.Floor(q.y)
		dx, dy := (q.x-i-0.5)/0.17, (q.y-j-0.5)/0.17
		onDown, onAcross := down && math.Abs(dx) < 1, across && math.Abs(dy) < 1
		over := (int(i)+int(j))&1 == 0
		switch {
		case onDown && (over || !onAcross):
			return wireColour(dx, over, q.y-j, noise(seed, 2*i, 6*q.y))
		case onAcross:
			return wireColour(dy, !over, q.x-i, noise(seed+1, 6*q.x, 2*j))
		}
		return ground(p)
	}
	intact := func(p vec) rgb { return wires(p, true, true) }
	return scene{
		look: intact,
		own: map[string]func(*splitmix.RNG) flaw{"broken": func(r *splitmix.RNG) flaw {
			return brokenWire(r, f, place, perUnit, func(p vec) rgb { return wires(p, false, true) })
		}},
	}
}

// wireColour is a round wire's, d half widths from its middle, where it goes over or under another.
func wireColour(d float64, over bool, along, scratchy float64) rgb {
	v := math.Sqrt(max(1-d*d, 0))
	v = 0.25 + 0.5*v + 0.15*(scratchy-0.5) - 0.1*d
	if !over {
		v *= 0.62 + 0.38*ramp(0, 0.5, math.Abs(along-0.5))
	}
	return rgb{v, 0.98 * v, 0.92 * v}
}

// brokenWire takes a length out of one wire that runs down.
func brokenWire(r *splitmix.RNG, f frame, place func(vec) vec, perUnit float64, without func(vec) rgb) flaw {
	middle := place(vec{r.Between(0.15, f.w-0.15), r.Between(0.15, f.h-0.15)}).times(perUnit)
	wire, from, to := math.Floor(middle.x), middle.y, middle.y+size(r, f, 0.06, 0.35, 4)*perUnit
	return flaw{
		covers: func(p vec) bool {
			q := place(p).times(perUnit)
			return math.Floor(q.x) == wire && math.Abs(q.x-wire-0.5) < 0.17 && q.y > from && q.y < to
		},
		look: without,
	}
}

// gearShape is a toothed wheel with a bore and lightening holes, turned about its centre.
type gearShape struct {
	centre vec
	turn   float64
	teeth  []bool // which are there
}

const (
	gearTeeth = 18
	gearRoot  = 0.335 // radius between teeth
	gearTip   = 0.405
	gearBore  = 0.085
	gearHoles = 6
)

// depth is how far p lies inside the metal; negative outside.
func (g gearShape) depth(p vec) float64 {
	q := p.minus(g.centre).turned(-g.turn)
	radius := q.length()
	if radius > gearTip {
		return gearTip - radius
	}
	depth := min(radius-gearBore, g.rim(q, radius))
	if radius > 0.13 && radius < 0.3 {
		sector := math.Round(math.Atan2(q.y, q.x) * gearHoles / (2 * math.Pi))
		hole := direction(sector * 2 * math.Pi / gearHoles).times(0.215)
		depth = min(depth, q.minus(hole).length()-0.052)
	}
	return depth
}

// rim is the depth below the toothed outline.
func (g gearShape) rim(q vec, radius float64) float64 {
	if radius < gearRoot {
		return gearTip - radius
	}
	around := math.Atan2(q.y, q.x)/(2*math.Pi)*gearTeeth + gearTeeth
	tooth := int(math.Round(around))
	if !g.teeth[tooth%gearTeeth] {
		return gearRoot - radius
	}
	// A tooth narrows from root to tip.
	half := mix(0.33, 0.19, (radius-gearRoot)/(gearTip-gearRoot))
	flank := (half - math.Abs(around-float64(tooth))) * 2 * math.Pi * radius / gearTeeth
	return max(min(flank, gearTip-radius), gearRoot-radius)
}

// gear is a turned steel wheel on a dark mat. It can lack a tooth.
func gear(r *splitmix.RNG, f frame) scene {
	wheel := gearShape{
		centre: f.centre().plus(vec{r.Around(0, 0.012), r.Around(0, 0.012)}),
		turn:   r.Between(0, 2*math.Pi),
		teeth:  slices.Repeat([]bool{true}, gearTeeth),
	}
	shine, seed, mat := r.Between(0, math.Pi), r.Next(), r.Next()
	look := func(g gearShape) func(vec) rgb {
		return func(p vec) rgb { return gearColour(g, p, shine, seed, mat) }
	}
	return scene{
		look:   look(wheel),
		ground: func(p vec) bool { return wheel.depth(p) > 0 },
		own: map[string]func(*splitmix.RNG) flaw{"tooth": func(r *splitmix.RNG) flaw {
			broken := wheel
			broken.teeth = slices.Clone(wheel.teeth)
			first := r.Below(gearTeeth)
			for i := range 1 + r.Below(3) {
				broken.teeth[(first+i)%gearTeeth] = false
			}
			return flaw{
				covers: func(p vec) bool { return wheel.depth(p) > 0 && broken.depth(p) <= 0 },
				look:   look(broken),
			}
		}},
	}
}

func gearColour(g gearShape, p vec, shine float64, seed, mat uint64) rgb {
	depth := g.depth(p)
	if depth <= 0 {
		v := 0.14 + 0.06*fractal(mat, 40*p.x, 40*p.y, 2)
		shadow := ramp(-0.03, 0.012, g.depth(p.minus(vec{0.008, 0.01})))
		return rgb{v, 1.08 * v, 1.15 * v}.times(1 - 0.6*shadow)
	}
	q := p.minus(g.centre)
	radius := q.length()
	turned := noise(seed, 150*radius, 3) - 0.5 + 0.5*(noise(seed+1, 330*radius, 9)-0.5)
	fan := math.Cos(2 * (math.Atan2(q.y, q.x) - shine))
	v := 0.5 + 0.11*fan + 0.16*turned + 0.05*(noise(seed+2, 60*p.x, 60*p.y)-0.5)
	v += 0.18 * ramp(0.011, 0.004, depth) // the bevelled edge catches the light
	return rgb{v, 0.985 * v, 0.95 * v}
}

// blister is a foil pack of round tablets, three by four. A tablet can be missing, broken or of another colour.
func blister(r *splitmix.RNG, f frame) scene {
	pack := newBlisterPack(r, f)
	return scene{
		look: func(p vec) rgb { return pack.colour(p, -1, nil) },
		own: map[string]func(*splitmix.RNG) flaw{
			"missing": func(r *splitmix.RNG) flaw { return pack.change(r, func(rgb, vec) (rgb, bool) { return rgb{}, false }) },
			"broken": func(r *splitmix.RNG) flaw {
				edge, cut, seed := direction(r.Between(0, 2*math.Pi)), r.Between(-0.02, 0.045), r.Next()
				return pack.change(r, func(c rgb, q vec) (rgb, bool) {
					along := q.along(edge)
					return c, along.x+0.035*(fractal(seed, 40*along.y, 40*along.x, 3)-0.5) < cut
				})
			},
			"colour": func(r *splitmix.RNG) flaw {
				tint := []rgb{{0.95, 0.75, 0.45}, {0.62, 0.75, 0.95}, {0.75, 0.85, 0.65}}[r.Below(3)]
				return pack.change(r, func(c rgb, _ vec) (rgb, bool) { return rgb{c[0] * tint[0], c[1] * tint[1], c[2] * tint[2]}, true })
			},
		},
	}
}

const (
	blisterColumns = 3
	blisterRows    = 4
	pocketRadius   = 0.098
	tabletRadius   = 0.076
)

// blisterPack is where the pockets are and how the tablets lie in them.
type blisterPack struct {
	pockets []vec
	offsets []vec // of each tablet in its pocket
	scores  []vec // direction of the line across each tablet
	seed    uint64
}

func newBlisterPack(r *splitmix.RNG, f frame) blisterPack {
	pack := blisterPack{seed: r.Next()}
	middle := f.centre().plus(vec{r.Around(0, 0.01), r.Around(0, 0.01)})
	tilt := r.Around(0, 0.02)
	for row := range blisterRows {
		for column := range blisterColumns {
			at := vec{(float64(column) - 1) * 0.3, (float64(row) - 1.5) * 0.235}
			pack.pockets = append(pack.pockets, at.turned(tilt).plus(middle))
			pack.offsets = append(pack.offsets, vec{r.Around(0, 0.008), r.Around(0, 0.008)})
			pack.scores = append(pack.scores, direction(r.Between(0, math.Pi)))
		}
	}
	return pack
}

// alter tells what becomes of a tablet's colour at a place relative to the tablet's middle, and whether there is tablet.
type alter func(c rgb, q vec) (rgb, bool)

// change is the flaw that a tablet is altered.
func (b blisterPack) change(r *splitmix.RNG, how alter) flaw {
	which := r.Below(len(b.pockets))
	middle := b.pockets[which].plus(b.offsets[which])
	return flaw{
		covers: func(p vec) bool {
			q := p.minus(middle)
			if q.length() >= tabletRadius {
				return false
			}
			c, there := how(rgb{1, 1, 1}, q)
			return !there || c != rgb{1, 1, 1}
		},
		look: func(p vec) rgb { return b.colour(p, which, how) },
	}
}

// colour is the pack's at p, with one tablet altered if which is not negative.
func (b blisterPack) colour(p vec, which int, how alter) rgb {
	for i, at := range b.pockets {
		q := p.minus(at)
		if q.length() > pocketRadius+0.01 {
			continue
		}
		t := q.minus(b.offsets[i])
		if t.length() < tabletRadius {
			c, there := b.tablet(t, i), true
			if i == which {
				c, there = how(c, t)
			}
			if there {
				return c.times(pocketLight(q))
			}
		}
		return b.foil(p).times((0.62 + 0.1*q.length()/pocketRadius) * pocketLight(q))
	}
	return b.foil(p)
}

// pocketLight is the sheen of the clear dome over a pocket: a bright rim and a highlight up left.
func pocketLight(q vec) float64 {
	d := q.length() / pocketRadius
	rim := ramp(0.86, 0.95, d) * ramp(1.06, 0.98, d)
	spark := ramp(0.016, 0.006, q.plus(vec{0.045, 0.05}).length())
	return 1 + 0.45*rim*(0.4-q.dot(vec{0.7, 0.7})/pocketRadius) + 0.3*spark
}

// tablet is a pressed tablet with a rounded edge and a score across it.
func (b blisterPack) tablet(q vec, i int) rgb {
	d := q.length() / tabletRadius
	score := math.Abs(q.along(b.scores[i]).y)
	v := 0.86 * (1 - 0.3*ramp(0.75, 1, d)) * (1 - 0.25*ramp(0.006, 0.002, score))
	v *= 0.96 + 0.08*noise(b.seed+uint64(i), 150*q.x, 150*q.y)
	v += 0.06 * q.dot(vec{-0.7, -0.7}) / tabletRadius
	return rgb{v, 0.93 * v, 0.88 * v}
}

// foil is embossed with a fine diamond pattern.
func (b blisterPack) foil(p vec) rgb {
	q := p.along(direction(math.Pi / 4)).times(34)
	groove := max(math.Abs(q.x-math.Floor(q.x)-0.5), math.Abs(q.y-math.Floor(q.y)-0.5))
	v := 0.55 - 0.13*ramp(0.38, 0.48, groove) + 0.1*(fractal(b.seed, 5*p.x, 5*p.y, 3)-0.5)
	return rgb{0.97 * v, v, 1.03 * v}
}
