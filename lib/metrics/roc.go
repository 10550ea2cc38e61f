package metrics

import "math"

// AUROC is the area under the ROC curve of image scores: the chance that an anomalous image scores above a normal one,
// a tie counting half. Errors as for Rank.
func AUROC(scores []float64, labels []bool) (float64, error) {
	r, err := Rank(scores, labels)
	if err != nil {
		return math.NaN(), err
	}
	return r.AUROC(), nil
}

// AUROC is the area under the ROC curve, in [0,1].
func (r *Ranking) AUROC() float64 {
	wins := 0.0 // pairs in which the positive scores higher
	for _, s := range r.steps {
		below := float64(r.neg-s.above) - 0.5*float64(s.equal)
		wins += float64(s.pos) * below
	}
	return wins / (float64(r.pos) * float64(r.neg))
}

// ROC is the curve of the true-positive rate against the false-positive rate, from (0,0) at threshold +∞ to (1,1) at
// the smallest score. Points inside a horizontal stretch are left out. thresholds[i] reaches point i.
func (r *Ranking) ROC() (fpr, tpr, thresholds []float64) {
	r.walk(func(threshold float64, tp, fp int) {
		fpr = append(fpr, float64(fp)/float64(r.neg))
		tpr = append(tpr, float64(tp)/float64(r.pos))
		thresholds = append(thresholds, threshold)
	})
	return fpr, tpr, thresholds
}

// walk visits the corners of the ROC curve from the strictest threshold to the most lenient, with the counts of true
// and false positives there.
func (r *Ranking) walk(visit func(threshold float64, tp, fp int)) {
	tp, fp := 0, 0
	visit(math.Inf(1), 0, 0)
	for _, s := range r.steps {
		if s.above > fp { // negatives between the last step and this one: the smallest threshold that spares this step
			fp = s.above
			visit(math.Nextafter(s.score, math.Inf(1)), tp, fp)
		}
		tp, fp = tp+s.pos, s.above+s.equal
		visit(s.score, tp, fp)
	}
	if fp < r.neg {
		visit(r.lowest, r.pos, r.neg)
	}
}
