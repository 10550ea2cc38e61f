package metrics

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Pixels measures localisation: the pixel maps of a test set against its masks. The work is done on demand and shared
// between figures: exact AUPRO sorts only what lies under its limit, AUROC, AP, F1Max, ROC and PR rank every pixel once.
// All cores are used; several goroutines may ask at once. Besides the caller's maps and masks it takes 12 bytes for
// each defect pixel, and while ranking at most 4 bytes for each normal pixel and usually 128 MiB in all.
type Pixels struct {
	maps         [][]float32
	masks        [][]uint8
	h, w         int
	groups       []group  // stretches of images that one core scans
	defects      []uint64 // key<<32 | region, by falling key
	regions      []region
	pos, neg     int
	low, high    float64 // range of the scores
	normalImages int

	chunkSize, waveSize int // as the constants, smaller in tests

	ranking sync.Mutex
	ranked  *Ranking
	depth   int // negatives from the top that ranked covers
}

// A region is an 8-connected component of an image's mask.
type region struct{ image, area int }

// NewPixels takes one map and one mask per image, each h·w values in row-major order; anything but 0 marks a defect pixel.
// A nil mask is an image without defects. Errors, with the image's index: ErrLength, ErrEmpty, ErrNaN, and ErrOneClass
// when no pixel at all is a defect or none is normal.
//
// The maps and masks are read again when a figure is asked for, so they must not change while the Pixels is in use.
func NewPixels(maps [][]float32, masks [][]uint8, h, w int) (*Pixels, error) {
	if err := checkShapes(maps, masks, h, w); err != nil {
		return nil, err
	}
	p := &Pixels{maps: slices.Clone(maps), masks: slices.Clone(masks), h: h, w: w, groups: divide(len(maps)), chunkSize: chunkSize, waveSize: waveSize}
	parallel(len(p.groups), func(i int) { p.groups[i].scan(p) })
	if err := p.gather(); err != nil {
		return nil, err
	}
	return p, bothClasses("pixels", p.pos, p.neg)
}

// Subset is the same for some of the images, given by their places. Errors as for NewPixels.
func (p *Pixels) Subset(images []int) (*Pixels, error) {
	maps, masks := make([][]float32, len(images)), make([][]uint8, len(images))
	for i, k := range images {
		maps[i], masks[i] = p.maps[k], p.masks[k]
	}
	return NewPixels(maps, masks, p.h, p.w)
}

func checkShapes(maps [][]float32, masks [][]uint8, h, w int) error {
	if len(maps) != len(masks) {
		return fmt.Errorf("metrics: %d maps, %d masks: %w", len(maps), len(masks), ErrLength)
	}
	if len(maps) == 0 || h < 1 || w < 1 {
		return fmt.Errorf("metrics: %d maps of %d×%d pixels: %w", len(maps), h, w, ErrEmpty)
	}
	for i, m := range maps {
		if len(m) != h*w || masks[i] != nil && len(masks[i]) != h*w {
			return fmt.Errorf("metrics: image %d: map of %d values, mask of %d, for %d×%d pixels: %w",
				i, len(m), len(masks[i]), h, w, ErrLength)
		}
	}
	return nil
}

// A group is a stretch [from,to) of images and what one scan of them found.
type group struct {
	from, to  int
	defects   []uint64 // key<<32 | region counted within the group
	regions   []region
	normal    []uint32 // normal pixels by the upper half of their key
	low, high float32
	nan       int // image with a NaN, or −1
	unmarked  int // images without a defect
}

// maxGroups bounds the memory for histograms on machines with very many cores.
const maxGroups = 32

func divide(images int) []group {
	n := min(images, runtime.GOMAXPROCS(0), maxGroups)
	groups := make([]group, n)
	for i := range groups {
		groups[i] = group{from: i * images / n, to: (i + 1) * images / n, nan: -1,
			low: float32(math.Inf(1)), high: float32(math.Inf(-1))}
	}
	return groups
}

