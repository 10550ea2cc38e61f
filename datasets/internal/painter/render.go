package painter

import (
	"github.com/msflow-go/msflow/datasets/internal/picture"
	"github.com/msflow-go/msflow/datasets/internal/splitmix"
)

// A synthetic picture is a function from places to colours. A flaw is another such function with the region where it holds.
// The mask is that region, and rendering makes sure that the picture differs from the flawless one there, in every pixel,
// and nowhere else.

// frame is what a picture is drawn on.
type frame struct {
	w, h  float64 // in units of the shorter side, which is 1
	pixel float64 // the side of a pixel in the same units
}

func newFrame(w, h int) frame {
	side := float64(min(w, h))
	return frame{float64(w) / side, float64(h) / side, 1 / side}
}

func (f frame) centre() vec { return vec{f.w / 2, f.h / 2} }

// scene is one picture without flaw.
type scene struct {
	look func(p vec) rgb
	// ground tells where a flaw can be; nil: everywhere.
	ground func(p vec) bool
	// own makes flaws that only this kind of picture has, by their names.
	own map[string]func(r *splitmix.RNG) flaw
}

// flaw is a defect of a picture.
type flaw struct {
	covers func(p vec) bool
	look   func(p vec) rgb // is asked only where the flaw covers
}

// within is the flaw cut to where a flaw can be.
func (f flaw) within(ground func(vec) bool) flaw {
	if ground == nil {
		return f
	}
	return flaw{func(p vec) bool { return f.covers(p) && ground(p) }, f.look}
}

// camera is what differs between two pictures of the same thing: the light and the sensor's noise.
type camera struct {
	gain     float64
	gradient vec
	noise    uint64
}

func newCamera(r *splitmix.RNG) camera {
	return camera{r.Around(1, 0.03), vec{r.Around(0, 0.06), r.Around(0, 0.06)}, r.Next()}
}

// sensorNoise is the greatest deviation of a sample, in levels.
const sensorNoise = 3

// develop turns a pixel's colour into levels.
func (c camera) develop(colour rgb, p vec, f frame, x, y int) (levels [3]uint8) {
	light := c.gain + c.gradient.dot(p.minus(f.centre()))
	grain := lattice(c.noise, x, y) + lattice(c.noise+1, x, y) - 1 // triangular, as a sum of two
	for i, v := range colour {
		level := float64(255*v)*light + float64(sensorNoise*grain) + 0.5
		levels[i] = uint8(min(max(level, 0), 255))
	}
	return levels
}

// subpixels are the places in a pixel whose mean is its colour.
var subpixels = []vec{{0.25, 0.25}, {0.75, 0.25}, {0.25, 0.75}, {0.75, 0.75}}

// render draws the scene, with a flaw unless it is nil, on w×h pixels.
func render(s scene, fl *flaw, c camera, w, h int) (picture.Raster, []uint8) {
	pic := picture.New(w, h, 3)
	mask := make([]uint8, w*h)
	f := newFrame(w, h)
	for y := range h {
		for x := range w {
			i := y*w + x
			middle := vec{(float64(x) + 0.5) * f.pixel, (float64(y) + 0.5) * f.pixel}
			clean, flawed, covered := colourAt(s, fl, f, x, y)
			levels := c.develop(clean, middle, f, x, y)
			if covered {
				mask[i] = 1
				levels = unlike(levels, c.develop(flawed, middle, f, x, y))
			}
			copy(pic.Pix[3*i:], levels[:])
		}
	}
	return pic, mask
}

// colourAt is a pixel's mean colour without and with the flaw, and whether the flaw touches the pixel.
func colourAt(s scene, fl *flaw, f frame, x, y int) (clean, flawed rgb, covered bool) {
	for _, sub := range subpixels {
		p := vec{(float64(x) + sub.x) * f.pixel, (float64(y) + sub.y) * f.pixel}
		here := s.look(p)
		there := here
		if fl != nil && fl.covers(p) {
			covered = true
			there = fl.look(p)
		}
		for i := range clean {
			clean[i] += here[i] / 4
			flawed[i] += there[i] / 4
		}
	}
	return clean, flawed, covered
}

// unlike is flawed, but for one level if it came out the same as clean: every pixel of a flaw shows it.
func unlike(clean, flawed [3]uint8) [3]uint8 {
	if flawed != clean {
		return flawed
	}
	for i, v := range flawed {
		if v > 0 {
			flawed[i] = v - 1
		} else {
			flawed[i] = 1
		}
	}
	return flawed
}
