package metrics

import (
	"math"
	"slices"
)

// Slow and independent: every figure from its definition, by looking at all items for each threshold.

// slowThresholds are the distinct scores, falling.
func slowThresholds(scores []float64) []float64 {
	t := slices.Clone(scores)
	slices.Sort(t)
	t = slices.Compact(t)
	slices.Reverse(t)
	return t
}

func slowAUROC(scores []float64, labels []bool) float64 {
	sum, pairs := 0.0, 0.0
	for i, a := range scores {
		for j, b := range scores {
			if labels[i] && !labels[j] {
				pairs++
				if a > b {
					sum++
				} else if a == b {
					sum += 0.5
				}
			}
		}
	}
	return sum / pairs
}

func slowAP(scores []float64, labels []bool) float64 {
	sum, recall := 0.0, 0.0
	for _, t := range slowThresholds(scores) {
		c := At(t, scores, labels)
		r := float64(c.TruePositive) / float64(c.TruePositive+c.FalseNegative)
		sum += (r - recall) * float64(c.TruePositive) / float64(c.TruePositive+c.FalsePositive)
		recall = r
	}
	return sum
}

func slowF1Max(scores []float64, labels []bool) (best, at float64) {
	best = -1
	for _, t := range slowThresholds(scores) {
		c := At(t, scores, labels)
		precision := float64(c.TruePositive) / float64(c.TruePositive+c.FalsePositive)
		recall := float64(c.TruePositive) / float64(c.TruePositive+c.FalseNegative)
		if f := 2 * precision * recall / (precision + recall); f > best {
			best, at = f, t
		}
	}
	return best, at
}

// pixelSet is a small random test set in the form that Pixels takes.
type pixelSet struct {
	maps  [][]float32
	masks [][]uint8
	h, w  int
}

// flat lists all pixels' scores and labels.
func (s pixelSet) flat() (scores []float64, labels []bool) {
	for i, m := range s.maps {
		for j, v := range m {
			scores = append(scores, float64(v))
			labels = append(labels, s.masks[i] != nil && s.masks[i][j] != 0)
		}
	}
	return scores, labels
}

// slowRegions floods each region with a stack; each is its list of pixel indices.
func slowRegions(mask []uint8, h, w int) (regions [][]int) {
	seen := make([]bool, h*w)
	for start := range mask {
		if mask[start] == 0 || seen[start] {
			continue
		}
		seen[start] = true
		stack, region := []int{start}, []int(nil)
		for len(stack) > 0 {
			p := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			region = append(region, p)
			for y := max(0, p/w-1); y <= min(h-1, p/w+1); y++ {
				for x := max(0, p%w-1); x <= min(w-1, p%w+1); x++ {
					if q := y*w + x; mask[q] != 0 && !seen[q] {
						seen[q] = true
						stack = append(stack, q)
					}
				}
			}
		}
		regions = append(regions, region)
	}
	return regions
}

// slowPRO gives false-positive rate and mean overlap when scores for which over(score) holds are anomalous.
func (s pixelSet) slowPRO() func(over func(v float64) bool) (fpr, pro float64) {
	scores, labels := s.flat()
	var regions [][]int // as indices into scores
	for i, mask := range s.masks {
		if mask == nil {
			continue
		}
		for _, r := range slowRegions(mask, s.h, s.w) {
			for j := range r {
				r[j] += i * s.h * s.w
			}
			regions = append(regions, r)
		}
	}
	return func(over func(v float64) bool) (fpr, pro float64) {
		fp, normal, overlap := 0.0, 0.0, 0.0
		for i, v := range scores {
			if !labels[i] {
				normal++
				if over(v) {
					fp++
				}
			}
		}
		for _, r := range regions {
			found := 0.0
			for _, i := range r {
				if over(scores[i]) {
					found++
				}
			}
			overlap += found / float64(len(r))
		}
		return fp / normal, overlap / float64(len(regions))
	}
}

func (s pixelSet) slowAUPRO(limit float64) float64 {
	scores, _ := s.flat()
	pro := s.slowPRO()
	x, y, area := 0.0, 0.0, 0.0
	for _, t := range slowThresholds(scores) {
		x2, y2 := pro(func(v float64) bool { return v >= t })
		if x2 > limit {
			y2 = y + (y2-y)*(limit-x)/(x2-x)
			x2 = limit
		}
		area += (x2 - x) * (y + y2) / 2
		if x, y = x2, y2; x >= limit {
			break
		}
	}
	return area / limit
}

func (s pixelSet) slowReferencePRO() float64 {
	scores, _ := s.flat()
	low, high := slices.Min(scores), slices.Max(scores)
	pro := s.slowPRO()
	var xs, ys []float64
	for k := range 800 {
		t := low + float64(k)*(high-low)/800
		if x, y := pro(func(v float64) bool { return v > t }); x <= 0.3 {
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	first, last, area := slices.Min(xs), slices.Max(xs), 0.0
	for i := 1; i < len(xs); i++ {
		area += math.Abs(xs[i]-xs[i-1]) / (last - first) * (ys[i] + ys[i-1]) / 2
	}
	return area
}

// slowAUPIMO integrates image i's curve numerically over ln F.
func (s pixelSet) slowAUPIMO(i int, lower, upper float64) float64 {
	var normal []float64
	for j, m := range s.maps {
		if s.masks[j] == nil || slices.Max(s.masks[j]) == 0 {
			for _, v := range m {
				normal = append(normal, float64(v))
			}
		}
	}
	scores, _ := s.flat()
	xs, ys := []float64{0}, []float64{0}
	for _, t := range slowThresholds(scores) {
		fp, tp, defects := 0.0, 0.0, 0.0
		for _, v := range normal {
			if v >= t {
				fp++
			}
		}
		for j, v := range s.maps[i] {
			if s.masks[i][j] != 0 {
				defects++
				if float64(v) >= t {
					tp++
				}
			}
		}
		xs, ys = append(xs, fp/float64(len(normal))), append(ys, tp/defects)
	}
	const points = 20000
	sum := 0.0
	for k := range points {
		f := lower * math.Pow(upper/lower, (float64(k)+0.5)/points)
		sum += interpolate(xs, ys, f)
	}
	return sum / points
}

// interpolate reads a rising curve at x; where it is vertical, its upper end.
func interpolate(xs, ys []float64, x float64) float64 {
	i := 0
	for i+1 < len(xs) && xs[i+1] <= x {
		i++
	}
	if i+1 == len(xs) {
		return ys[i]
	}
	return ys[i] + (ys[i+1]-ys[i])*(x-xs[i])/(xs[i+1]-xs[i])
}
