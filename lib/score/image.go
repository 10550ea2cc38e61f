package score

import (
	"fmt"
	"math"
)

// ImageScore is the mean of the k largest values of a map, k = ⌊topK·len(m)⌋ but at least one; the paper takes
// topK = 0.03 of the Mul map. NaN anywhere gives NaN, so a broken map cannot pass for a normal image.
// It panics if m is empty or topK is outside [0,1]. The work is four passes over m, whatever k is.
func ImageScore(m []float32, topK float64) float64 {
	if len(m) == 0 || !(topK >= 0 && topK <= 1) {
		panic(fmt.Sprintf("score: ImageScore of %d values with topK %v", len(m), topK))
	}
	k := max(1, int(topK*float64(len(m))))
	cut := kthLargest(m, k)
	sum, above := 0.0, 0
	for _, v := range m {
		if v != v {
			return math.NaN()
		}
		if v > cut {
			sum += float64(v)
			above++
		}
	}
	if above < k { // the rest are ties at the cut; skipping 0·∞ when there are none
		sum += float64(k-above) * float64(cut)
	}
	return sum / float64(k)
}

// kthLargest finds the k-th largest value (k ≥ 1) by deciding its bits from the top, some at a time: values order like
// their bits once the sign is folded in, and a histogram of the upper ones says where to look with the next. No copy of m
// is made and nothing is sorted.
func kthLargest(m []float32, k int) float32 {
	var count [1 << 11]int32
	var decided, known uint32 // the upper bits of the value, and which bits they are
	for _, shift := range [3]int{21, 10, 0} {
		clear(count[:])
		for _, v := range m {
			if b := orderedBits(v); b&known == decided {
				count[b>>shift&(1<<11-1)]++
			}
		}
		var bin uint32
		bin, k = descend(count[:], k)
		decided, known = decided|bin<<shift, ^uint32(0)<<shift
	}
	return fromOrderedBits(decided)
}

// descend walks a histogram from its top to the bin of the k-th largest entry and says which it is inside that bin.
func descend(count []int32, k int) (bin uint32, rest int) {
	i := len(count) - 1
	for k > int(count[i]) {
		k -= int(count[i])
		i--
	}
	return uint32(i), k
}

// orderedBits maps float32 to uint32 so that larger floats have larger bits.
func orderedBits(v float32) uint32 {
	b := math.Float32bits(v)
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

func fromOrderedBits(b uint32) float32 {
	if b>>31 == 1 {
		return math.Float32frombits(b &^ (1 << 31))
	}
	return math.Float32frombits(^b)
}
