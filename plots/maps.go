package plots

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Gallery is a result with pictures: for image i its name and picture, its pixel map of h×w values, and its truth, h·w
// values that are not 0 where there is a defect (nil if nobody knows).
type Gallery interface {
	Scorer
	Picture(i int) (name string, picture image.Image, err error)
	Map(i int) (values []float32, h, w int)
	Truth(i int) []uint8
}

// PixelThresholder is a result that knows from which map value a pixel is anomalous; contours are drawn there unless
// Level says another.
type PixelThresholder interface{ PixelThreshold() float64 }

// mapUniter is a result that knows the unit of its maps, which colour bars name unless Unit says another.
type mapUniter interface{ MapUnit() string }

// mapRanger is a result that knows the range of its maps' colours, which holds for all its images unless Range says another.
type mapRanger interface {
	MapRange() (low, high float64)
}

// unitOf is the unit of g's maps: the chosen one, or its own, or that of likelihoods.
func (o options) unitOf(g Gallery) string {
	if u, ok := g.(mapUniter); ok {
		return o.unitOr(u.MapUnit())
	}
	return o.unitOr(nats)
}

// A plate is one row of the figure: an image and what belongs to it.
type plate struct {
	index     int
	name      string
	picture   image.Image
	values    []float32
	h, w      int
	truth     []uint8
	score     float64
	anomalous bool
}

// Maps draws a row of panels per image: the image, the true defect, the map, the map over the image, and the contours of
// truth and of the map at the level in use (Level, or PixelThresholder; without either the last column is left out). Say
// which images with Worst, Best, Random and Chosen, which may be combined; without them it is Worst(4). All maps share
// one range of colours, up to four times the level in use unless Range says another. The captions of wrong verdicts are coloured. Unit
// names the map's values; without it the method MapUnit() string of g does, if it has one.
func Maps(g Gallery, opts ...Option) *Figure {
	o := gather(opts)
	plates, err := platesOf(g, o)
	if err != nil {
		return failed("Likelihood maps", err)
	}
	if t, ok := g.(PixelThresholder); ok && o.level == nil {
		level := t.PixelThreshold()
		o.level = &level
	}
	if r, ok := g.(mapRanger); ok && !finite(o.low, o.high) {
		o.low, o.high = r.MapRange()
	}
	o.unit = o.unitOf(g)
	sheet := newSheet(o, o.thresholdOf(g), plates)
	return &Figure{
		alt: sheet.describe(), width: 780, height: sheet.height(780), pictures: true,
		paint: sheet.paint,
		data:  sheet.table,
	}
}

func platesOf(g Gallery, o options) ([]plate, error) {
	if _, _, err := split(g); err != nil {
		return nil, err
	}
	scores, anomalous := g.Scores()
	index, err := o.chosen(Worst(4), scores, anomalous, o.thresholdOf(g))
	if err != nil {
		return nil, err
	}
	if len(index) == 0 {
		return nil, errors.New("no image is chosen")
	}
	plates := make([]plate, len(index))
	for k, i := range index {
		p := plate{index: i, score: scores[i], anomalous: anomalous[i], truth: g.Truth(i)}
		p.values, p.h, p.w = g.Map(i)
		if p.name, p.picture, err = g.Picture(i); err == nil {
			err = p.check()
		}
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		plates[k] = p
	}
	return plates, nil
}

func (p plate) check() error {
	if err := checkMap(p.values, p.h, p.w); err != nil {
		return err
	}
	if p.truth != nil && len(p.truth) != p.h*p.w {
		return fmt.Errorf("a truth of %d values for %d×%d pixels", len(p.truth), p.h, p.w)
	}
	return checkPicture(p.picture)
}

// A sheet is the figure's plates with what they have in common.
type sheet struct {
	options
	threshold float64
	plates    []plate
	low, high float64
	bar       colorBar
	columns   []column
}

// A column draws one panel of each plate.
type column struct {
	name string
	draw func(s *sheet, c draw.Canvas, p plate)
}

