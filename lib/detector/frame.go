package detector

import (
	"context"
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/train"
)

// canvas is what a picture's maps show of it: as much as the detector looks at, joined from tiles where it was cut.
type canvas struct {
	view    datasets.View
	h, w    int      // of the pixel maps
	inside  []bool   // which of their pixels count; nil: all
	windows []window // each is scored by itself, and the picture scores as the worst; nil: all is scored together
}

// window is a rectangle of a canvas.
type window struct{ left, top, right, bottom int }

// tiled tells whether pictures are cut into tiles.
func (c Config) tiled() bool { return c.Frame != nil && c.Frame.Tile > 0 }

// tileShrink is how many pixels of a picture in tiles are one of its map, along both sides: maps of large pictures would
// be large, and tell nothing more.
const tileShrink = 4

// canvasOf is the canvas of a picture that is one input.
func (d *Detector) canvasOf(v datasets.View) canvas {
	h, w := d.Config.Size[0], d.Config.Size[1]
	return canvas{view: v, h: h, w: w, inside: d.Config.Frame.Inside(v, w, h)}
}

// tiledCanvas is the canvas of a picture in tiles.
func (d *Detector) tiledCanvas(whole datasets.View, tiles []datasets.View) canvas {
	c := canvas{view: whole, h: (whole.Bottom - whole.Top) / tileShrink, w: (whole.Right - whole.Left) / tileShrink}
	c.inside = d.Config.Frame.Inside(whole, c.w, c.h)
	for _, t := range tiles {
		left, top := (t.Left-whole.Left)/tileShrink, (t.Top-whole.Top)/tileShrink
		w := window{left, top, left + (t.Right-t.Left)/tileShrink, top + (t.Bottom-t.Top)/tileShrink}
		if c.counts(w) {
			c.windows = append(c.windows, w)
		}
	}
	return c
}

// whole is the window of everything.
func (c canvas) whole() window { return window{0, 0, c.w, c.h} }

// counts tells whether some pixel of a window counts.
func (c canvas) counts(w window) bool {
	if c.inside == nil {
		return true
	}
	for y := w.top; y < w.bottom; y++ {
		if slices.Contains(c.inside[y*c.w+w.left:y*c.w+w.right], true) {
			return true
		}
	}
	return false
}

// kept are the values of a map within a window that count.
func (c canvas) kept(m []float32, w window) []float32 {
	if c.inside == nil && w == c.whole() {
		return m
	}
	out := make([]float32, 0, (w.bottom-w.top)*(w.right-w.left))
	for y := w.top; y < w.bottom; y++ {
		for at := y*c.w + w.left; at < y*c.w+w.right; at++ {
			if c.inside == nil || c.inside[at] {
				out = append(out, m[at])
			}
		}
	}
	return out
}

// score is the image score of a map: of all that counts, or of the worst window.
func (c canvas) score(m []float32, topK float64) float64 {
	if c.windows == nil {
		return score.ImageScore(c.kept(m, c.whole()), topK)
	}
	worst := score.ImageScore(c.kept(m, c.windows[0]), topK)
	for _, w := range c.windows[1:] {
		if s := score.ImageScore(c.kept(m, w), topK); !(s <= worst) { // a score that is not a number stays one
			worst = s
		}
	}
	return worst
}

// exclude gives what does not count the lowest value of what does.
func (c canvas) exclude(m []float32) {
	if c.inside == nil {
		return
	}
	low := slices.Min(c.kept(m, c.whole()))
	for i, in := range c.inside {
		if !in {
			m[i] = low
		}
	}
}

// places tells which places of a scale's map of sh×sw have a pixel that counts; nil: all.
func (c canvas) places(sh, sw int) []bool {
	if c.inside == nil {
		return nil
	}
	out := make([]bool, sh*sw)
	for i, in := range c.inside {
		if in {
			out[i/c.w*sh/c.h*sw+i%c.w*sw/c.w] = true
		}
	}
	return out
}

