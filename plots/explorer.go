package plots

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Multiscaler is a result that also keeps image i's log-likelihood map of each scale, sizes[k] = h,w, in nats per channel.
type Multiscaler interface {
	LogP(i int) (maps [][]float32, sizes [][2]int)
}

// Explorer is a page to step through test images: it switches between the fused map and those of the scales (if g is a
// Multiscaler), and moves the score threshold and the pixel level while mask, verdict and confusion follow. Everything is
// inside the page, so that it works without a server: in nbviewer, in an exported page, after reloading the notebook.
//
// Worst, Best, Random and Chosen say which images it shows; without them it is Worst(24). The confusion counts all images.
// It starts at the thresholds in use (At or Thresholder, Level or PixelThresholder); without a score threshold, at the one
// of the best F1. Pictures have at most 256 and maps 96 pixels on their longer side, and maps 256 levels: what the page
// says of a mask is said of those.
func Explorer(g Gallery, opts ...Option) *Page {
	o := gather(opts)
	if len(o.choose) == 0 {
		Worst(24)(&o)
	}
	plates, err := platesOf(g, o)
	if err != nil {
		return failedPage("Explorer", err)
	}
	e, err := explore(g, o, plates)
	if err != nil {
		return failedPage("Explorer", err)
	}
	alt := fmt.Sprintf("Explorer of %d of %d images", len(e.Images), len(e.Scores))
	return &Page{
		alt:  alt,
		body: e.page(o.titled("Explorer"), alt),
		data: e.table,
	}
}

// exploration is what the page's script reads.
type exploration struct {
	Scores    []float64     `json:"scores"` // of all images
	Anomalous []bool        `json:"anomalous"`
	Threshold float64       `json:"threshold"`
	Maps      []exploredMap `json:"maps"` // the fused map first
	Images    []explored    `json:"images"`
	Ramp      string        `json:"ramp"` // base64 of 256 colours
}

// exploredMap describes one kind of map; value = low + q/255·(high−low), and colours run over from…to.
type exploredMap struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Level int     `json:"level"` // a pixel with q ≥ level is anomalous; 256: none
}

type explored struct {
	Index   int             `json:"index"`
	Name    string          `json:"name"`
	Picture string          `json:"jpeg"` // data URI
	H       int             `json:"h"`    // of truth and fused map
	W       int             `json:"w"`
	Truth   string          `json:"truth,omitempty"` // base64, a byte a pixel
	Maps    []quantizedArea `json:"maps"`
}

type quantizedArea struct {
	H int    `json:"h"`
	W int    `json:"w"`
	Q string `json:"q"` // base64, a byte a pixel
}

const (
	exploredPicture = 256 // pixels
	exploredSide    = 96
)

func explore(g Gallery, o options, plates []plate) (*exploration, error) {
	e := &exploration{}
	e.Scores, e.Anomalous = g.Scores()
	if e.Threshold = o.thresholdOf(g); math.IsNaN(e.Threshold) {
		normal, anomalous, err := split(g)
		if err != nil {
			return nil, err
		}
		e.Threshold = sweep(normal, anomalous).bestF1()
	}
	for _, c := range o.colorMap(Ember).levels() {
		e.Ramp += string([]byte{c.R, c.G, c.B})
	}
	e.Ramp = base64.StdEncoding.EncodeToString([]byte(e.Ramp))
	for _, p := range plates {
		im, err := newExplored(p)
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", p.index, err)
		}
		e.Images = append(e.Images, im)
	}
	return e, e.addMaps(g, o, plates)
}

func newExplored(p plate) (explored, error) {
	im := explored{Index: p.index, Name: p.name}
	size := p.picture.Bounds().Size()
	k := min(1, float64(exploredPicture)/float64(max(size.X, size.Y)))
	small := resample(p.picture, max(1, int(math.Round(k*float64(size.X)))), max(1, int(math.Round(k*float64(size.Y)))))
	uri, err := jpegURI(small)
	if err != nil {
		return im, err
	}
	im.Picture = uri
	_, im.H, im.W = shrink(p.values, p.h, p.w)
	if p.truth != nil {
		share, _, _ := shrink(p.surface(), p.h, p.w)
		bits := make([]byte, len(share))
		for i, v := range share {
			if v >= 0.5 {
				bits[i] = 1
			}
		}
		im.Truth = base64.StdEncoding.EncodeToString(bits)
	}
	return im, nil
}

func jpegURI(m image.Image) (string, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		return "", fmt.Errorf("encoding the picture: %w", err)
	}
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// shrink averages blocks of a map until its longer side has at most exploredSide pixels.
func shrink(values []float32, h, w int) (small []float32, sh, sw int) {
	step := (max(h, w) + exploredSide - 1) / exploredSide
	if step == 1 {
		return values, h, w
	}
	sh, sw = (h+step-1)/step, (w+step-1)/step
	for y := range sh {
		for x := range sw {
			sum, n := 0.0, 0.0
			for v := y * step; v < min((y+1)*step, h); v++ {
				for u := x * step; u < min((x+1)*step, w); u++ {
					sum, n = sum+float64(values[v*w+u]), n+1
				}
			}
			small = append(small, float32(sum/n))
		}
	}
	return small, sh, sw
}

