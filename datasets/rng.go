package datasets

// rng is SplitMix64. It is written out here so that a seed means the same split and the same synthetic pictures on every
// machine and under every version of Go.
type rng struct{ state uint64 }

// newRNG mixes the seeds into one state; the order of the seeds matters.
func newRNG(seeds ...uint64) *rng {
	r := &rng{}
	for _, s := range seeds {
		r.state = mix64(r.state + s + 0x9E3779B97F4A7C15)
	}
	return r
}

// mix64 scrambles 64 bits, one to one.
func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (r *rng) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	return mix64(r.state)
}

// float is uniform in [0,1).
func (r *rng) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// between is uniform in [lo,hi).
func (r *rng) between(lo, hi float64) float64 { return lo + float64((hi-lo)*r.float()) }

// around is uniform in [at−spread, at+spread).
func (r *rng) around(at, spread float64) float64 { return r.between(at-spread, at+spread) }

// below is uniform in 0..n−1. (The bias of the remainder is under n/2⁶⁴.)
func (r *rng) below(n int) int { return int(r.next() % uint64(n)) }

// perm is a random order of 0..n−1 (Fisher–Yates).
func (r *rng) perm(n int) []int {
	order := make([]int, n)
	for i := range order {
		j := r.below(i + 1)
		order[i] = order[j]
		order[j] = i
	}
	return order
}
