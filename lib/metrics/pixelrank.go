package metrics

import (
	"math"
	"sort"
)

// Ranking tens of millions of pixels.
//
// The normal pixels, nearly all there are, are never sorted as a whole. A histogram of the upper 16 bits of their keys
// divides the range of scores into chunks of some 100,000 pixels. Chunks without a defect pixel's score need only their
// count; the others are copied out, a wave of chunks at a time to bound memory, and each chunk is sorted in cache and
// merged with the defect scores that fall into it. Chunks below the wanted false-positive rate are not looked at.

const (
	chunkSize = 1 << 17 // pixels; a chunk of one histogram bin may be larger
	waveSize  = 1 << 25 // pixels, 128 MiB of keys
)

// A chunk is a range of scores: keys whose upper halves lie in [lo,hi].
type chunk struct {
	lo, hi uint32
	count  int    // normal pixels in the range
	above  int    // normal pixels over the range
	steps  []step // distinct defect scores in the range, falling
}

// rank returns a ranking whose steps are right as far down as the depth largest normal pixels reach.
func (p *Pixels) rank(depth int) *Ranking {
	p.ranking.Lock()
	defer p.ranking.Unlock()
	if p.ranked == nil || p.depth < depth {
		steps := p.distinct()
		chunks, covered := p.chunks(steps, depth)
		for len(chunks) > 0 {
			chunks = p.countWave(chunks)
		}
		p.ranked = &Ranking{steps: steps[:covered], pos: p.pos, neg: p.neg, lowest: p.low}
		if covered < len(steps) { // the smallest threshold that the steps are right for
			p.ranked.lowest = math.Nextafter(steps[covered].score, math.Inf(1))
		}
		p.depth = depth
	}
	return p.ranked
}

// distinct lists the distinct defect scores with their counts and overlaps; the normal pixels are still missing. A
// pixel adds 1/(area of its region × number of regions) to the mean per-region overlap.
func (p *Pixels) distinct() []step {
	weight := make([]float64, len(p.regions))
	for i, r := range p.regions {
		weight[i] = 1 / (float64(r.area) * float64(len(p.regions)))
	}
	startsStep := func(i int) bool { return i == 0 || p.defects[i]>>32 != p.defects[i-1]>>32 }
	n := 0
	for i := range p.defects {
		if startsStep(i) {
			n++
		}
	}
	steps := make([]step, 0, n) // counted first: growing a slice of millions costs more
	for i, d := range p.defects {
		if startsStep(i) {
			steps = append(steps, step{score: float64(value(uint32(d >> 32)))})
		}
		s := &steps[len(steps)-1]
		s.pos++
		s.overlap += weight[uint32(d)]
	}
	return steps
}

// chunks divides the range from the top until depth normal pixels are covered, and says how many steps that covers.
func (p *Pixels) chunks(steps []step, depth int) (list []chunk, covered int) {
	count := histogram(p.groups)
	above := 0
	for hi := len(count) - 1; hi >= 0 && above < depth; {
		c := chunk{lo: uint32(hi), hi: uint32(hi), count: count[hi], above: above}
		for c.lo > 0 && c.count+count[c.lo-1] <= p.chunkSize {
			c.lo--
			c.count += count[c.lo]
		}
		first := covered
		covered += sort.Search(len(steps)-first, func(i int) bool { return key(float32(steps[first+i].score))>>16 < c.lo })
		c.steps = steps[first:covered]
		if len(c.steps) > 0 {
			list = append(list, c)
		}
		above += c.count
		hi = int(c.lo) - 1
	}
	if above == p.neg { // nothing but defects further down
		for i := covered; i < len(steps); i++ {
			steps[i].above = above
		}
		covered = len(steps)
	}
	return list, covered
}

// histogram joins the groups' counts by the upper half of the key.
func histogram(groups []group) []int {
	count := make([]int, 1<<16)
	for _, g := range groups {
		for i, n := range g.normal {
			count[i] += int(n)
		}
	}
	return count
}

// countWave handles as many chunks as fit into a wave and returns the rest.
func (p *Pixels) countWave(chunks []chunk) (rest []chunk) {
	n, total := 0, 0
	for n < len(chunks) && (n == 0 || total+chunks[n].count <= p.waveSize) {
		total += chunks[n].count
		n++
	}
	wave := chunks[:n]
	keys := p.collect(wave, total)
	starts := make([]int, n+1)
	for i, c := range wave {
		starts[i+1] = starts[i] + c.count
	}
	parallel(n, func(i int) { wave[i].merge(keys[starts[i]:starts[i+1]]) })
	return chunks[n:]
}

// collect copies the keys of the normal pixels that fall into the wave's chunks, chunk by chunk in one slice. Each group
// of images writes to its own part of each chunk, so the groups need not wait for each other.
func (p *Pixels) collect(wave []chunk, total int) []uint32 {
	keys := make([]uint32, total)
	chunkOf := make([]int32, 1<<16)
	for i := range chunkOf {
		chunkOf[i] = -1
	}
	next := make([][]int, len(p.groups)) // next[g][c]: where group g writes its next key of chunk c
	for g := range next {
		next[g] = make([]int, len(wave))
	}
	at := 0
	for i, c := range wave {
		for bin := c.lo; bin <= c.hi; bin++ {
			chunkOf[bin] = int32(i)
		}
		for g := range p.groups {
			next[g][i] = at
			for _, n := range p.groups[g].normal[c.lo : c.hi+1] {
				at += int(n)
			}
		}
	}
	parallel(len(p.groups), func(g int) {
		for i := p.groups[g].from; i < p.groups[g].to; i++ {
			copyKeys(keys, next[g], chunkOf, p.maps[i], p.masks[i])
		}
	})
	return keys
}

func copyKeys(keys []uint32, next []int, chunkOf []int32, m []float32, mask []uint8) {
	for i, v := range m {
		k := key(v)
		c := chunkOf[k>>16]
		if c < 0 || mask != nil && mask[i] != 0 {
			continue
		}
		keys[next[c]] = k
		next[c]++
	}
}

// merge sorts the chunk's normal pixels and counts those above and beside each step.
func (c *chunk) merge(keys []uint32) {
	switch {
	case len(keys) == 0:
	case c.lo == c.hi && len(keys) > 1<<15:
		countingSort(keys)
	default:
		radixSort(keys, make([]uint32, len(keys)), 0)
	}
	left := len(keys) // keys[left:] lie over the current step
	for i := range c.steps {
		s := &c.steps[i]
		k := key(float32(s.score))
		for left > 0 && keys[left-1] > k {
			left--
		}
		s.above = c.above + len(keys) - left
		for left > 0 && keys[left-1] == k {
			left--
		}
		s.equal = c.above + len(keys) - left - s.above
	}
}

// depthOf is how many of the largest normal pixels a curve up to a false-positive rate of limit needs.
func (p *Pixels) depthOf(limit float64) int {
	return min(p.neg, int(math.Ceil(limit*float64(p.neg)))+1)
}
