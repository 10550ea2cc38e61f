package plots

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// latentRange is how far from 0 latents are drawn; further ones are counted in the panel's title.
const latentRange = 4.5

// Latents draws, for each scale, a histogram of the latents z beside the unit normal that training pulls them towards.
// Latents of normal images should follow the curve; those of anomalous images spread. Panels gives other names than those
// of scales.
func Latents(z [][]float32, opts ...Option) *Figure {
	o := gather(opts)
	if len(z) == 0 {
		return failed("Latent histograms", errors.New("there are no latents"))
	}
	panels := make([]latentPanel, len(z))
	for i, values := range z {
		p, err := newLatentPanel(o.panel(i), values)
		if err != nil {
			return failed("Latent histograms", fmt.Errorf("%s: %w", o.panel(i), err))
		}
		p.bars.color = series(i)
		panels[i] = p
	}
	cols := min(len(z), 3)
	rows := (len(z) + cols - 1) / cols
	return &Figure{
		alt: "Latent histograms: " + latentWords(panels), width: 254*cols + 16, height: 240*rows + 54,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Latents"), []entry{{name: "unit normal", color: ink}})
			for i, p := range panels {
				p.paint(tile(c, rows, cols, i/cols, i%cols, 12*pixel))
			}
		},
		data: func() table { return latentTable(panels) },
	}
}

// A latentPanel is one scale's histogram as a density.
type latentPanel struct {
	bars          *bars
	mean, sd, far float64
}

func newLatentPanel(name string, values []float32) (latentPanel, error) {
	if len(values) == 0 {
		return latentPanel{}, errors.New("there are no latents")
	}
	var sum, squares float64
	inside := make([]float64, 0, len(values))
	for i, v := range values {
		x := float64(v)
		if !finite(x) {
			return latentPanel{}, fmt.Errorf("latent %d is %v", i, v)
		}
		sum += x
		squares += x * x
		if math.Abs(x) <= latentRange {
			inside = append(inside, x)
		}
	}
	n := float64(len(values))
	edges := make([]float64, 61)
	for i := range edges {
		edges[i] = latentRange * (float64(i)/30 - 1)
	}
	p := latentPanel{bars: newBars(edges, inside, ink, name), mean: sum / n, far: 1 - float64(len(inside))/n}
	p.sd = math.Sqrt(max(0, squares/n-p.mean*p.mean))
	for i := range p.bars.height {
		p.bars.height[i] /= n * (edges[1] - edges[0])
	}
	return p, nil
}

// unitNormal is the density of the unit normal.
func unitNormal(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

func (p latentPanel) words() string {
	return minus(fmt.Sprintf("%s: mean %.2f, sd %.2f", p.bars.name, p.mean, p.sd))
}

func latentWords(panels []latentPanel) (text string) {
	for i, p := range panels {
		if i > 0 {
			text += "; "
		}
		text += p.words()
	}
	return text
}

func (p latentPanel) paint(c draw.Canvas) {
	c = writeLine(c, bold(labelSize, ink), p.words())
	c = writeLine(c, plain(tickSize, muted), fmt.Sprintf("%.2g %% lie beyond ±%v", 100*p.far, latentRange))
	chart := axes("z", "density")
	chart.X.Tick.Marker, chart.Y.Tick.Marker = ticks(5), ticks(4)
	limits(chart, -latentRange, latentRange, 0, 1.08*math.Max(p.bars.highest(), unitNormal(0)))
	normal := &curve{color: ink, width: 1.25, markThreshold: nan}
	for i := range 181 {
		x := latentRange * (float64(i)/90 - 1)
		normal.x, normal.y = append(normal.x, x), append(normal.y, unitNormal(x))
	}
	chart.Add([]plot.Plotter{p.bars, outlined{p.bars}, normal}...)
	chart.Draw(c)
}

func latentTable(panels []latentPanel) table {
	t := table{{"scale", "z_from", "z_to", "density", "unit_normal"}}
	for _, p := range panels {
		for i, h := range p.bars.height {
			from, to := p.bars.edges[i], p.bars.edges[i+1]
			t = append(t, []string{p.bars.name, cell(from), cell(to), cell(h), cell(unitNormal((from + to) / 2))})
		}
	}
	return t
}