// middleMaximum is the median of the maps' greatest values.
func middleMaximum(maps [][]float32) float64 {
	greatest := make([]float64, len(maps))
	for i, values := range maps {
		_, greatest[i] = span(values)
	}
	slices.Sort(greatest)
	return greatest[len(greatest)/2]
}

func newSheet(o options, threshold float64, plates []plate) *sheet {
	s := &sheet{options: o, threshold: threshold, plates: plates}
	var maps [][]float32
	for _, p := range plates {
		maps = append(maps, p.values)
	}
	s.low, s.high = o.colorRange(maps...)
	if o.level != nil && *o.level > s.low && math.IsNaN(o.high) {
		// A single gross defect would leave all others dark, and too low an end make blots of most.
		s.high = min(s.high, max(s.low+4*(*o.level-s.low), middleMaximum(maps)))
	}
	s.bar = newBar(o.colorMap(Ember), s.low, s.high, o.unit, maps...)
	s.columns = []column{{"image", drawPicture}, {"truth", drawTruth}, {"map", drawMap}, {"overlay", drawOverlay}}
	if o.level != nil {
		s.columns = append(s.columns, column{"contour", drawContours})
	}
	return s
}

const (
	panelGap  = 4 * pixel
	captionPx = 18 // pixels for the line over each row
	headPx    = 66 // title, legend, column names
)

// panelSize is the width and height of a panel in a figure of this width. All panels have the shape of the first map.
func (s *sheet) panelSize(width int) (w, h float64) {
	n := float64(len(s.columns))
	w = (float64(width) - 2*float64(margin/pixel) - float64(barWidth/pixel) - (n-1)*float64(panelGap/pixel)) / n
	return w, w * min(float64(s.plates[0].h)/float64(s.plates[0].w), 2)
}

func (s *sheet) height(width int) int {
	_, h := s.panelSize(width)
	return int(math.Ceil(float64(len(s.plates))*(h+captionPx) + headPx + 2*float64(margin/pixel)))
}

func (s *sheet) paint(c draw.Canvas) {
	c = heading(page(c), s.titled("Likelihood maps"), s.legend())
	columns := draw.Crop(c, 0, -barWidth, 0, 0)
	columns = s.nameColumns(columns)
	top, bottom := columns.Max.Y, columns.Max.Y
	_, panel := s.panelSize(int((c.Size().X + 2*margin) / pixel))
	rowHeight := min((columns.Max.Y-columns.Min.Y)/vg.Length(len(s.plates)), vg.Length(panel+captionPx)*pixel)
	for i, p := range s.plates {
		row := columns
		row.Max.Y = columns.Max.Y - vg.Length(i)*rowHeight
		row.Min.Y = row.Max.Y - rowHeight
		bottom = s.row(row, p)
		if i == 0 {
			top = row.Max.Y - captionPx*pixel
		}
	}
	s.bar.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: c.Max.X - barWidth, Y: max(bottom, top-360*pixel)}, Max: vg.Point{X: c.Max.X, Y: top}}})
}

// row draws one plate and returns the lower end of its panels.
func (s *sheet) row(c draw.Canvas, p plate) (bottom vg.Length) {
	text, wrong := s.caption(p)
	color := ink
	if wrong {
		color = wrongColor
	}
	c = draw.Crop(c, 0, 0, 0, -2*pixel)
	writeLine(c, plain(tickSize, color), text)
	c = draw.Crop(c, 0, 0, 2*pixel, (2-captionPx)*pixel)
	for k, column := range s.columns {
		column.draw(s, s.cell(c, k), p)
	}
	return c.Min.Y
}

// cell is the canvas of the k-th panel of a row.
func (s *sheet) cell(c draw.Canvas, k int) draw.Canvas {
	return tile(c, 1, len(s.columns), 0, k, panelGap)
}

