package painter

import (
	"math"

	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// vec is a place or a direction in a picture. The unit is the picture's shorter side; x goes right, y down.
type vec struct{ x, y float64 }

func (a vec) plus(b vec) vec          { return vec{a.x + b.x, a.y + b.y} }
func (a vec) minus(b vec) vec         { return vec{a.x - b.x, a.y - b.y} }
func (a vec) times(k float64) vec     { return vec{a.x * k, a.y * k} }
func (a vec) dot(b vec) float64       { return float64(a.x*b.x) + float64(a.y*b.y) }
func (a vec) length() float64         { return math.Sqrt(a.dot(a)) }
func (a vec) turned(turn float64) vec { return a.along(direction(turn)) }

// along is a in axes of which the first points in direction d, a unit vector.
func (a vec) along(d vec) vec { return vec{a.dot(d), a.dot(vec{-d.y, d.x})} }

// direction is the unit vector at an angle in radians.
func direction(angle float64) vec { return vec{math.Cos(angle), math.Sin(angle)} }

// rgb is a colour with channels in 0..1; more is cut off in the end.
type rgb [3]float64

func grey(v float64) rgb { return rgb{v, v, v} }

func (c rgb) times(k float64) rgb {
	return rgb{float64(c[0] * k), float64(c[1] * k), float64(c[2] * k)}
}

// toward is c mixed with a share t of d.
func (c rgb) toward(d rgb, t float64) rgb {
	return rgb{mix(c[0], d[0], t), mix(c[1], d[1], t), mix(c[2], d[2], t)}
}

// mix goes from a at t=0 to b at t=1.
func mix(a, b, t float64) float64 { return a + float64((b-a)*t) }

// ramp rises smoothly from 0 at lo to 1 at hi, and stays there.
func ramp(lo, hi, v float64) float64 {
	t := min(max((v-lo)/(hi-lo), 0), 1)
	return ease(t)
}

// ease is 3t²−2t³.
func ease(t float64) float64 { return float64(t*t) * (3 - float64(2*t)) }

// lattice is a random number in [0,1) for each grid point.
func lattice(seed uint64, x, y int) float64 {
	return float64(latticeBits(seed, x, y)>>11) / (1 << 53)
}

// latticeBits are 64 random bits for each grid point. The factors are odd and unlike each other, so that no two near points
// meet in the same input of the mixer.
func latticeBits(seed uint64, x, y int) uint64 {
	return splitmix.Mix(seed + uint64(x)*0x9E3779B97F4A7C15 + uint64(y)*0xD1342543DE82EF95)
}

// noise is a smooth random function with values in [0,1) and features about one unit wide.
func noise(seed uint64, x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int(fx), int(fy)
	tx, ty := ease(x-fx), ease(y-fy)
	top := mix(lattice(seed, i, j), lattice(seed, i+1, j), tx)
	bottom := mix(lattice(seed, i, j+1), lattice(seed, i+1, j+1), tx)
	return mix(top, bottom, ty)
}

// fractal sums octaves of noise, each twice as fine and half as strong; its values are in [0,1).
func fractal(seed uint64, x, y float64, octaves int) float64 {
	sum, weight, total := 0.0, 1.0, 0.0
	for o := range octaves {
		sum += float64(weight * noise(seed+uint64(o), x, y))
		total += weight
		weight /= 2
		x, y = 2*x, 2*y
	}
	return sum / total
}

// cells divides the plane into irregular cells about one unit wide. It returns the distances to the nearest and the second
// nearest centre, which are equal on a border, and the cell's number.
func cells(seed uint64, x, y float64) (near, next float64, id uint64) {
	i, j := int(math.Floor(x)), int(math.Floor(y))
	near, next = 9, 9
	for dj := -1; dj <= 1; dj++ {
		for di := -1; di <= 1; di++ {
			h := latticeBits(seed, i+di, j+dj)
			jitter := vec{float64(h >> 40), float64(h & 0xffffff)}.times(0.8 / (1 << 24))
			centre := vec{float64(i+di) + 0.1, float64(j+dj) + 0.1}.plus(jitter)
			d := centre.minus(vec{x, y}).length()
			if d < near {
				near, next, id = d, near, h
			} else if d < next {
				next = d
			}
		}
	}
	return near, next, id
}