// settle gives the places of likelihood maps that do not count the mean of those that do, so that their neighbours see
// nothing odd.
func (c canvas) settle(logp [][]float32, sizes [][2]int) {
	for s, m := range logp {
		in := c.places(sizes[s][0], sizes[s][1])
		if in == nil {
			return
		}
		counted, mean := countedOf(m, in), 0.0
		for _, v := range counted {
			mean += float64(v) / float64(len(counted))
		}
		for i := range m {
			if !in[i] {
				m[i] = float32(mean)
			}
		}
	}
}

// countedOf are the values whose places count.
func countedOf(m []float32, in []bool) []float32 {
	if in == nil {
		return m
	}
	var out []float32
	for i, v := range m {
		if in[i] {
			out = append(out, v)
		}
	}
	return out
}

// sighted is what the model says of a picture.
type sighted struct {
	canvas
	logp  [][]float32
	sizes [][2]int
}

// sightings are the log-likelihood maps of cached features' pictures, those of tiles joined.
func (d *Detector) sightings(ctx context.Context, features train.Source) ([]sighted, error) {
	logp, err := d.logpOf(ctx, features)
	if err != nil {
		return nil, err
	}
	of, index := cached(features)
	var out []sighted
	for first := 0; first < len(index); {
		n := 1
		for first+n < len(index) && of.picture[index[first+n]] == of.picture[index[first]] {
			n++
		}
		views := make([]datasets.View, n)
		for i := range n {
			views[i] = of.views[index[first+i]]
		}
		out = append(out, d.sight(of.canvas[of.picture[index[first]]], views, logp[first:first+n]))
		first += n
	}
	return out, nil
}

// cached are the features behind a source, and which of them it has.
func cached(s train.Source) (f *Features, index []int) {
	switch s := s.(type) {
	case *Features:
		for i := range s.Len() {
			index = append(index, i)
		}
		return s, index
	case train.Subset:
		f, _ = cached(s.Source)
		return f, s.Index
	}
	panic(fmt.Sprintf("detector: calibrating on features of %T", s))
}

// sight joins what was computed of a picture: its one input, or its tiles.
func (d *Detector) sight(whole datasets.View, views []datasets.View, logp [][][]float32) sighted {
	s := sighted{canvas: d.canvasOf(whole), logp: logp[0], sizes: d.sizes()}
	if d.Config.tiled() {
		s.canvas = d.tiledCanvas(whole, views)
		s.logp, s.sizes = d.joined(whole, views, logp)
	}
	s.settle(s.logp, s.sizes)
	return s
}

// joined lays the maps of tiles over each other. Where tiles overlap they are mixed, and count the less the nearer their
// edge is.
func (d *Detector) joined(whole datasets.View, views []datasets.View, logp [][][]float32) (maps [][]float32, sizes [][2]int) {
	for s, m := range d.sizes() {
		stride := d.Config.Frame.Tile / m[0]
		h, w := (whole.Bottom-whole.Top)/stride, (whole.Right-whole.Left)/stride
		sum, total := make([]float32, h*w), make([]float32, h*w)
		ramp := rampOf(m[0], stride, d.Config.Frame.Overlap)
		for t, v := range views {
			top, left := (v.Top-whole.Top)/stride, (v.Left-whole.Left)/stride
			for i, value := range logp[t][s] {
				y, x := i/m[1], i%m[1]
				at, weight := (top+y)*w+left+x, ramp[y]*ramp[x]
				sum[at] += weight * value
				total[at] += weight
			}
		}
		for i := range sum {
			sum[i] /= total[i]
		}
		maps, sizes = append(maps, sum), append(sizes, [2]int{h, w})
	}
	return maps, sizes
}

// rampOf are the weights of n places along a tile: they rise from the edge on, where the network sees beyond the tile,
// over half of the overlap.
func rampOf(n, stride, overlap int) []float32 {
	ramp := make([]float32, n)
	for i := range ramp {
		edge := (float64(min(i, n-1-i)) + 0.5) * float64(stride)
		ramp[i] = 1
		if overlap > 0 {
			ramp[i] = float32(min(1, max(1e-3, (edge-float64(overlap)/4)/(float64(overlap)/2))))
		}
	}
	return ramp
}

