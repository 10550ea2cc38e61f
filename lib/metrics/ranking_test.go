package metrics

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// near fails the test unless got is within 1e-12 of want.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got != want && !(math.Abs(got-want) <= 1e-12) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Four images, one mistake: the anomalous 0.4 lies under the normal 0.6.
func TestImagesByEye(t *testing.T) {
	scores, labels := []float64{0.9, 0.6, 0.4, 0.1}, []bool{true, false, true, false}
	auroc, err := AUROC(scores, labels)
	near(t, "AUROC, three of four pairs right,", auroc, 0.75)
	ap, err2 := AP(scores, labels)
	near(t, "AP, ½·1 + ½·⅔,", ap, 0.5+0.5*2/3)
	f1, at, err3 := F1Max(scores, labels)
	near(t, "F1, two found with one false alarm,", f1, 0.8)
	near(t, "its threshold", at, 0.4)
	if err := errors.Join(err, err2, err3); err != nil {
		t.Error(err)
	}
	if c := At(0.6, scores, labels); c != (Confusion{1, 1, 1, 1}) || c.F1() != 0.5 {
		t.Errorf("confusion at 0.6 is %+v with F1 %v", c, c.F1())
	}
}

func TestCurvesByEye(t *testing.T) {
	r, err := Rank([]float64{0.9, 0.6, 0.4, 0.1}, []bool{true, false, true, false})
	if err != nil {
		t.Fatal(err)
	}
	fpr, tpr, thresholds := r.ROC()
	if !slices.Equal(fpr, []float64{0, 0, 0.5, 0.5, 1}) || !slices.Equal(tpr, []float64{0, 0.5, 0.5, 1, 1}) {
		t.Errorf("ROC goes through %v, %v", fpr, tpr)
	}
	if !math.IsInf(thresholds[0], 1) || thresholds[1] != 0.9 || !(thresholds[2] > 0.4 && thresholds[2] <= 0.6) || thresholds[3] != 0.4 || thresholds[4] != 0.1 {
		t.Errorf("ROC thresholds are %v", thresholds)
	}
	recall, precision, _ := r.PR()
	if !slices.Equal(recall, []float64{0, 0.5, 0.5, 1, 1}) || !slices.Equal(precision, []float64{1, 1, 0.5, 2. / 3, 0.5}) {
		t.Errorf("PR goes through %v, %v", recall, precision)
	}
}

func TestImagesAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 2; n < 60; n++ {
		scores, labels := randomImages(rng, n)
		r, err := Rank(scores, labels)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "AUROC", r.AUROC(), slowAUROC(scores, labels))
		near(t, "AP", r.AP(), slowAP(scores, labels))
		f1, at := r.F1Max()
		want, wantAt := slowF1Max(scores, labels)
		near(t, "F1Max", f1, want)
		near(t, "its threshold", at, wantAt)
		checkROC(t, r, scores, labels)
	}
}

// randomImages has many ties, both signs and now and then an infinity.
func randomImages(rng *rand.Rand, n int) (scores []float64, labels []bool) {
	scores, labels = make([]float64, n), make([]bool, n)
	for i := range scores {
		labels[i] = i == 0 || i > 1 && rng.IntN(3) == 0
		scores[i] = math.Round(rng.NormFloat64()*4) / 2
		if rng.IntN(20) == 0 {
			scores[i] = math.Inf(2*rng.IntN(2) - 1)
		}
	}
	return scores, labels
}

// checkROC applies each threshold of the curve and integrates it.
func checkROC(t *testing.T, r *Ranking, scores []float64, labels []bool) {
	t.Helper()
	fpr, tpr, thresholds := r.ROC()
	recall, precision, _ := r.PR()
	pos, neg := r.Count()
	area := 0.0
	for i, at := range thresholds {
		if i > 0 {
			area += (fpr[i] - fpr[i-1]) * (tpr[i] + tpr[i-1]) / 2
		}
		if i == 0 { // +∞ stands for "above every score", infinite ones included
			continue
		}
		c := At(at, scores, labels)
		if math.IsInf(at, 1) && c.TruePositive == 0 && tpr[i] == 0 {
			continue
		}
		near(t, "TPR", tpr[i], float64(c.TruePositive)/float64(pos))
		near(t, "FPR", fpr[i], float64(c.FalsePositive)/float64(neg))
		near(t, "recall", recall[i], tpr[i])
		near(t, "precision", precision[i], float64(c.TruePositive)/float64(c.TruePositive+c.FalsePositive))
	}
	near(t, "area under ROC", area, r.AUROC())
}

func TestImageErrors(t *testing.T) {
	for name, c := range map[string]struct {
		scores []float64
		labels []bool
		want   error
	}{
		"empty":         {nil, nil, ErrEmpty},
		"lengths":       {[]float64{1}, nil, ErrLength},
		"NaN":           {[]float64{1, math.NaN()}, []bool{true, false}, ErrNaN},
		"only normal":   {[]float64{1, 2}, []bool{false, false}, ErrOneClass},
		"only abnormal": {[]float64{1, 2}, []bool{true, true}, ErrOneClass},
	} {
		_, err := AUROC(c.scores, c.labels)
		_, err2 := AP(c.scores, c.labels)
		_, _, err3 := F1Max(c.scores, c.labels)
		_, err4 := Bootstrap{}.AUROC(c.scores, c.labels)
		for _, err := range []error{err, err2, err3, err4} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: error %v, want %v", name, err, c.want)
			}
		}
	}
}
