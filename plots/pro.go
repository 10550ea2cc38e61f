package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg/draw"
)

// PROer is a result with a per-region-overlap curve up to a false-positive rate; the last point lies on the limit.
// *metrics.Pixels is one.
type PROer interface {
	PROCurve(limit float64) (fpr, pro, thresholds []float64, err error)
}

// PRO draws the per-region-overlap curve. The area up to the limit (Limit, else 0.3) is shaded: divided by the limit it
// is the AUPRO, which the legend gives. With adds the curves of other PROers.
func PRO(r PROer, opts ...Option) *Figure {
	o := gather(opts)
	if !(o.limit > 0 && o.limit <= 1) {
		return failed("PRO curve", fmt.Errorf("the limit %v does not lie in (0,1]", o.limit))
	}
	if o.threshold == nil { // a result's own threshold is one of image scores, not of pixels
		none := math.NaN()
		o.threshold = &none
	}
	shown := min(1, o.limit*4/3) // some of the curve beyond the limit
	within := &curve{}           // of the first result, up to the limit
	curves, err := curvesOf(o, r, func(r any, k *curve) (ok bool, err error) {
		if c, ok := r.(PROer); ok {
			k.x, k.y, k.thresholds, err = c.PROCurve(shown)
			return true, err
		}
		return false, nil
	}, func(k *curve) float64 {
		part := k.upTo(o.limit)
		if len(within.x) == 0 {
			within = part
		}
		return part.trapezoid() / o.limit
	})
	if err != nil {
		return failed("PRO curve", err)
	}
	name := fmt.Sprintf("AUPRO (FPR ≤ %v)", o.limit)
	return &Figure{
		alt: describe("PRO curve", name, curves), width: 520, height: 500,
		paint: func(c draw.Canvas) {
			c = heading(page(c), o.titled("Per-region overlap"), legendOf(name, "overlap %s at FPR %s", curves))
			p := axes("false-positive rate (normal pixels)", "mean overlap per region")
			limits(p, 0, shown, 0, 1)
			p.Add(area{within.x, within.y, alpha(curves[0].color, 0x30)})
			p.Add(stroke{o.limit, 0, o.limit, 1, muted, dashes(1)})
			addCurves(p, curves)
			p.Draw(c)
		},
		data: func() table { return curveTable("fpr", "pro", curves) },
	}
}

// upTo is the part of a rising curve up to x = limit, with the point there interpolated.
func (k *curve) upTo(limit float64) *curve {
	part := &curve{}
	for i, x := range k.x {
		if x > limit {
			if i > 0 && k.x[i-1] < limit {
				t := (limit - k.x[i-1]) / (x - k.x[i-1])
				part.x, part.y = append(part.x, limit), append(part.y, k.y[i-1]+t*(k.y[i]-k.y[i-1]))
			}
			break
		}
		part.x, part.y = append(part.x, x), append(part.y, k.y[i])
	}
	return part
}
