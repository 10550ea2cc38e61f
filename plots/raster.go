package plots

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colorize paints a map of h×w values: low and below in the first colour of m, high and above in the last.
// It panics if the map does not hold h·w values.
func Colorize(values []float32, h, w int, low, high float64, m *ColorMap) *image.NRGBA {
	mustHold(values, h, w)
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, v := range values {
		c := m.At(share(float64(v), low, high))
		out.Pix[4*i], out.Pix[4*i+1], out.Pix[4*i+2], out.Pix[4*i+3] = c.R, c.G, c.B, c.A
	}
	return out
}

func mustHold(values []float32, h, w int) {
	if len(values) != h*w || h < 1 || w < 1 {
		panic(fmt.Sprintf("plots: a map of %d×%d pixels with %d values", h, w, len(values)))
	}
}

// share is where v lies between low and high.
func share(v, low, high float64) float64 {
	if !(high > low) {
		if v > high {
			return 1
		}
		return v * 0 // 0, and NaN for NaN and infinities
	}
	return (v - low) / (high - low)
}

// Overlay paints a map over a picture, at the picture's size and in the colours of m: the less normal, the stronger. Where
// the map is at low the picture, turned to grey, shows unchanged. It panics if the map does not hold h·w values.
func Overlay(picture image.Image, values []float32, h, w int, low, high float64, m *ColorMap) *image.NRGBA {
	mustHold(values, h, w)
	size := picture.Bounds().Size()
	out := greyed(resample(picture, size.X, size.Y))
	for y := range size.Y {
		for x := range size.X {
			t := share(bilinear(values, h, w, (float64(y)+0.5)/float64(size.Y), (float64(x)+0.5)/float64(size.X)), low, high)
			blend(out.Pix[out.PixOffset(x, y):], m.At(t), t)
		}
	}
	return out
}

// blend lays a colour over a pixel, as strong as t, and fully where t is not a number.
func blend(pix []uint8, c color.NRGBA, t float64) {
	strength := 0.9 * math.Pow(min(max(1.5*t, 0), 1), 1.5) // what is nearly normal stays nearly clear
	if math.IsNaN(t) {
		strength = 1
	}
	for k, q := range [3]uint8{c.R, c.G, c.B} {
		p := float64(pix[k])
		pix[k] = uint8(p + strength*(float64(q)-p) + 0.5)
	}
}

// bilinear reads a map at a place given as shares of its height and width.
func bilinear(values []float32, h, w int, y, x float64) float64 {
	y, x = min(max(y*float64(h)-0.5, 0), float64(h-1)), min(max(x*float64(w)-0.5, 0), float64(w-1))
	y0, x0 := min(int(y), max(h-2, 0)), min(int(x), max(w-2, 0))
	y1, x1 := min(y0+1, h-1), min(x0+1, w-1)
	fy, fx := y-float64(y0), x-float64(x0)
	row := func(y int) float64 {
		a, b := float64(values[y*w+x0]), float64(values[y*w+x1])
		if fx == 0 {
			return a
		}
		return a + fx*(b-a)
	}
	if fy == 0 {
		return row(y0)
	}
	return row(y0) + fy*(row(y1)-row(y0))
}

// greyed keeps a picture's lightness only, in place, pulled a little towards white so that dark objects do not hide the
// map.
func greyed(m *image.NRGBA) *image.NRGBA {
	for i := 0; i < len(m.Pix); i += 4 {
		y := 0.299*float64(m.Pix[i]) + 0.587*float64(m.Pix[i+1]) + 0.114*float64(m.Pix[i+2])
		g := uint8(0.85*y + 0.15*255 + 0.5)
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = g, g, g, 0xFF
	}
	return m
}

// resample scales a picture to w×h pixels, smoothly, over white.
func resample(m image.Image, w, h int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	xdraw.Draw(out, out.Rect, image.White, image.Point{}, xdraw.Src)
	if m.Bounds().Size() == out.Rect.Size() {
		xdraw.Draw(out, out.Rect, m, m.Bounds().Min, xdraw.Over)
		return out
	}
	xdraw.CatmullRom.Scale(out, out.Rect, m, m.Bounds(), xdraw.Over, nil)
	return out
}

// enlarge repeats pixels, so that the cells of a coarse map stay visible.
func enlarge(m image.Image, w, h int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	xdraw.NearestNeighbor.Scale(out, out.Rect, m, m.Bounds(), xdraw.Src, nil)
	return out
}

// place draws a picture of w×h pixels into the largest rectangle of its shape that fits the canvas, centred and on whole
// pixels so that it stays sharp, and returns that rectangle. Small pictures are enlarged pixel by pixel.
func place(c draw.Canvas, m image.Image) vg.Rectangle {
	r := inscribe(c.Rectangle, m.Bounds().Dx(), m.Bounds().Dy())
	w, h := int(math.Round(float64(r.Size().X/pixel))), int(math.Round(float64(r.Size().Y/pixel)))
	if _, vector := c.Canvas.(*svgCanvas); vector {
		w, h = 2*w, 2*h // to be zoomed
	} else if s, ok := c.Canvas.(interface{ DPI() float64 }); ok {
		n := int(math.Round(s.DPI() / 96))
		w, h = n*w, n*h
	}
	if m.Bounds().Dx()*3 <= w {
		m = enlarge(m, w, h)
	} else {
		m = resample(m, w, h)
	}
	c.DrawImage(r, m)
	return r
}

// inscribe centres a rectangle of the shape w:h in r, with corners on whole pixels.
func inscribe(r vg.Rectangle, w, h int) vg.Rectangle {
	scale := min(float64(r.Size().X)/float64(w), float64(r.Size().Y)/float64(h))
	snap := func(l vg.Length) vg.Length { return vg.Length(math.Round(float64(l/pixel))) * pixel }
	dx, dy := vg.Length(scale*float64(w)), vg.Length(scale*float64(h))
	lo := vg.Point{X: snap((r.Min.X + r.Max.X - dx) / 2), Y: snap((r.Min.Y + r.Max.Y - dy) / 2)}
	return vg.Rectangle{Min: lo, Max: vg.Point{X: lo.X + snap(dx), Y: lo.Y + snap(dy)}}
}

// span is the range of finite values that the colours cover. Up to 0.1 % at either end may lie beyond it, so that a few
// odd pixels do not use up the colours.
func span(maps ...[]float32) (low, high float64) {
	var all []float32
	for _, m := range maps {
		stride := max(1, len(m)/20000)
		for i := 0; i < len(m); i += stride {
			if v := float64(m[i]); !math.IsNaN(v) && !math.IsInf(v, 0) {
				all = append(all, m[i])
			}
		}
	}
	if len(all) == 0 {
		return 0, 1
	}
	slices.Sort(all)
	cut := len(all) / 1000
	return float64(all[cut]), float64(all[len(all)-1-cut])
}