func (s *sheet) nameColumns(c draw.Canvas) draw.Canvas {
	for k, column := range s.columns {
		rest := s.cell(c, k)
		writeLine(rest, bold(tickSize, ink), column.name)
	}
	return draw.Crop(c, 0, 0, 0, -15*pixel)
}

// caption says what an image is and how it was judged, and whether that is wrong.
func (s *sheet) caption(p plate) (text string, wrong bool) {
	class := "normal"
	if p.anomalous {
		class = "anomalous"
	}
	text = fmt.Sprintf("%s: %s, score %s", p.name, class, short(p.score, 3))
	switch called := p.score >= s.threshold; {
	case math.IsNaN(s.threshold):
	case called && !p.anomalous:
		return text + ", a false alarm", true
	case !called && p.anomalous:
		return text + ", missed", true
	default:
		text += ", judged rightly"
	}
	return text, false
}

func (s *sheet) legend() []entry {
	if s.level == nil {
		return nil
	}
	return append([]entry{{name: "true defect", color: truthColor}}, s.contourLegend()...)
}

func (s *sheet) describe() string {
	text := fmt.Sprintf("Likelihood maps of %d images: ", len(s.plates))
	for i, p := range s.plates {
		if i > 0 {
			text += "; "
		}
		caption, _ := s.caption(p)
		text += caption
	}
	return text
}

// table lists the images shown with the sizes of what was found and of what there is.
func (s *sheet) table() table {
	t := table{{"index", "name", "anomalous", "score", "map_low", "map_high", "defect_pixels", "pixels_over_level"}}
	for _, p := range s.plates {
		low, high := math.Inf(1), math.Inf(-1)
		over, defect := "", ""
		if s.level != nil {
			over = strconv.Itoa(p.over(*s.level))
		}
		if p.truth != nil {
			defect = strconv.Itoa(p.defects())
		}
		for _, v := range p.values {
			low, high = min(low, float64(v)), max(high, float64(v))
		}
		t = append(t, []string{strconv.Itoa(p.index), p.name, strconv.FormatBool(p.anomalous), cell(p.score),
			cell32(float32(low)), cell32(float32(high)), defect, over})
	}
	return t
}

func (p plate) over(level float64) (n int) {
	for _, v := range p.values {
		if float64(v) >= level {
			n++
		}
	}
	return n
}

func (p plate) defects() (n int) {
	for _, v := range p.truth {
		if v != 0 {
			n++
		}
	}
	return n
}

func drawPicture(_ *sheet, c draw.Canvas, p plate) { place(c, p.picture) }

// drawTruth shows defects white on black.
func drawTruth(_ *sheet, c draw.Canvas, p plate) {
	if p.truth == nil {
		frame := inscribe(c.Rectangle, p.w, p.h)
		fillRect(c, rule, frame.Min.X, frame.Min.Y, frame.Max.X, frame.Max.Y)
		s := plain(tickSize, muted)
		s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
		c.FillText(s, c.Center(), "not known")
		return
	}
	place(c, Colorize(p.surface(), p.h, p.w, 0, 1, Grey))
}

// surface is the truth as a map of 0 and 1.
func (p plate) surface() []float32 {
	values := make([]float32, len(p.truth))
	for i, v := range p.truth {
		if v != 0 {
			values[i] = 1
		}
	}
	return values
}

func drawMap(s *sheet, c draw.Canvas, p plate) {
	place(c, Colorize(p.values, p.h, p.w, s.low, s.high, s.colorMap(Ember)))
}

func drawOverlay(s *sheet, c draw.Canvas, p plate) {
	place(c, Overlay(resample(p.picture, p.w, p.h), p.values, p.h, p.w, s.low, s.high, s.colorMap(Blaze)))
}

func drawContours(s *sheet, c draw.Canvas, p plate) {
	r := place(c, greyed(resample(p.picture, p.w, p.h)))
	if p.truth != nil {
		strokeContour(c, r, p.surface(), p.h, p.w, 0.5, truthColor)
	}
	strokeContour(c, r, p.values, p.h, p.w, *s.level, contourColor)
}
