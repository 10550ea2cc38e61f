package live

import (
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/kernel/widgets"
	"github.com/msflow-go/msflow/plots"
)

// Look shows one image of a result at a time, with widgets that choose the image (1 has the highest score), its map (the fused
// one, or that of a scale, if g is a plots.Multiscaler), the value from which pixels are anomalous and the score from which
// images are. The figure is drawn by plots.Maps in full resolution whenever one of them is moved, so that it needs the running session;
// plots.Explorer works without. Options are those of plots.Maps.
func Look(g plots.Gallery, opts ...plots.Option) *widgets.Container {
	l := &look{g: g, opts: opts, picture: widgets.Image(nil), says: widgets.HTML("")}
	scores, _ := g.Scores()
	if len(scores) == 0 {
		return widgets.VBox(widgets.Label("a result without images"))
	}
	l.order = worstFirst(scores)
	l.image = widgets.IntSlider("image", 1, len(scores), 1)
	l.threshold = widgets.FloatSlider("threshold", slices.Min(scores), slices.Max(scores), startOf(g))
	l.makeMaps()
	l.draw()
	l.image.OnChange(func(int) { l.draw() })
	l.threshold.OnChange(func(float64) { l.draw() })
	l.level.OnChange(func(float64) { l.draw() })
	l.scale.OnChange(func(string) { l.makeLevel(); l.draw() })
	return widgets.VBox(widgets.HBox(l.image, l.scale), widgets.HBox(l.level, l.threshold), l.says, l.picture)
}

// look is what Look shows.
type look struct {
	g         plots.Gallery
	opts      []plots.Option
	order     []int // images by falling score
	image     *widgets.Int
	scale     *widgets.Choice
	level     *widgets.Float
	threshold *widgets.Float
	says      *widgets.String
	picture   *widgets.Picture
}

func worstFirst(scores []float64) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return order
}

// startOf is the threshold in use, or the middle of the scores.
func startOf(g plots.Gallery) float64 {
	if t, ok := g.(plots.Thresholder); ok {
		return t.Threshold()
	}
	scores, _ := g.Scores()
	return (slices.Min(scores) + slices.Max(scores)) / 2
}

func (l *look) makeMaps() {
	names := []string{"fused"}
	if m, ok := l.g.(plots.Multiscaler); ok {
		maps, _ := m.LogP(0)
		for k := range maps {
			names = append(names, fmt.Sprint("scale ", k+1))
		}
	}
	l.scale = widgets.Dropdown("map", names...)
	l.level = widgets.FloatSlider("pixel level", 0, 1, 0)
	l.makeLevel()
}

// makeLevel lets the slider of the pixel level run over the values of the chosen maps.
func (l *look) makeLevel() {
	g := l.shown()
	low, high := l.span(g)
	level := (low + high) / 2
	if t, ok := l.g.(plots.PixelThresholder); ok && l.scale.Index() == 0 {
		level = t.PixelThreshold()
	}
	l.level.Set("min", min(low, l.level.Get("max").(float64))) // the bounds must never cross
	l.level.Set("max", high)
	l.level.Set("min", low)
	l.level.Set("step", (high-low)/200)
	l.level.SetValue(level)
}

// span is the range of the values of a few images' maps, the highest scores among them.
func (l *look) span(g plots.Gallery) (low, high float64) {
	for n, i := range l.order {
		if n == 8 {
			break
		}
		values, _, _ := g.Map(i)
		a, b := float64(slices.Min(values)), float64(slices.Max(values))
		if n == 0 {
			low, high = a, b
		}
		low, high = min(low, a), max(high, b)
	}
	return low, high
}

// shown is the result with the chosen maps in the place of its own.
func (l *look) shown() plots.Gallery {
	if k := l.scale.Index(); k > 0 {
		return scaled{l.g, k - 1}
	}
	return l.g
}

func (l *look) draw() {
	i, threshold := l.order[l.image.Value()-1], l.threshold.Value()
	opts := append(slices.Clone(l.opts), plots.Chosen(i), plots.Level(l.level.Value()), plots.At(threshold))
	if l.scale.Index() > 0 {
		opts = append(opts, plots.Range(l.level.Get("min").(float64), l.level.Get("max").(float64)))
	}
	l.picture.Show(plots.Maps(l.shown(), opts...))
	l.says.SetValue(confusion(l.g, threshold))
}

// confusion is what images are called at a threshold.
func confusion(g plots.Gallery, threshold float64) string {
	var found, missed, falsely, rightly int
	scores, anomalous := g.Scores()
	for i, s := range scores {
		switch {
		case anomalous[i] && s >= threshold:
			found++
		case anomalous[i]:
			missed++
		case s >= threshold:
			falsely++
		default:
			rightly++
		}
	}
	return fmt.Sprintf("of %d anomalous images %d are found and %d missed; of %d normal ones %d are false alarms",
		found+missed, found, missed, falsely+rightly, falsely)
}

// scaled is a result that shows the maps of one scale: the negative log-likelihood, at the size of the fused map.
type scaled struct {
	plots.Gallery
	k int
}

// Map is the map of the scale, each of its values repeated.
func (s scaled) Map(i int) (values []float32, h, w int) {
	_, h, w = s.Gallery.Map(i)
	maps, sizes := s.Gallery.(plots.Multiscaler).LogP(i)
	small, sh, sw := maps[s.k], sizes[s.k][0], sizes[s.k][1]
	values = make([]float32, h*w)
	for y := range h {
		for x := range w {
			values[y*w+x] = -small[y*sh/h*sw+x*sw/w]
		}
	}
	return values, h, w
}
