package plots

import (
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// ROCer is a result with a ROC curve: points from (0,0) to (1,1) and the threshold that reaches each, falling.
// *metrics.Ranking is one of images, *metrics.Pixels one of pixels.
type ROCer interface {
	ROC() (fpr, tpr, thresholds []float64)
}

// ROC draws the ROC curve with the area under it, and the point of the threshold in use (At, or Thresholder). With adds
// the curves of other ROCers.
func ROC(r ROCer, opts ...Option) *Figure {
	o := gather(opts)
	curves, err := curvesOf(o, r, func(r any, k *curve) (bool, error) {
		c, ok := r.(ROCer)
		if ok {
			k.x, k.y, k.thresholds = c.ROC()
		}
		return ok, nil
	}, (*curve).trapezoid)
	if err != nil {
		return failed("ROC curve", err)
	}
	return &Figure{
		alt: describe("ROC curve", "AUROC", curves), width: 520, height: 500,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("ROC"), legendOf("AUROC", "TPR %s at FPR %s", curves))
			p := axes("false-positive rate", "true-positive rate")
			limits(p, 0, 1, 0, 1)
			p.Add(stroke{0, 0, 1, 1, muted, dashes(2)})
			addCurves(p, curves)
			p.Draw(c)
		},
		data: func() table { return curveTable("fpr", "tpr", curves) },
	}
}

// Curve is a curve of one's own as a result: a ROCer, a PRer and, if it reaches far enough, a PROer.
type Curve struct{ X, Y, Thresholds []float64 }

// ROC returns X as false-positive and Y as true-positive rates.
func (c Curve) ROC() (fpr, tpr, thresholds []float64) { return c.X, c.Y, c.Thresholds }

// PR returns X as recall and Y as precision.
func (c Curve) PR() (recall, precision, thresholds []float64) { return c.X, c.Y, c.Thresholds }

// PROCurve returns X as false-positive rates and Y as overlap, cut at the limit by linear interpolation.
func (c Curve) PROCurve(limit float64) (fpr, pro, thresholds []float64, err error) {
	if len(c.X) != len(c.Y) {
		return c.X, c.Y, c.Thresholds, nil // the figure says so
	}
	part := (&curve{x: c.X, y: c.Y}).upTo(limit)
	if len(c.Thresholds) == len(c.X) {
		thresholds = c.Thresholds[:len(part.x)]
	}
	return part.x, part.y, thresholds, nil
}

// nan is no value.
var nan = math.NaN()
