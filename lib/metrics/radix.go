package metrics

import "math"

// key maps a float32 to bits that order as the floats do: larger floats, larger keys. Both zeros map to one key.
func key(v float32) uint32 {
	b := math.Float32bits(v + 0) // −0 + 0 = +0
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

// value undoes key.
func value(k uint32) float32 {
	if k>>31 == 1 {
		return math.Float32frombits(k &^ (1 << 31))
	}
	return math.Float32frombits(^k)
}

const (
	digitBits = 11
	digits    = 3 // 33 bits, enough for a key
)

// radixSort sorts a, ascending, by the 32 bits above shift; equal ones keep their order. tmp is as long as a. A digit
// that all entries share costs no pass.
func radixSort[T uint32 | uint64](a, tmp []T, shift uint) {
	var count [digits][1 << digitBits]int
	for _, v := range a {
		k := uint32(v >> shift)
		count[0][k&(1<<digitBits-1)]++
		count[1][k>>digitBits&(1<<digitBits-1)]++
		count[2][k>>(2*digitBits)]++
	}
	from, to := a, tmp[:len(a)]
	for d := range digits {
		if at := shift + uint(d*digitBits); startsOf(&count[d], len(a)) {
			scatter(to, from, &count[d], shift, at-shift)
			from, to = to, from
		}
	}
	if len(a) > 0 && &from[0] != &a[0] {
		copy(a, from)
	}
}

// startsOf turns counts into starting positions. It reports false when a single digit holds all n entries.
func startsOf(count *[1 << digitBits]int, n int) bool {
	sum := 0
	for i, c := range count {
		if c == n {
			return false
		}
		count[i] = sum
		sum += c
	}
	return true
}

func scatter[T uint32 | uint64](to, from []T, start *[1 << digitBits]int, shift, digit uint) {
	for _, v := range from {
		d := uint32(v>>shift) >> digit & (1<<digitBits - 1)
		to[start[d]] = v
		start[d]++
	}
}

// countingSort sorts keys that agree in their upper 16 bits, in place.
func countingSort(a []uint32) {
	var count [1 << 16]int32
	for _, k := range a {
		count[k&0xffff]++
	}
	upper, i := a[0]&^0xffff, 0
	for low, c := range count {
		for range c {
			a[i] = upper | uint32(low)
			i++
		}
	}
}
