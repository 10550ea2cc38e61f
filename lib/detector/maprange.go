package detector

import (
	"math"
	"slices"
)

// MapRange is the range of the NLL map's colours that is the same for every image the detector ever sees: from 0,
// ordinary, by way of 0.5, what one normal image in a hundred reaches somewhere, to 1, and the same in nats for maps that
// are not on that scale. It is known where the detector was calibrated on images that were held out: those it trained on
// look more normal than any other.
func (p Prediction) MapRange() (low, high float64, known bool) {
	c := p.calibration
	if c == nil || !c.HeldOut {
		return 0, 1, false
	}
	if p.calibrated() {
		return 0, 1, true
	}
	return c.Nats[0], c.Nats[1], c.Nats[1] > c.Nats[0]
}

// MapUnit names the unit of Maps().NLL. Calibrated, a map is on the scale of the scores, see Calibration.
func (p Prediction) MapUnit() string {
	switch {
	case p.calibrated():
		return "calibrated score"
	case p.distance:
		return "distance"
	}
	return "nats per channel"
}

// calibrated tells whether the map is on the scale of the scores.
func (p Prediction) calibrated() bool {
	c := p.calibration
	return c != nil && (p.own || p.distance || len(c.Levels) > 0)
}

// MapRange is one range of colours for all these images, so that equal colours are equal values: the detector's own where
// it is known, see Prediction.MapRange. Otherwise it begins in the middle of the normal images' pixels, or of all where
// none is known to be normal, and ends twice as far as level, from which a pixel is anomalous, or at the middle of the
// images' largest values if that is more: a single gross defect would leave all others dark.
func MapRange(images []Prediction, level float64) (low, high float64) {
	if len(images) == 0 {
		return 0, 1
	}
	if low, high, known := images[0].MapRange(); known {
		return low, high
	}
	var normal, all, largest []float64
	for _, p := range images {
		nll := slices.Clone(p.Maps().NLL)
		slices.Sort(nll)
		all, largest = append(all, float64(nll[len(nll)/2])), append(largest, float64(nll[len(nll)-1]))
		if !p.Anomalous {
			normal = append(normal, all[len(all)-1])
		}
	}
	if len(normal) == 0 {
		normal = all
	}
	low, high = middle(normal), middle(largest)
	if twice := 2*level - low; twice > high && !math.IsInf(twice, 0) {
		high = twice
	}
	return low, high
}

// middle is the median; it sorts the values.
func middle(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
