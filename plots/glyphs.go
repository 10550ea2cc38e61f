package plots

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"

	xfont "golang.org/x/image/font"
)

// outline is a text's shape as SVG path data in font units, y downwards, starting at the origin. Outlines look the same on
// every screen and need no font there. Runes that the font lacks show as its box.
func outline(f font.Face, s string) string {
	p := pen{face: f}
	x, last := 0, sfnt.GlyphIndex(0)
	for i, r := range s {
		glyph, err := f.Face.GlyphIndex(&p.buf, r)
		if err != nil {
			panic(fmt.Sprintf("plots: font %s: %v", f.Name(), err)) // the font is compiled in
		}
		if i > 0 {
			if kern, err := f.Face.Kern(&p.buf, last, glyph, p.em(), xfont.HintingNone); err == nil {
				x += int(kern)
			}
		}
		p.glyph(glyph, x)
		if advance, err := f.Face.GlyphAdvance(&p.buf, glyph, p.em(), xfont.HintingNone); err == nil {
			x += int(advance)
		}
		last = glyph
	}
	return p.path.String()
}

// A pen writes glyphs as path data. Steps are relative, which makes them a third shorter.
type pen struct {
	face font.Face
	buf  sfnt.Buffer
	path strings.Builder
	x, y int
}

// em as a size makes glyph coordinates whole font units.
func (p *pen) em() fixed.Int26_6 { return fixed.Int26_6(p.face.Face.UnitsPerEm()) }

// glyph writes a glyph's contours moved right by x. Filling closes them.
func (p *pen) glyph(g sfnt.GlyphIndex, x int) {
	segments, err := p.face.Face.LoadGlyph(&p.buf, g, p.em(), nil)
	if err != nil {
		return
	}
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			p.segment('m', x, s.Args[:1])
		case sfnt.SegmentOpLineTo:
			p.segment('l', x, s.Args[:1])
		case sfnt.SegmentOpQuadTo:
			p.segment('q', x, s.Args[:2])
		case sfnt.SegmentOpCubeTo:
			p.segment('c', x, s.Args[:3])
		}
	}
}

// segment writes one command with its points relative to where the pen is, and moves the pen to the last of them.
func (p *pen) segment(command byte, x int, points []fixed.Point26_6) {
	p.path.WriteByte(command)
	for i, q := range points {
		p.offset(x+int(q.X)-p.x, i > 0)
		p.offset(int(q.Y)-p.y, true)
	}
	end := points[len(points)-1]
	p.x, p.y = x+int(end.X), int(end.Y)
}

// offset writes a number; a minus sign separates by itself.
func (p *pen) offset(v int, separate bool) {
	if separate && v >= 0 {
		p.path.WriteByte(' ')
	}
	p.path.WriteString(strconv.Itoa(v))
}