// A stack is one kind of map of all images shown.
type stack struct {
	name, unit string
	level      float64
	maps       [][]float32
	sizes      [][2]int
}

// addMaps adds the fused map and those of the scales, negated: larger is less normal in all of them.
func (e *exploration) addMaps(g Gallery, o options, plates []plate) error {
	fused := stack{name: "fused map", unit: o.unitOf(g), level: math.NaN()}
	if o.level != nil {
		fused.level = *o.level
	} else if t, ok := g.(PixelThresholder); ok {
		fused.level = t.PixelThreshold()
	}
	for _, p := range plates {
		small, h, w := shrink(p.values, p.h, p.w)
		fused.maps, fused.sizes = append(fused.maps, small), append(fused.sizes, [2]int{h, w})
	}
	stacks := []stack{fused}
	if m, ok := g.(Multiscaler); ok {
		for k, p := range plates {
			logp, sizes := m.LogP(p.index)
			if len(logp) == 0 || len(logp) != len(sizes) || k > 0 && len(logp) != len(stacks)-1 {
				return fmt.Errorf("image %d: %d maps of scales, %d sizes: %w", p.index, len(logp), len(sizes), errLengths)
			}
			for s, values := range logp {
				if err := checkMap(values, sizes[s][0], sizes[s][1]); err != nil {
					return fmt.Errorf("image %d, scale %d: %w", p.index, s+1, err)
				}
				if k == 0 {
					name := fmt.Sprintf("−log p at scale %d (%d×%d)", s+1, sizes[s][0], sizes[s][1])
					stacks = append(stacks, stack{name: name, unit: nats, level: math.NaN()})
				}
				small, h, w := shrink(negated(values), sizes[s][0], sizes[s][1])
				stacks[s+1].maps, stacks[s+1].sizes = append(stacks[s+1].maps, small), append(stacks[s+1].sizes, [2]int{h, w})
			}
		}
	}
	for _, s := range stacks {
		if err := e.add(s, o); err != nil {
			return err
		}
	}
	return nil
}

func negated(values []float32) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = -v
	}
	return out
}

// add quantizes a stack's maps.
func (e *exploration) add(s stack, o options) error {
	low, high := math.Inf(1), math.Inf(-1)
	for k, values := range s.maps {
		for _, v := range values {
			if !finite(float64(v)) {
				return fmt.Errorf("image %d, %s: a value is %v", e.Images[k].Index, s.name, v)
			}
			low, high = min(low, float64(v)), max(high, float64(v))
		}
	}
	m := exploredMap{Name: s.name, Unit: s.unit, Low: low, High: high}
	m.From, m.To = span(s.maps...)
	if len(e.Maps) == 0 {
		m.From, m.To = o.colorRange(s.maps...)
	}
	if math.IsNaN(s.level) {
		s.level = e.normalLevel(s)
	}
	m.Level = m.quantizedLevel(s.level)
	for k, values := range s.maps {
		q := make([]byte, len(values))
		for i, v := range values {
			q[i] = byte(math.Round(255 * share(float64(v), low, high)))
		}
		e.Images[k].Maps = append(e.Images[k].Maps, quantizedArea{s.sizes[k][0], s.sizes[k][1], base64.StdEncoding.EncodeToString(q)})
	}
	e.Maps = append(e.Maps, m)
	return nil
}

// quantizedLevel is the smallest step that is not under the level.
func (m exploredMap) quantizedLevel(level float64) int {
	if !(m.High > m.Low) {
		return 256
	}
	return int(min(max(math.Ceil(255*(level-m.Low)/(m.High-m.Low)), 0), 256))
}

// normalLevel is what 99 of 100 pixels of the normal images shown lie under, or of all images if none is normal.
func (e *exploration) normalLevel(s stack) float64 {
	var normal, all []float32
	for k, values := range s.maps {
		all = append(all, values...)
		if !e.Anomalous[e.Images[k].Index] {
			normal = append(normal, values...)
		}
	}
	if len(normal) == 0 {
		normal = all
	}
	slices.Sort(normal)
	return float64(normal[len(normal)*99/100])
}

//go:embed explorer.html
var explorerHTML string

// page fills the document. Its id is taken from its content, so that the same data give the same bytes and two
// explorers in one notebook do not meet.
func (e *exploration) page(title, alt string) string {
	content, err := json.Marshal(e) // escapes <, > and &, so no script tag can end early
	if err != nil {
		return "<p>" + html.EscapeString(err.Error()) + "</p>"
	}
	sum := sha256.Sum256(append(content, title...))
	return strings.NewReplacer(
		"__ID__", hex.EncodeToString(sum[:6]), "__TITLE__", html.EscapeString(title), "__ALT__", html.EscapeString(alt),
		"__DATA__", string(content)).Replace(explorerHTML)
}

func (e *exploration) table() table {
	t := table{{"index", "name", "anomalous", "score", "called_anomalous"}}
	names := map[int]string{}
	for _, im := range e.Images {
		names[im.Index] = im.Name
	}
	for i, s := range e.Scores {
		t = append(t, []string{strconv.Itoa(i), names[i], strconv.FormatBool(e.Anomalous[i]), cell(s), strconv.FormatBool(s >= e.Threshold)})
	}
	return t
}
