package kernelspec

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/vector"
)

// The logo is three streams that narrow from a wide wave to one line: data flowing to a Gaussian. It is drawn here, once
// for SVG and once for pixels, in a square of side 1.

type point struct{ x, y float64 }

// curve is a stroked band in one colour.
type curve struct {
	colour    color.NRGBA
	amplitude float64
	phase     float64
}

var (
	ground = color.NRGBA{0x00, 0x3f, 0x5c, 0xff}
	curves = []curve{
		{color.NRGBA{0x5d, 0xc9, 0xe2, 0xff}, 0.26, 0},
		{color.NRGBA{0xff, 0xa6, 0x00, 0xff}, 0.26, 2 * math.Pi / 3},
		{color.NRGBA{0xff, 0xff, 0xff, 0xff}, 0.26, 4 * math.Pi / 3},
	}
)

const (
	strokeWidth = 0.07
	cornerSize  = 0.18
	curveSteps  = 48
)

// centre is the middle line of a curve at 0 ≤ x ≤ 1.
func (c curve) centre(x float64) float64 {
	fade := math.Exp(-6 * x * x)
	return 0.5 + c.amplitude*fade*math.Sin(2*math.Pi*1.4*x+c.phase)
}

// outline is the band's border as a closed polygon.
func (c curve) outline() []point {
	var top, bottom []point
	for i := range curveSteps + 1 {
		x := 0.1 + 0.8*float64(i)/curveSteps
		u := (x - 0.1) / 0.8
		slope := (c.centre(u+0.01) - c.centre(u-0.01)) / 0.02 / 0.8
		n := math.Hypot(1, slope)
		dx, dy := strokeWidth/2*slope/n, strokeWidth/2/n
		y := c.centre(u)
		top = append(top, point{x + dx, y - dy})
		bottom = append(bottom, point{x - dx, y + dy})
	}
	for i := len(bottom) - 1; i >= 0; i-- {
		top = append(top, bottom[i])
	}
	return top
}

// square is the ground with round corners.
func square() []point {
	var ps []point
	for corner := range 4 {
		cx, cy := 1-cornerSize, 1-cornerSize
		if corner == 1 || corner == 2 {
			cx = cornerSize
		}
		if corner >= 2 {
			cy = cornerSize
		}
		for i := range 9 {
			a := float64(corner)*math.Pi/2 + float64(i)*math.Pi/16
			ps = append(ps, point{cx + cornerSize*math.Cos(a), cy + cornerSize*math.Sin(a)})
		}
	}
	return ps
}

func logoPNG(side int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	fill(img, square(), ground)
	for _, c := range curves {
		fill(img, c.outline(), c.colour)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // an image in memory always encodes
	}
	return b.Bytes()
}

func fill(img draw.Image, ps []point, c color.Color) {
	side := img.Bounds().Dx()
	r := vector.NewRasterizer(side, side)
	for i, p := range ps {
		x, y := float32(p.x)*float32(side), float32(p.y)*float32(side)
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{})
}

func logoSVG() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">`)
	path(&b, square(), ground)
	for _, c := range curves {
		path(&b, c.outline(), c.colour)
	}
	fmt.Fprintln(&b, `</svg>`)
	return b.Bytes()
}

func path(b *bytes.Buffer, ps []point, c color.NRGBA) {
	fmt.Fprintf(b, `<path fill="#%02x%02x%02x" d="`, c.R, c.G, c.B)
	for i, p := range ps {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(b, "%s%.2f %.2f", command, 64*p.x, 64*p.y)
	}
	fmt.Fprintln(b, `Z"/>`)
}
