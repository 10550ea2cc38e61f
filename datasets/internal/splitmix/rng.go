// Package splitmix is a generator of random numbers that is the same on every machine and under every version of Go, so
// that a seed means the same division and the same pictures for ever.
package splitmix

// RNG is SplitMix64.
type RNG struct{ state uint64 }

// New mixes the seeds into one state; the order of the seeds matters.
func New(seeds ...uint64) *RNG {
	r := &RNG{}
	for _, s := range seeds {
		r.state = Mix(r.state + s + 0x9E3779B97F4A7C15)
	}
	return r
}

// Mix scrambles 64 bits, one to one.
func Mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Next is 64 random bits.
func (r *RNG) Next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	return Mix(r.state)
}

// Float is uniform in [0,1).
func (r *RNG) Float() float64 { return float64(r.Next()>>11) / (1 << 53) }

// Between is uniform in [lo,hi).
func (r *RNG) Between(lo, hi float64) float64 { return lo + float64((hi-lo)*r.Float()) }

// Around is uniform in [at−spread, at+spread).
func (r *RNG) Around(at, spread float64) float64 { return r.Between(at-spread, at+spread) }

// Below is uniform in 0..n−1. (The bias of the remainder is under n/2⁶⁴.)
func (r *RNG) Below(n int) int { return int(r.Next() % uint64(n)) }

// Perm is a random order of 0..n−1 (Fisher–Yates).
func (r *RNG) Perm(n int) []int {
	order := make([]int, n)
	for i := range order {
		j := r.Below(i + 1)
		order[i] = order[j]
		order[j] = i
	}
	return order
}

// Seed turns a name into a seed.
func Seed(text string) uint64 {
	seed := uint64(len(text))
	for _, b := range []byte(text) {
		seed = Mix(seed<<8 | seed>>56 ^ uint64(b))
	}
	return seed
}
