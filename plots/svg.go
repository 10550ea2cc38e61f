package plots

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas draws into an SVG document. Coordinates are pixels of 1/96 inch with two decimals; all transformations are
// applied here, so the document is a flat list of paths and images. Text becomes outlines (glyphs.go).
type svgCanvas struct {
	body          strings.Builder
	width, height int
	alt           string
	state         svgState
	stack         []svgState
}

type svgState struct {
	m     affine
	color color.Color
	width vg.Length
	dash  []vg.Length
}

// affine maps (x,y) in points to pixels: (a·x + c·y + e, b·x + d·y + f).
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(p vg.Point) (x, y float64) {
	return m.a*float64(p.X) + m.c*float64(p.Y) + m.e, m.b*float64(p.X) + m.d*float64(p.Y) + m.f
}

// then is the transformation that applies n first and m to the result.
func (m affine) then(n affine) affine {
	return affine{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

// newSVG is an empty drawing of w×h pixels. vg has its origin at the bottom, SVG at the top.
func newSVG(w, h int, alt string) *svgCanvas {
	k := 1 / float64(pixel)
	c := &svgCanvas{width: w, height: h, alt: alt, state: svgState{m: affine{k, 0, 0, -k, 0, float64(h)}}}
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) document() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="%d" height="%d" viewBox="0 0 %d %d" role="img" style="max-width:100%%;height:auto">`+
		"\n<title>%s</title>\n%s</svg>\n", c.width, c.height, c.width, c.height, html.EscapeString(c.alt), c.body.String())
}

// Size and the methods below implement vg.CanvasSizer.
func (c *svgCanvas) Size() (w, h vg.Length) {
	return vg.Length(c.width) * pixel, vg.Length(c.height) * pixel
}

func (c *svgCanvas) SetLineWidth(w vg.Length)               { c.state.width = w }
func (c *svgCanvas) SetLineDash(d []vg.Length, _ vg.Length) { c.state.dash = d }
func (c *svgCanvas) SetColor(col color.Color)               { c.state.color = col }
func (c *svgCanvas) Push()                                  { c.stack = append(c.stack, c.state) }

func (c *svgCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.state.m = c.state.m.then(affine{cos, sin, -sin, cos, 0, 0})
}

func (c *svgCanvas) Translate(p vg.Point) {
	c.state.m = c.state.m.then(affine{1, 0, 0, 1, float64(p.X), float64(p.Y)})
}

func (c *svgCanvas) Scale(x, y float64) {
	c.state.m = c.state.m.then(affine{x, 0, 0, y, 0, 0})
}

func (c *svgCanvas) Stroke(p vg.Path) {
	if c.state.width <= 0 {
		return
	}
	fmt.Fprintf(&c.body, `<path d="%s" fill="none" stroke="%s"%s stroke-width="%s"`,
		c.path(p), hexColor(c.state.color), opacity("stroke", c.state.color), decimal(float64(c.state.width)/float64(pixel)))
	if len(c.state.dash) > 0 {
		lengths := make([]string, len(c.state.dash))
		for i, d := range c.state.dash {
			lengths[i] = decimal(float64(d) / float64(pixel))
		}
		fmt.Fprintf(&c.body, ` stroke-dasharray="%s"`, strings.Join(lengths, " "))
	}
	c.body.WriteString(" stroke-linejoin=\"round\"/>\n")
}

func (c *svgCanvas) Fill(p vg.Path) {
	fmt.Fprintf(&c.body, "<path d=\"%s\" fill=\"%s\"%s/>\n", c.path(p), hexColor(c.state.color), opacity("fill", c.state.color))
}

func (c *svgCanvas) FillString(f font.Face, at vg.Point, s string) {
	if d := outline(f, s); d != "" {
		k := float64(f.Font.Size) / float64(f.Face.UnitsPerEm())
		m := c.state.m.then(affine{k, 0, 0, -k, float64(at.X), float64(at.Y)}) // outlines have y downwards
		fmt.Fprintf(&c.body, "<path transform=\"matrix(%s %s %s %s %s %s)\" d=\"%s\" fill=\"%s\"%s/>\n",
			fine(m.a), fine(m.b), fine(m.c), fine(m.d), decimal(m.e), decimal(m.f), d, hexColor(c.state.color), opacity("fill", c.state.color))
	}
}

func (c *svgCanvas) DrawImage(r vg.Rectangle, img image.Image) {
	x0, y0 := c.state.m.apply(r.Min)
	x1, y1 := c.state.m.apply(r.Max)
	fmt.Fprintf(&c.body, "<image x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,%s\"/>\n",
		decimal(min(x0, x1)), decimal(min(y0, y1)), decimal(math.Abs(x1-x0)), decimal(math.Abs(y1-y0)),
		base64.StdEncoding.EncodeToString(encodePNG(img)))
}

// path writes path data in pixels.
func (c *svgCanvas) path(p vg.Path) string {
	var b bytes.Buffer
	point := func(letter string, pts ...vg.Point) {
		b.WriteString(letter)
		for i, q := range pts {
			if i > 0 {
				b.WriteByte(' ')
			}
			x, y := c.state.m.apply(q)
			b.WriteString(decimal(x) + " " + decimal(y))
		}
	}
	for _, s := range p {
		switch s.Type {
		case vg.MoveComp:
			point("M", s.Pos)
		case vg.LineComp:
			point("L", s.Pos)
		case vg.ArcComp:
			c.arc(s, point)
		case vg.CurveComp:
			point(map[int]string{1: "Q", 2: "C"}[len(s.Control)], append(append([]vg.Point(nil), s.Control...), s.Pos)...)
		case vg.CloseComp:
			b.WriteByte('Z')
		}
	}
	return b.String()
}

// arc draws an arc as cubic curves of an eighth of a turn or less.
func (c *svgCanvas) arc(s vg.PathComp, point func(string, ...vg.Point)) {
	at := func(angle, dx, dy float64) vg.Point {
		sin, cos := math.Sincos(angle)
		return vg.Point{X: s.Pos.X + s.Radius*vg.Length(cos-dy*sin+dx*cos), Y: s.Pos.Y + s.Radius*vg.Length(sin+dy*cos+dx*sin)}
	}
	n := max(1, int(math.Ceil(math.Abs(s.Angle)/(math.Pi/4))))
	step := s.Angle / float64(n)
	k := 4.0 / 3 * math.Tan(step/4) // distance of the control points, in radii
	point("L", at(s.Start, 0, 0))
	for i := range n {
		from := s.Start + float64(i)*step
		point("C", at(from, 0, k), at(from+step, 0, -k), at(from+step, 0, 0))
	}
}

// decimal writes a coordinate with up to two decimals.
func decimal(v float64) string { return trimmed(v, 2) }

// fine writes a matrix entry.
func fine(v float64) string { return trimmed(v, 6) }

func trimmed(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

func hexColor(c color.Color) string {
	n := color.NRGBAModel.Convert(orBlack(c)).(color.NRGBA)
	return fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
}

// opacity is an attribute for a colour that is not opaque.
func opacity(of string, c color.Color) string {
	n := color.NRGBAModel.Convert(orBlack(c)).(color.NRGBA)
	if n.A == 0xFF {
		return ""
	}
	return fmt.Sprintf(` %s-opacity="%s"`, of, trimmed(float64(n.A)/255, 3))
}

func orBlack(c color.Color) color.Color {
	if c == nil {
		return color.Black
	}
	return c
}
