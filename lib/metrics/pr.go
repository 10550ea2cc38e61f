package metrics

import "math"

// AP is the average precision of image scores. Errors as for Rank.
func AP(scores []float64, labels []bool) (float64, error) {
	r, err := Rank(scores, labels)
	if err != nil {
		return math.NaN(), err
	}
	return r.AP(), nil
}

// F1Max is the best F1 of image scores over all thresholds and the highest threshold that reaches it.
// Errors as for Rank.
func F1Max(scores []float64, labels []bool) (f1, threshold float64, err error) {
	r, err := Rank(scores, labels)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	f1, threshold = r.F1Max()
	return f1, threshold, nil
}

// AP is the average precision, Σ_n (R_n − R_{n−1})·P_n over falling thresholds n with recall R and precision P. There is
// no interpolation, so it is not the trapezoid area under PR, which is too optimistic.
func (r *Ranking) AP() float64 {
	sum, tp := 0.0, 0
	for _, s := range r.steps {
		tp += s.pos
		precision := float64(tp) / float64(tp+s.above+s.equal)
		sum += float64(s.pos) * precision
	}
	return sum / float64(r.pos)
}

// F1Max is the best F1 = 2PR/(P+R) over all thresholds and the highest threshold that reaches it. It always lies at the
// score of a positive: moving on through negatives only costs precision.
func (r *Ranking) F1Max() (f1, threshold float64) {
	tp := 0
	f1, threshold = -1, math.NaN()
	for _, s := range r.steps {
		tp += s.pos
		if f := 2 * float64(tp) / float64(tp+s.above+s.equal+r.pos); f > f1 {
			f1, threshold = f, s.score
		}
	}
	return f1, threshold
}

// PR is the precision-recall curve from recall 0, where precision is 1 by convention and the threshold +∞, to the
// smallest score, where precision is the share of positives. thresholds[i] reaches point i.
func (r *Ranking) PR() (recall, precision, thresholds []float64) {
	r.walk(func(threshold float64, tp, fp int) {
		p := 1.0
		if tp+fp > 0 {
			p = float64(tp) / float64(tp+fp)
		}
		recall = append(recall, float64(tp)/float64(r.pos))
		precision = append(precision, p)
		thresholds = append(thresholds, threshold)
	})
	return recall, precision, thresholds
}

// Confusion counts the outcomes at one threshold.
type Confusion struct {
	TruePositive, FalsePositive, TrueNegative, FalseNegative int
}

// At counts the outcomes when scores ≥ threshold are called anomalous. scores and labels must be of one length; a NaN
// score is never ≥ threshold.
func At(threshold float64, scores []float64, labels []bool) (c Confusion) {
	for i, s := range scores {
		switch {
		case s >= threshold && labels[i]:
			c.TruePositive++
		case s >= threshold:
			c.FalsePositive++
		case labels[i]:
			c.FalseNegative++
		default:
			c.TrueNegative++
		}
	}
	return c
}

// F1 is 2TP/(2TP+FP+FN), and 0 when there is nothing to find and nothing was found.
func (c Confusion) F1() float64 {
	if c.TruePositive == 0 {
		return 0
	}
	return 2 * float64(c.TruePositive) / float64(2*c.TruePositive+c.FalsePositive+c.FalseNegative)
}