// checkFrame makes sure that the model can be computed in the frame.
func (d *Detector) checkFrame() error {
	if !d.Config.tiled() {
		return nil
	}
	tile := d.Config.Frame.Tile
	if d.baseline != nil {
		return fmt.Errorf("detector: a model %s does not work in tiles; flows do", d.Config.Model)
	}
	if d.Config.Size != [2]int{tile, tile} {
		return fmt.Errorf("detector: tiles of %d pixels, and an input of %d×%d", tile, d.Config.Size[0], d.Config.Size[1])
	}
	for _, m := range d.latents {
		if stride := tile / m.H; m.H != m.W || stride*m.H != tile || 32%stride != 0 {
			return fmt.Errorf("detector: maps of %d×%d places do not fit tiles of %d pixels", m.H, m.W, tile)
		}
	}
	return nil
}

// cut are the inputs that a set's pictures make: themselves, or their tiles.
func (d *Detector) cut(set datasets.Set) (*datasets.Tiles, error) {
	if d.Config.tiled() {
		return set.ReadAs(d.Reading()).Tiles()
	}
	return &datasets.Tiles{Set: set}, nil
}

// someTiles are a few tiles of every picture, about as many as a trial of views takes; the set itself where pictures are
// not cut.
func (d *Detector) someTiles(set datasets.Set) (datasets.Set, error) {
	cut, err := d.cut(set)
	if err != nil || !d.Config.tiled() {
		return set, err
	}
	each := (trialImages + len(set) - 1) / len(set)
	var some datasets.Set
	for first := 0; first < len(cut.Set); {
		n := 1
		for first+n < len(cut.Set) && cut.Picture[first+n] == cut.Picture[first] {
			n++
		}
		for k := range min(each, n) {
			some = append(some, cut.Set[first+(2*k+1)*n/(2*min(each, n))])
		}
		first += n
	}
	return some, nil
}

// predictTiles scores pictures that are cut into tiles, one after another.
func (d *Detector) predictTiles(ctx context.Context, set datasets.Set, do func(Prediction) error) error {
	for _, sample := range set.ReadAs(d.Reading()) {
		p, err := d.predictCut(ctx, sample)
		switch {
		case err == nil:
			err = do(p)
		case d.bad != nil && ctx.Err() == nil:
			d.bad(sample, err)
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// predictCut scores one picture in tiles. That some of it cannot be read is an error.
func (d *Detector) predictCut(ctx context.Context, sample datasets.Sample) (Prediction, error) {
	cut, err := datasets.Set{sample}.Tiles()
	if err != nil {
		return Prediction{}, err
	}
	bad := d.bad
	d.bad = nil
	defer func() { d.bad = bad }()
	var logp [][][]float32
	err = d.eachScored(ctx, cut.Set, func(b *datasets.Batch, maps [][]float32, _ []float64) error {
		for i := range b.Samples {
			logp = append(logp, d.scalesOf(maps, i))
		}
		return nil
	})
	if err != nil {
		return Prediction{}, err
	}
	p := d.prediction(sample.Seeing(cut.Canvas[0]), d.sight(cut.Canvas[0], cut.Views, logp))
	if sample.HasMask() {
		_, mask, err := p.sample.Load(p.H, p.W)
		if err != nil {
			return Prediction{}, err
		}
		p.Mask = mask.Pix
	}
	return p, nil
}

// scalesOf are the i-th image's maps of a batch's.
func (d *Detector) scalesOf(logp [][]float32, i int) [][]float32 {
	var out [][]float32
	for s, size := range d.sizes() {
		n := size[0] * size[1]
		out = append(out, slices.Clone(logp[s][i*n:(i+1)*n]))
	}
	return out
}
