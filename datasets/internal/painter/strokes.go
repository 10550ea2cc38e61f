package painter

import (
	"math"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// stroke is a line of some width through points, for scratches, cracks and fibres.
type stroke struct {
	points   []vec
	width    float64 // half of it lies on either side
	low, top vec     // the box around it
}

func newStroke(points []vec, width float64) stroke {
	s := stroke{points, width, points[0], points[0]}
	for _, p := range points {
		s.low = vec{min(s.low.x, p.x), min(s.low.y, p.y)}
		s.top = vec{max(s.top.x, p.x), max(s.top.y, p.y)}
	}
	edge := vec{width, width}
	s.low, s.top = s.low.minus(edge), s.top.plus(edge)
	return s
}

// across is the distance of p from the stroke's middle in half widths (above 1 is outside), on which side of it p is, and
// how far along the stroke, from 0 to 1.
func (s stroke) across(p vec) (distance, side, along float64) {
	if p.x < s.low.x || p.y < s.low.y || p.x > s.top.x || p.y > s.top.y {
		return 9, 1, 0
	}
	best := math.Inf(1)
	for i := range len(s.points) - 1 {
		a, ab := s.points[i], s.points[i+1].minus(s.points[i])
		ap := p.minus(a)
		t := min(max(ap.dot(ab)/max(ab.dot(ab), 1e-12), 0), 1)
		if d := ap.minus(ab.times(t)).length(); d < best {
			best, along = d, (float64(i)+t)/float64(len(s.points)-1)
			side = math.Copysign(1, ap.along(ab).y)
		}
	}
	return 2 * best / s.width, side, along
}

// walk is a path of n steps from a point. Each step's direction differs by up to wander from the one before.
func walk(r *splitmix.RNG, from vec, angle, length, wander float64, n int) []vec {
	points := []vec{from}
	for range n {
		angle += r.Around(0, wander)
		from = from.plus(direction(angle).times(length / float64(n)))
		points = append(points, from)
	}
	return points
}

// startOf is where a path of the given length and angle begins if its middle is to be at a place.
func startOf(at vec, angle, length float64) vec { return at.minus(direction(angle).times(length / 2)) }

// makeScratch is a nearly straight groove, one edge of it bright. Its ends taper.
func makeScratch(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	length, angle := size(r, f, 0.06, 0.6, 6), r.Between(0, 2*math.Pi)
	line := newStroke(walk(r, startOf(at, angle, length), angle, length, 0.05, 10), size(r, f, 0.006, 0.014, 1.6))
	depth := r.Between(0.45, 0.75)
	reach := func(p vec) (float64, float64) {
		d, side, along := line.across(p)
		return d / max(min(1, 12*along, 12*(1-along)), 0.3), side
	}
	return flaw{
		covers: func(p vec) bool { d, _ := reach(p); return d < 1 },
		look: func(p vec) rgb {
			d, side := reach(p)
			if k := depth * ramp(1.2, 0.4, d); side < 0 {
				return s.look(p).times(1 - k)
			} else {
				return s.look(p).toward(grey(0.95), k)
			}
		},
	}
}

// makeCrack is a jagged dark line with a branch or two.
func makeCrack(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	length, angle, width := size(r, f, 0.1, 0.7, 8), r.Between(0, 2*math.Pi), size(r, f, 0.007, 0.013, 1.5)
	main := walk(r, startOf(at, angle, length), angle, length, 0.6, 14)
	lines := []stroke{newStroke(main, width)}
	for range 1 + r.Below(2) {
		fork := main[4+r.Below(7)]
		lines = append(lines, newStroke(walk(r, fork, angle+r.Around(0, 1.2), length/3, 0.6, 5), 0.7*width))
	}
	nearest := func(p vec) float64 {
		best := 9.0
		for _, l := range lines {
			d, _, _ := l.across(p)
			best = min(best, d)
		}
		return best
	}
	return flaw{
		covers: func(p vec) bool { return nearest(p) < 1 },
		look:   func(p vec) rgb { return s.look(p).times(1 - 0.85*ramp(1.3, 0.5, nearest(p))) },
	}
}

var fibreColours = []rgb{{0.75, 0.1, 0.12}, {0.1, 0.25, 0.65}, {0.92, 0.9, 0.85}, {0.08, 0.08, 0.08}, {0.2, 0.5, 0.2}}

// makeFibre is a thread or hair that lies on the object: a smooth curve with a round cross-section.
func makeFibre(r *splitmix.RNG, s scene, f frame, at vec) flaw {
	length, angle := size(r, f, 0.1, 0.8, 8), r.Between(0, 2*math.Pi)
	line := newStroke(curl(r, startOf(at, angle, length/2), angle, length), size(r, f, 0.007, 0.014, 1.5))
	colour := fibreColours[r.Below(len(fibreColours))]
	return flaw{
		covers: func(p vec) bool { d, _, _ := line.across(p); return d < 1 },
		look: func(p vec) rgb {
			d, side, _ := line.across(p)
			round := colour.times(0.6 + 0.4*math.Sqrt(max(1-d*d, 0)) + 0.12*side*d)
			return s.look(p).toward(round, ramp(1.15, 0.75, d))
		},
	}
}

// curl is a path whose curvature changes slowly.
func curl(r *splitmix.RNG, from vec, angle, length float64) []vec {
	const steps = 28
	points := []vec{from}
	bend := r.Around(0, 0.12)
	for range steps {
		bend += r.Around(0, 0.06)
		bend = min(max(bend, -0.25), 0.25)
		angle += bend
		from = from.plus(direction(angle).times(length / steps))
		points = append(points, from)
	}
	return points
}
