package metrics

import (
	"fmt"
	"slices"
)

const (
	intervalBins   = 4096
	intervalSample = 1 << 18 // normal pixels that place the bins
)

// PixelIntervals are confidence intervals of localisation figures. AUPRO has one entry per limit asked for.
type PixelIntervals struct {
	AUROC, AP Interval
	AUPRO     []Interval
}

// Intervals draws whole images, since the pixels of one image are not independent. Ranking all pixels anew in each draw
// would take minutes, so scores are put into 4096 bins first, narrow where few normal pixels lie, and a bin's pixels
// tie. That moves a figure by less than 0.001, far less than the width of any interval worth reporting; the figures
// themselves come from AUROC, AP and AUPRO. Errors: ErrLimit, ErrNaN when an image without a normal pixel makes a draw
// meaningless.
func (p *Pixels) Intervals(b Bootstrap, limits ...float64) (PixelIntervals, error) {
	for _, l := range limits {
		if err := checkLimit(l); err != nil {
			return PixelIntervals{}, err
		}
	}
	images := p.binned(newBins(p.binEdges()))
	labels := make([]bool, len(images))
	for i := range images {
		labels[i] = images[i].regions > 0
	}
	all, err := b.intervals(labels, 2+len(limits), func(pick []int, out []float64) error {
		r := pool(images, pick)
		out[0], out[1] = r.AUROC(), r.AP()
		for i, l := range limits {
			out[2+i] = r.areaUnderPRO(l)
		}
		return nil
	})
	if err != nil {
		return PixelIntervals{}, fmt.Errorf("metrics: pixel intervals: %w", err)
	}
	return PixelIntervals{AUROC: all[0], AP: all[1], AUPRO: all[2:]}, nil
}

// binEdges are the lower ends of the bins as falling keys, the last one 0. Bin j ends at the (j/n)² quantile from the
// top of a regular sample of the normal pixels: the curves are read at small false-positive rates.
func (p *Pixels) binEdges() []uint32 {
	stride := max(1, p.neg/intervalSample) | 1 // odd, not to walk down one column of the images
	var sample []uint32
	skip := 0
	for i, m := range p.maps {
		mask := p.masks[i]
		j := skip
		for ; j < len(m); j += stride {
			if mask == nil || mask[j] == 0 {
				sample = append(sample, key(m[j]))
			}
		}
		skip = j - len(m)
	}
	slices.Sort(sample)
	var edges []uint32
	for j := 1; j < intervalBins && len(sample) > 0; j++ {
		q := float64(j) / intervalBins
		edges = append(edges, sample[int((1-q*q)*float64(len(sample)-1))])
	}
	return append(slices.Compact(edges), 0)
}

// A binnedImage counts one image's pixels per bin. overlap is Σ 1/(area of the region) over the bin's defect pixels.
type binnedImage struct {
	normal, defect []uint32
	overlap        []float64
	regions        int
}

func (p *Pixels) binned(b bins) []binnedImage {
	images := make([]binnedImage, len(p.maps))
	parallel(len(images), func(i int) {
		image := &images[i]
		image.normal = make([]uint32, len(b.edges))
		mask := p.masks[i]
		for j, v := range p.maps[i] {
			if mask == nil || mask[j] == 0 {
				image.normal[b.find(key(v))]++
			}
		}
	})
	for _, r := range p.regions {
		image := &images[r.image]
		image.regions++
		if image.defect == nil {
			image.defect, image.overlap = make([]uint32, len(b.edges)), make([]float64, len(b.edges))
		}
	}
	for _, d := range p.defects {
		r := p.regions[uint32(d)]
		bin := b.find(uint32(d >> 32))
		images[r.image].defect[bin]++
		images[r.image].overlap[bin] += 1 / float64(r.area)
	}
	return images
}

// bins finds the bin of a key: the first one whose lower end the key reaches. near narrows the search down by the upper
// half of the key: the answer lies from near[upper+1] to near[upper].
type bins struct {
	edges []uint32
	near  []uint32
}

func newBins(edges []uint32) bins {
	b := bins{edges, make([]uint32, 1<<16+1)}
	bin := len(edges) - 1
	for upper := range uint32(1 << 16) {
		for bin > 0 && edges[bin-1] <= upper<<16 {
			bin--
		}
		b.near[upper] = uint32(bin)
	}
	return b
}

func (b bins) find(k uint32) int {
	lo := int(b.near[k>>16+1])
	n := int(b.near[k>>16]) + 1 - lo
	for n > 1 {
		half := n / 2
		if b.edges[lo+half-1] > k {
			lo += half
		}
		n -= half
	}
	return lo
}

// pool ranks the pixels of the drawn images together.
func pool(images []binnedImage, pick []int) *Ranking {
	times := make([]int, len(images))
	for _, i := range pick {
		times[i]++
	}
	bins := len(images[0].normal)
	normal, defect, overlap, regions := make([]int, bins), make([]int, bins), make([]float64, bins), 0
	for i, n := range times {
		if n == 0 {
			continue
		}
		image := &images[i]
		for j, c := range image.normal {
			normal[j] += n * int(c)
		}
		for j, c := range image.defect {
			defect[j] += n * int(c)
			overlap[j] += float64(n) * image.overlap[j]
		}
		regions += n * image.regions
	}
	return rankBins(normal, defect, overlap, regions)
}

// rankBins makes a ranking of counts per bin, from the bin of the largest scores down. The scores are lost.
func rankBins(normal, defect []int, overlap []float64, regions int) *Ranking {
	r := &Ranking{}
	for j, n := range normal {
		if defect[j] > 0 {
			r.steps = append(r.steps, step{pos: defect[j], overlap: overlap[j] / float64(regions), above: r.neg, equal: n})
		}
		r.pos += defect[j]
		r.neg += n
	}
	return r
}
