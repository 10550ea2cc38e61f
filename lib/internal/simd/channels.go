package simd

import (
	"fmt"
	"unsafe"
)

// A Channel is where one channel of MoveChannels comes from: in sample b it is K·X[At+b·Step+i] + L, or zero if X is nil.
// Run is how many channels from this one on, itself included, follow one another in X and have the same K and L; at least 1.
type Channel struct {
	X        []float32
	At, Step int
	K, L     float32
	Run      int
}

// MoveChannels sets y (batch,len(channels),pixels). K·x is rounded before L is added.
func MoveChannels(y []float32, channels []Channel, batch, pixels int) {
	n := batch * len(channels) * pixels
	j := moveJobs.get()
	defer moveJobs.put(j)
	*j = moveJob{y: sized("y", y, n), channels: channels, pixels: pixels, part: max(1, 2*elementBlock/max(1, pixels))}
	for i, c := range channels {
		if last := c.At + (batch-1)*c.Step + pixels; c.X != nil && (c.At < 0 || c.Step < 0 || last > len(c.X)) {
			panic(fmt.Sprintf("simd: channel %d lies behind value %d of %d", i, last, len(c.X)))
		}
	}
	j.parts = ceilDiv(len(channels), j.part)
	if n > 0 {
		dispatch(batch*j.parts, j)
	}
	*j = moveJob{}
}

// moveJob is MoveChannels; an item is a part of a sample's channels.
type moveJob struct {
	y           []float32
	channels    []Channel
	pixels      int
	part, parts int
}

var moveJobs freeList[moveJob]

// run implements task.
func (j *moveJob) run(i int, s *scratch) {
	b, first := i/j.parts, i%j.parts*j.part
	y := j.y[(b*len(j.channels)+first)*j.pixels:]
	n := 1
	for k := first; k < min(first+j.part, len(j.channels)); k += n {
		c := &j.channels[k]
		n = min(c.Run, first+j.part-k)
		dst := y[(k-first)*j.pixels:][:n*j.pixels]
		switch {
		case c.X == nil:
			clear(dst)
		case c.K == 1 && c.L == 0:
			copy(dst, c.X[c.At+b*c.Step:])
		default:
			shiftRow(dst, c.X[c.At+b*c.Step:][:len(dst)], c.K, c.L, s)
		}
	}
}

// shiftRow sets dst = k·src + l.
func shiftRow(dst, src []float32, k, l float32, s *scratch) {
	if active.elements.scaleShift == nil {
		for i, v := range src {
			dst[i] = float32(k*v) + l
		}
		return
	}
	s.maps = mapArgs{dst: unsafe.Pointer(&dst[0]), a: unsafe.Pointer(&src[0]), n: len(dst), k: k, l: l}
	callMap(active.elements.scaleShift, &s.maps)
}

// A RowPair is two rows of equal length; Y may be nil, which stands for ones.
type RowPair struct{ X, Y []float32 }

// PairSums sets sums[i] to Σ x·y over the i-th pair, added in float64.
func PairSums(sums []float64, pairs []RowPair) {
	longest := 1
	for _, p := range pairs {
		if p.Y != nil {
			sameLength(len(p.X), p.Y)
		}
		longest = max(longest, len(p.X))
	}
	j := pairJobs.get()
	defer pairJobs.put(j)
	*j = pairJob{sums: sums[:len(pairs)], pairs: pairs, part: max(1, elementBlock/longest)}
	if len(pairs) > 0 {
		dispatch(ceilDiv(len(pairs), j.part), j)
	}
	*j = pairJob{}
}

// pairJob is PairSums; an item is some pairs.
type pairJob struct {
	sums  []float64
	pairs []RowPair
	part  int
}

var pairJobs freeList[pairJob]

// run implements task.
func (j *pairJob) run(i int, s *scratch) {
	for k := i * j.part; k < min((i+1)*j.part, len(j.pairs)); k++ {
		p, kernel := j.pairs[k], active.sum
		if p.Y != nil {
			kernel = active.inner
		}
		j.sums[k] = reduceRow(kernel, p.X, p.Y, &s.reduce)
	}
}
