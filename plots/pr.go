package plots

import "gonum.org/v1/plot/vg/draw"

// PRer is a result with a precision-recall curve: points of rising recall and the threshold that reaches each.
// *metrics.Ranking and *metrics.Pixels are PRers.
type PRer interface {
	PR() (recall, precision, thresholds []float64)
}

// PR draws the precision-recall curve with its average precision (the steps' area, without interpolation), and the point
// of the threshold in use (At, or Thresholder). The dashed line is the precision of calling everything anomalous. With
// adds the curves of other PRers.
func PR(r PRer, opts ...Option) *Figure {
	o := gather(opts)
	curves, err := curvesOf(o, r, func(r any, k *curve) (bool, error) {
		c, ok := r.(PRer)
		if ok {
			k.x, k.y, k.thresholds = c.PR()
		}
		return ok, nil
	}, averagePrecision)
	if err != nil {
		return failed("Precision-recall curve", err)
	}
	return &Figure{
		alt: describe("Precision-recall curve", "AP", curves), width: 520, height: 500,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Precision and recall"), legendOf("AP", "precision %s at recall %s", curves))
			chance := curves[0].y[len(curves[0].y)-1]
			p := axes("recall", "precision")
			limits(p, 0, 1, 0, 1)
			p.Add(stroke{0, chance, 1, chance, muted, dashes(2)})
			addCurves(p, curves)
			p.Draw(c)
		},
		data: func() table { return curveTable("recall", "precision", curves) },
	}
}

// averagePrecision is Σ (R_n − R_{n−1})·P_n.
func averagePrecision(k *curve) (sum float64) {
	for i := 1; i < len(k.x); i++ {
		sum += (k.x[i] - k.x[i-1]) * k.y[i]
	}
	return sum
}
