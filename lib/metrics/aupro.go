package metrics

import "math"

// AUPRO is the exact area under the per-region-overlap curve of maps against masks, as Pixels.AUPRO. The usual limit is
// 0.3; MVTec LOCO and AD 2 use 0.05. Errors as for NewPixels, and ErrLimit.
func AUPRO(maps [][]float32, masks [][]uint8, h, w int, limit float64) (float64, error) {
	p, err := NewPixels(maps, masks, h, w)
	if err != nil {
		return math.NaN(), err
	}
	return p.AUPRO(limit)
}

// AUPRO is the area under the PRO curve up to a false-positive rate of limit, divided by limit, so in [0,1].
//
// The curve gives, for every distinct score as a threshold, the share of each 8-connected defect region that is found,
// averaged over all regions alike (a small one counts as much as a large one), against the share of all normal pixels
// of the set that are called anomalous. It starts at (0,0) and is interpolated linearly, also at the limit.
// Error: ErrLimit unless 0 < limit ≤ 1.
func (p *Pixels) AUPRO(limit float64) (float64, error) {
	if err := checkLimit(limit); err != nil {
		return math.NaN(), err
	}
	return p.rank(p.depthOf(limit)).areaUnderPRO(limit), nil
}

// PROCurve is the PRO curve of AUPRO up to the limit, where its last point is interpolated. thresholds[i] reaches point
// i, the last one as closely as a threshold can. Error: ErrLimit unless 0 < limit ≤ 1.
func (p *Pixels) PROCurve(limit float64) (fpr, pro, thresholds []float64, err error) {
	if err := checkLimit(limit); err != nil {
		return nil, nil, nil, err
	}
	p.rank(p.depthOf(limit)).walkPRO(limit, func(f, o, threshold float64) {
		fpr, pro, thresholds = append(fpr, f), append(pro, o), append(thresholds, threshold)
	})
	return fpr, pro, thresholds, nil
}

// areaUnderPRO is the trapezoid sum under walkPRO's corners, over the limit.
func (r *Ranking) areaUnderPRO(limit float64) float64 {
	area, x, y := 0.0, 0.0, 0.0
	r.walkPRO(limit, func(fpr, pro, _ float64) {
		area += (fpr - x) * (pro + y) / 2
		x, y = fpr, pro
	})
	return area / limit
}

// walkPRO visits the corners of the PRO curve from (0,0) up to the limit.
func (r *Ranking) walkPRO(limit float64, visit func(fpr, pro, threshold float64)) {
	rate := func(fp int) float64 { return float64(fp) / float64(r.neg) }
	x, y := 0.0, 0.0
	visit(0, 0, math.Inf(1))
	for _, s := range r.steps {
		if before := rate(s.above); before > x { // normal pixels alone: the overlap stays
			x = min(before, limit)
			visit(x, y, math.Nextafter(s.score, math.Inf(1)))
		}
		if x >= limit {
			return
		}
		after, top := rate(s.above+s.equal), min(y+s.overlap, 1)
		if after > limit { // defect and normal pixels tie across the limit
			visit(limit, y+(top-y)*(limit-x)/(after-x), s.score)
			return
		}
		x, y = after, top
		visit(x, y, s.score)
	}
	if x < limit { // every defect pixel is found
		visit(limit, y, r.lowest)
	}
}
