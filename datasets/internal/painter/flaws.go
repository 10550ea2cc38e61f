package painter

import (
	"math"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// Flaws that a picture of any kind can have. Sizes are drawn so that a class shows all of them: from a few pixels to a
// quarter of the picture.

// flawMakers make a flaw at a place in a scene.
var flawMakers = map[string]func(r *splitmix.RNG, s scene, f frame, at vec) flaw{
	"spot":    makeSpot,
	"stain":   makeStain,
	"bend":    makeBend,
	"dent":    makeDent,
	"scratch": makeScratch,
	"crack":   makeCrack,
	"fibre":   makeFibre,
}

// size is a length between lo and hi, small ones as likely as large ones by the factor, and at least so many pixels.
func size(r *splitmix.RNG, f frame, lo, hi, pixels float64) float64 {
	v := lo * math.Pow(hi/lo, r.Float())
	return max(v, pixels*f.pixel)
}

// blob is an irregular disc: its edge is at 1, its middle at 0.
func blob(r *splitmix.RNG, at vec, radius, roughness float64) func(p vec) float64 {
	seed, stretch, axis := r.Next(), r.Between(0.75, 1), direction(r.Between(0, math.Pi))
	return func(p vec) float64 {
		q := p.minus(at).along(axis)
		q.y /= stretch
		d := q.length() / radius
		if d > 1+roughness {
			return d
		}
		wobble := fractal(seed, 2.5*q.x/radius, 2.5*q.y/radius, 3) - 0.5
		return d + float64(2*roughness*wobble)*min(d, 1)
	}
}

// makeSpot is a small pit or speck, darker or lighter than what is around it.
func makeSpot(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	inside := blob(r, at, size(r, f, 0.009, 0.035, 1.1), 0.25)
	colour, strength := grey(r.Between(0.02, 0.12)), r.Between(0.75, 0.95)
	if r.Below(3) == 0 {
		colour = grey(r.Between(0.9, 1))
	}
	return flaw{
		covers: func(p vec) bool { return inside(p) < 1 },
		look:   func(p vec) rgb { return s.look(p).toward(colour, strength*ramp(1.1, 0.6, inside(p))) },
	}
}

// stainTints are oil, rust, ink and water.
var stainTints = []rgb{{0.45, 0.36, 0.16}, {0.62, 0.32, 0.14}, {0.16, 0.18, 0.34}, {0.42, 0.45, 0.48}}

// makeStain is a translucent patch with an uneven inside and a darker rim.
func makeStain(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	radius := size(r, f, 0.035, 0.27, 2)
	inside := blob(r, at, radius, 0.35)
	tint, strength, seed := stainTints[r.Below(len(stainTints))], r.Between(0.4, 0.7), r.Next()
	return flaw{
		covers: func(p vec) bool { return inside(p) < 1 },
		look: func(p vec) rgb {
			d := inside(p)
			thick := 0.55 + 0.3*ramp(0.7, 0.95, d) + 0.35*fractal(seed, 4*p.x/radius, 4*p.y/radius, 3)
			c, share := s.look(p), strength*thick*ramp(1, 0.88, d)
			for i := range c {
				c[i] = mix(c[i], c[i]*tint[i]*1.3, share)
			}
			return c
		},
	}
}

// makeBend pulls the material aside within a disc: the texture is shifted and turned, and nothing else changes.
func makeBend(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	radius := size(r, f, 0.05, 0.26, 5)
	pull := direction(r.Between(0, 2*math.Pi)).times(radius * r.Between(0.25, 0.4))
	turn := r.Between(0.4, 0.9)
	if r.Below(2) == 0 {
		turn = -turn
	}
	hold := func(p vec) float64 { return ramp(1, 0, p.minus(at).length()/radius) }
	return flaw{
		// Near the edge the shift is a fraction of a pixel, which no one could see or find.
		covers: func(p vec) bool { return hold(p)*radius > 1.5*f.pixel && hold(p) > 0.05 },
		look: func(p vec) rgb {
			k := hold(p)
			from := p.minus(at).turned(turn * k).plus(at).minus(pull.times(k))
			return s.look(from).times(1 - 0.1*k)
		},
	}
}

// makeDent is a shallow bump: lit on one side, dark on the other.
func makeDent(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	radius := size(r, f, 0.02, 0.12, 3)
	from, depth := direction(r.Between(0, 2*math.Pi)), r.Between(0.35, 0.6)
	return flaw{
		covers: func(p vec) bool { return p.minus(at).length() < radius },
		look: func(p vec) rgb {
			q := p.minus(at).times(1 / radius)
			slope := q.dot(from) * ramp(1, 0.6, q.length())
			return s.look(p).times(1 + depth*slope - 0.08*ramp(1, 0.7, q.length()))
		},
	}
}