// scan counts the group's normal pixels and lists its defect pixels.
func (g *group) scan(p *Pixels) {
	g.normal = make([]uint32, 1<<16)
	for i := g.from; i < g.to && g.nan < 0; i++ {
		if !g.scanRange(p.maps[i]) {
			g.nan = i
			return
		}
		marked := len(g.defects)
		if p.masks[i] != nil {
			g.listDefects(i, p)
		}
		if len(g.defects) == marked {
			g.unmarked++
		}
		countNormal(g.normal, p.maps[i], p.masks[i])
	}
}

// scanRange widens the group's range to m and reports whether m is free of NaN.
func (g *group) scanRange(m []float32) bool {
	low, high, ok := g.low, g.high, true
	for _, v := range m {
		ok = ok && v == v
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	g.low, g.high = low, high
	return ok
}

func (g *group) listDefects(image int, p *Pixels) {
	runs, areas := components(p.masks[image], p.h, p.w)
	first := len(g.regions)
	for _, a := range areas {
		g.regions = append(g.regions, region{image, a})
	}
	for _, r := range runs {
		for _, v := range p.maps[image][r.row*p.w+r.from : r.row*p.w+r.to] {
			g.defects = append(g.defects, uint64(key(v))<<32|uint64(first+r.region))
		}
	}
}

// countNormal adds the unmasked pixels of m to a histogram of the upper halves of their keys.
func countNormal(count []uint32, m []float32, mask []uint8) {
	if mask == nil {
		for _, v := range m {
			count[key(v)>>16]++
		}
		return
	}
	for i, v := range m {
		if mask[i] == 0 {
			count[key(v)>>16]++
		}
	}
}

// gather joins the groups' findings and sorts the defect pixels.
func (p *Pixels) gather() error {
	p.low, p.high = math.Inf(1), math.Inf(-1)
	for i := range p.groups {
		g := &p.groups[i]
		if g.nan >= 0 {
			return fmt.Errorf("metrics: map of image %d: %w", g.nan, ErrNaN)
		}
		p.low, p.high = min(p.low, float64(g.low)), max(p.high, float64(g.high))
		for _, d := range g.defects {
			p.defects = append(p.defects, d+uint64(len(p.regions)))
		}
		p.regions = append(p.regions, g.regions...)
		p.normalImages += g.unmarked
		g.defects, g.regions = nil, nil
	}
	p.pos = len(p.defects)
	p.neg = len(p.maps)*p.h*p.w - p.pos
	sortFalling(p.defects)
	return nil
}

// sortFalling sorts by falling key; equal keys keep their order.
func sortFalling(defects []uint64) {
	const upper = uint64(1<<32-1) << 32
	flip := func() {
		for i := range defects {
			defects[i] ^= upper
		}
	}
	flip()
	radixSort(defects, make([]uint64, len(defects)), 32)
	flip()
}

// Regions is the number of 8-connected defect regions in all masks.
func (p *Pixels) Regions() int { return len(p.regions) }

// Count is the number of defect pixels and of normal pixels.
func (p *Pixels) Count() (anomalous, normal int) { return p.pos, p.neg }

// AUROC is the area under the ROC curve of all pixels together.
func (p *Pixels) AUROC() float64 { return p.All().AUROC() }

// AP is the average precision of all pixels together.
func (p *Pixels) AP() float64 { return p.All().AP() }

// F1Max is the best F1 of all pixels together, and the highest threshold that reaches it.
func (p *Pixels) F1Max() (f1, threshold float64) { return p.All().F1Max() }

// ROC is the pixels' ROC curve, up to two points per distinct score of a defect pixel.
func (p *Pixels) ROC() (fpr, tpr, thresholds []float64) { return p.All().ROC() }

// PR is the pixels' precision-recall curve.
func (p *Pixels) PR() (recall, precision, thresholds []float64) { return p.All().PR() }

// All is the ranking of every pixel. It is worked out once and kept, 48 bytes for each distinct score of a defect.
func (p *Pixels) All() *Ranking { return p.rank(p.neg) }
