package sweep

import (
	"maps"
	"slices"
)

// Curve is how one figure of one kind of detector grew over the epochs: the mean over the classes, of it the mean over the
// seeds, and the lowest and the highest seed.
type Curve struct {
	Detector, Figure       string
	Epoch, Mean, Low, High []float64
}

// Curves are the learning curves of a sweep.
type Curves []Curve

// recorded are the figures that learning curves have, in order.
var recorded = []string{"loss", "held_out_loss", keys[0], keys[1], keys[2]}

// Learning gives the detector and the figure of every curve, and its epochs, means, lows and highs.
func (c Curves) Learning() (detectors, figures []string, curves [][4][]float64) {
	for _, k := range c {
		detectors, figures = append(detectors, k.Detector), append(figures, k.Figure)
		curves = append(curves, [4][]float64{k.Epoch, k.Mean, k.Low, k.High})
	}
	return detectors, figures, curves
}

// Curves are the losses over the epochs, in nats per image, and the test figures where the plan has judge-every. An epoch
// counts for a seed where it is recorded in every class that the kind of detector has trainings of.
func (t *Table) Curves() (out Curves) {
	for _, figure := range recorded {
		for _, column := range t.Columns {
			if c := t.curve(column, figure); len(c.Epoch) > 0 {
				out = append(out, c)
			}
		}
	}
	return out
}

func (t *Table) curve(column, figure string) Curve {
	c := Curve{Detector: column, Figure: figure}
	seeds := map[float64][]float64{} // the means over the classes, by epoch
	for _, seed := range t.Seeds {
		for epoch, mean := range t.learned(column, seed, figure) {
			seeds[epoch] = append(seeds[epoch], mean)
		}
	}
	c.Epoch = slices.Sorted(maps.Keys(seeds))
	for _, epoch := range c.Epoch {
		values := seeds[epoch]
		c.Mean, c.Low, c.High = append(c.Mean, mean(values)), append(c.Low, slices.Min(values)), append(c.High, slices.Max(values))
	}
	return c
}

// learned is a figure's mean over the classes for one seed, by epoch.
func (t *Table) learned(column, seed, figure string) map[float64]float64 {
	values, classes := map[float64][]float64{}, 0
	for _, row := range t.Rows {
		r, ok := t.cells[cell{row, column, seed}]
		if !ok {
			continue
		}
		classes++
		for _, e := range r.Epochs {
			if v, ok := e.Values[figure]; ok {
				values[float64(e.Epoch)] = append(values[float64(e.Epoch)], v)
			}
		}
	}
	means := map[float64]float64{}
	for epoch, v := range values {
		if len(v) == classes {
			means[epoch] = mean(v)
		}
	}
	return means
}
