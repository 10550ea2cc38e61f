package score

import (
	"fmt"
	"math"
)

// ImageScore is the mean of the k largest values of a map, k = ⌊topK·len(m)⌋ but at least one; the paper takes
// topK = 0.03 of the Mul map. NaN anywhere gives NaN, so a broken map cannot pass for a normal image.
// It panics if m is empty or topK is outside [0,1]. The work is three passes over m, whatever k is.
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

// kthLargest finds the k-th largest value (k ≥ 1) by deciding its bits from the top, 16 at a time: values order like
// their bits once the sign is folded in, and a histogram of the upper 16 says where to look with the lower 16. No copy of
// m is made and nothing is sorted.
func kthLargest(m []float32, k int) float32 {
	count := make([]int, 1<<16)
	for _, v := range m {
		count[orderedBits(v)>>16]++
	}
	upper, k := descend(count, k)
	clear(count)
	for _, v := range m {
		if b := orderedBits(v); b>>16 == upper {
			count[b&0xffff]++
		}
	}
	lower, _ := descend(count, k)
	return fromOrderedBits(upper<<16 | lower)
}

// descend walks a histogram from its top to the bin of the k-th largest entry and says which it is inside that bin.
func descend(count []int, k int) (bin uint32, rest int) {
	i := len(count) - 1
	for k > count[i] {
		k -= count[i]
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
