package metrics

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// The paper's range of false-positive rates for AUPIMO.
const (
	AUPIMOLower = 1e-5
	AUPIMOUpper = 1e-4
)

// AUPIMO is the area under the per-image overlap curve (arXiv 2401.01984). For each anomalous image it integrates the
// share T of its defect pixels that is found over the false-positive rate F on the images without any defect:
//
//	AUPIMO_i = 1/ln(upper/lower) · ∫ T_i dF/F  from lower to upper
//
// F is shared by all images, and every distinct score is a threshold; where defect and normal pixels tie, T is linear in
// F. perImage has one entry per image, NaN for those without a defect; mean is over the others. The paper uses
// AUPIMOLower and AUPIMOUpper. Errors: ErrLimit unless 0 < lower < upper ≤ 1, ErrOneClass when every image has a
// defect, ErrTooCoarse when the normal images together hold fewer than 1/lower pixels.
func (p *Pixels) AUPIMO(lower, upper float64) (perImage []float64, mean float64, err error) {
	if !(lower > 0 && lower < upper && upper <= 1) {
		return nil, math.NaN(), fmt.Errorf("metrics: AUPIMO from %v to %v: %w", lower, upper, ErrLimit)
	}
	if p.normalImages == 0 {
		return nil, math.NaN(), fmt.Errorf("metrics: AUPIMO without an image free of defects: %w", ErrOneClass)
	}
	normal := p.normalImages * p.h * p.w
	if float64(normal)*lower < 1 {
		return nil, math.NaN(), fmt.Errorf("metrics: AUPIMO: %d normal pixels for a rate of %v: %w", normal, lower, ErrTooCoarse)
	}
	top := p.topNormal(min(normal, int(math.Ceil(upper*float64(normal)))+1))
	perImage = p.overlapPerImage(func(k uint32) float64 {
		above := sort.Search(len(top), func(i int) bool { return top[i] <= k })
		upTo := above + sort.Search(len(top)-above, func(i int) bool { return top[above+i] < k })
		return credit(float64(above)/float64(normal), float64(upTo)/float64(normal), lower, upper)
	})
	sum := 0.0
	for _, a := range perImage {
		if !math.IsNaN(a) {
			sum += a
		}
	}
	return perImage, sum / float64(len(p.maps)-p.normalImages), nil
}

// credit is what a defect pixel adds to its image's integral, as a share of the range: it is found from rate b on,
// and between a and b with linearly rising probability.
func credit(a, b, lower, upper float64) float64 {
	found := 0.0
	if b < upper {
		found = math.Log(upper / max(b, lower))
	}
	if from, to := max(a, lower), min(b, upper); from < to { // ∫ (F−a)/(b−a) dF/F
		found += ((to - from) - a*math.Log(to/from)) / (b - a)
	}
	return found / math.Log(upper/lower)
}

// overlapPerImage averages a function of the score's key over each image's defect pixels; NaN where there are none.
func (p *Pixels) overlapPerImage(f func(key uint32) float64) []float64 {
	sum, area := make([]float64, len(p.maps)), make([]int, len(p.maps))
	for _, r := range p.regions {
		area[r.image] += r.area
	}
	last, at := uint32(0), math.NaN()
	for i, d := range p.defects { // by falling key, so equal keys follow each other
		if k := uint32(d >> 32); i == 0 || k != last {
			last, at = k, f(k)
		}
		sum[p.regions[uint32(d)].image] += at
	}
	for i := range sum {
		sum[i] /= float64(area[i]) // 0/0 is NaN
	}
	return sum
}

// topNormal lists the keys of the n largest pixels of the images without a defect, falling, and all others that share
// the upper half of the last one's key.
func (p *Pixels) topNormal(n int) []uint32 {
	free := p.freeOfDefects()
	groups := divide(len(free))
	parallel(len(groups), func(i int) {
		g := &groups[i]
		g.normal = make([]uint32, 1<<16)
		for _, m := range free[g.from:g.to] {
			countNormal(g.normal, m, nil)
		}
	})
	cut := cutAt(histogram(groups), n)
	found := make([][]uint32, len(groups))
	parallel(len(groups), func(i int) {
		for _, m := range free[groups[i].from:groups[i].to] {
			found[i] = appendFrom(found[i], m, cut)
		}
	})
	keys := slices.Concat(found...)
	radixSort(keys, make([]uint32, len(keys)), 0)
	slices.Reverse(keys)
	return keys
}

// cutAt is the bin in which the n-th entry from the top lies.
func cutAt(count []int, n int) uint32 {
	bin := len(count) - 1
	for n > count[bin] {
		n -= count[bin]
		bin--
	}
	return uint32(bin)
}

// appendFrom appends the keys of m whose upper half is cut or more.
func appendFrom(keys []uint32, m []float32, cut uint32) []uint32 {
	for _, v := range m {
		if k := key(v); k>>16 >= cut {
			keys = append(keys, k)
		}
	}
	return keys
}

func (p *Pixels) freeOfDefects() (maps [][]float32) {
	marked := make([]bool, len(p.maps))
	for _, r := range p.regions {
		marked[r.image] = true
	}
	for i, m := range p.maps {
		if !marked[i] {
			maps = append(maps, m)
		}
	}
	return maps
}
