package detector

import (
	"fmt"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/score"
)

// Prediction is what the detector says of one image. Maps are (H,W) at the input size.
type Prediction struct {
	Name      string
	Path      string // of the image file, empty if there is none
	Class     string
	Defect    string  // as the data set has it
	Anomalous bool    // as the data set has it
	Part      string  // the physical part that is shown: the sample's Group, or its Name
	Score     float64 // larger is less normal: mean of the largest TopK of the map, or what a baseline's paper has; calibrated, one normal image in a hundred reaches 0.5
	H, W      int
	LogP      [][]float32 // log-likelihood map of each scale, (h_i,w_i), in nats per channel; a baseline's is minus its distance
	Sizes     [][2]int    // h_i, w_i
	Mask      []uint8     // 1 at the defect's pixels at the input size, nil when unknown

	canvas      canvas
	sample      datasets.Sample
	calibration *Calibration
	own         bool    // the model is not MSFlow: one map, without its fusion into three
	distance    bool    // LogP is minus a distance
	smooth      float64 // standard deviation in pixels of the Gaussian that smooths the distance map
}

// Maps fuses the scales into pixel maps. A model other than MSFlow has one map for all three: the distance, or the negative
// log-likelihood.
// Where the detector does not look, beside its region or its pictures, maps have the lowest value of where it does.
func (p Prediction) Maps() score.Maps {
	m := p.fused()
	for i, one := range [][]float32{m.NLL, m.Mul, m.Add} {
		if i == 0 || &one[0] != &m.NLL[0] {
			p.canvas.exclude(one)
		}
	}
	return m
}

// fused joins the scales' maps.
func (p Prediction) fused() score.Maps {
	if p.distance {
		return p.distances()
	}
	if c := p.calibration; c != nil && len(c.Levels) > 0 {
		m := c.surprise(p)
		return score.Maps{Add: m, Mul: m, NLL: m}
	}
	m := score.Fuse(p.LogP, p.Sizes, p.H, p.W)
	if p.own {
		if p.calibration != nil {
			p.calibration.scaleMap(m.NLL)
		}
		m.Add, m.Mul = m.NLL, m.NLL
	}
	return m
}

func (p Prediction) imageScore(topK float64) float64 { return p.canvas.score(p.fused().Mul, topK) }

// Image reads the picture again, resized to the input size. The error names the file.
func (p Prediction) Image() (*datasets.Image, error) {
	im, _, err := p.sample.Load(p.H, p.W)
	if err != nil {
		return nil, fmt.Errorf("reading the picture of %s again: %w", datasets.Printable(p.Name), err)
	}
	return im, nil
}

// Enlarged is a map (H,W) as one of the picture's own size of h×w pixels, enlarged smoothly and put to where in the picture the
// detector looked; elsewhere it has the map's lowest value.
func (p Prediction) Enlarged(values []float32, h, w int) []float32 {
	out := make([]float32, h*w)
	if v := p.canvas.view; v.Whole() {
		score.ResizeCentred(out, values, p.H, p.W, h, w)
	} else {
		scaleX, scaleY := float64(w)/float64(v.W), float64(h)/float64(v.H)
		score.Place(out, values, p.H, p.W, h, w, [4]float64{float64(v.Left) * scaleX, float64(v.Top) * scaleY, float64(v.Right) * scaleX, float64(v.Bottom) * scaleY})
	}
	return out
}

// Original reads the picture again at its own size. The error names the file.
func (p Prediction) Original() (*datasets.Image, error) {
	im, _, err := p.sample.Load(0, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the picture of %s again: %w", datasets.Printable(p.Name), err)
	}
	return im, nil
}
