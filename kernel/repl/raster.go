package repl

import (
	"fmt"
	"image"
	"image/color"
	"image/color/palette"
	stddraw "image/draw"
	"strings"

	"golang.org/x/image/draw"
)

// scaled is img with w×h pixels, on white where it is transparent.
func scaled(img image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	stddraw.Draw(out, out.Bounds(), image.White, image.Point{}, stddraw.Src)
	draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Over, nil)
	return out
}

// fitWithin is the size that keeps the proportions of img inside w×h pixels.
func fitWithin(img image.Image, w, h int) (int, int) {
	size := img.Bounds().Size()
	scale := min(float64(w)/float64(size.X), float64(h)/float64(size.Y))
	return max(1, int(float64(size.X)*scale+0.5)), max(1, int(float64(size.Y)*scale+0.5))
}

// halfBlocks draws a picture with two pixels in each character.
func halfBlocks(img image.Image, cols, rows int, truecolour bool) string {
	w, h := fitWithin(img, cols, 2*rows)
	h += h % 2
	m := scaled(img, w, h)
	var b strings.Builder
	for y := 0; y < h; y += 2 {
		last := ""
		for x := range w {
			code, char := colourCode(48, m.RGBAAt(x, y+1), truecolour), " "
			if upper := colourCode(48, m.RGBAAt(x, y), truecolour); upper != code {
				code, char = colourCode(38, m.RGBAAt(x, y), truecolour)+";"+code, "▀"
			}
			if code != last {
				b.WriteString("\x1b[" + code + "m")
				last = code
			}
			b.WriteString(char)
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}

func colourCode(ground int, c color.RGBA, truecolour bool) string {
	if truecolour {
		return fmt.Sprintf("%d;2;%d;%d;%d", ground, c.R, c.G, c.B)
	}
	return fmt.Sprintf("%d;5;%d", ground, colour256(c))
}

// colour256 is the nearest of the 6×6×6 cube or of the greys of terminals with 256 colours.
func colour256(c color.RGBA) int {
	level := func(v uint8) int { // the cube's levels are 0, 95, 135, 175, 215, 255
		if v < 48 {
			return 0
		}
		return min(5, (int(v)-35)/40)
	}
	value := func(l int) int {
		if l == 0 {
			return 0
		}
		return 55 + 40*l
	}
	r, g, b := level(c.R), level(c.G), level(c.B)
	grey := (int(c.R) + int(c.G) + int(c.B)) / 3
	step := min(23, max(0, (grey-3)/10))
	far := func(x, y, z int) int {
		dr, dg, db := int(c.R)-x, int(c.G)-y, int(c.B)-z
		return dr*dr + dg*dg + db*db
	}
	if v := 8 + 10*step; far(v, v, v) < far(value(r), value(g), value(b)) {
		return 232 + step
	}
	return 16 + 36*r + 6*g + b
}

// braille draws without colours, eight dots in each character: what differs from the picture's background.
func braille(img image.Image, cols, rows int) string {
	w, h := fitWithin(img, 2*cols, 4*rows)
	m := scaled(img, w, h)
	ground := luminance(m.RGBAAt(0, 0))
	dot := func(x, y int) bool {
		if x >= w || y >= h {
			return false
		}
		d := luminance(m.RGBAAt(x, y)) - ground
		return d > 60 || d < -60
	}
	bits := [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	var b strings.Builder
	for y := 0; y < h; y += 4 {
		var line strings.Builder
		for x := 0; x < w; x += 2 {
			c := rune(0x2800)
			for dy, row := range bits {
				for dx, bit := range row {
					if dot(x+dx, y+dy) {
						c |= bit
					}
				}
			}
			line.WriteRune(c)
		}
		b.WriteString(strings.TrimRight(line.String(), "\u2800") + "\n")
	}
	return b.String()
}

func luminance(c color.RGBA) int { return (299*int(c.R) + 587*int(c.G) + 114*int(c.B)) / 1000 }

// sixelPicture is a picture in the format of DEC's terminals: bands of six rows, in each one run of sixels per colour.
func sixelPicture(m *image.RGBA) string {
	p := image.NewPaletted(m.Bounds(), palette.Plan9)
	stddraw.FloydSteinberg.Draw(p, p.Bounds(), m, image.Point{})
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	var b strings.Builder
	fmt.Fprintf(&b, "\x1bP0;1q\"1;1;%d;%d", w, h)
	defined := [256]bool{}
	for _, i := range p.Pix {
		if !defined[i] {
			defined[i] = true
			r, g, bl, _ := p.Palette[i].RGBA()
			fmt.Fprintf(&b, "#%d;2;%d;%d;%d", i, r*100/0xffff, g*100/0xffff, bl*100/0xffff)
		}
	}
	for y := 0; y < h; y += 6 {
		sixelBand(&b, p, y, min(6, h-y))
	}
	b.WriteString("\x1b\\")
	return b.String()
}

func sixelBand(b *strings.Builder, p *image.Paletted, y, rows int) {
	w := p.Bounds().Dx()
	bands := map[uint8][]byte{}
	var order []uint8
	for dy := range rows {
		for x, i := range p.Pix[(y+dy)*p.Stride:][:w] {
			if bands[i] == nil {
				bands[i] = make([]byte, w)
				order = append(order, i)
			}
			bands[i][x] |= 1 << dy
		}
	}
	for k, i := range order {
		if k > 0 {
			b.WriteByte('$')
		}
		fmt.Fprintf(b, "#%d", i)
		runs(b, bands[i])
	}
	b.WriteByte('-')
}

// runs writes sixels with repetitions as !n.
func runs(b *strings.Builder, s []byte) {
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] == s[i] {
			j++
		}
		if n := j - i; n > 3 {
			fmt.Fprintf(b, "!%d%c", n, s[i]+63)
		} else {
			b.WriteString(strings.Repeat(string(rune(s[i]+63)), n))
		}
		i = j
	}
}
