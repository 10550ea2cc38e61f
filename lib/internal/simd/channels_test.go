package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestMoveChannels selects, scales and shifts channels of two arrays, planes of many sizes, between guards.
func TestMoveChannels(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(31, 32))
		for _, n := range []int{1, 5, 16, 37, 64, 1000, 3*elementBlock + 5} {
			const batch = 3
			a, b := guarded(batch*4*n, r), guarded(batch*2*n, r)
			channels := []Channel{
				{X: a, At: 2 * n, Step: 4 * n, K: 1, Run: 2}, {X: a, At: 3 * n, Step: 4 * n, K: 1, Run: 1},
				{Run: 1},
				{X: b, At: n, Step: 2 * n, K: 3, L: 0.5, Run: 1},
				{X: a, At: 0, Step: 4 * n, K: -2, Run: 2}, {X: a, At: n, Step: 4 * n, K: -2, Run: 1},
			}
			y := guarded(batch*len(channels)*n, r)
			MoveChannels(y, channels, batch, n)
			checkGuards(t, "MoveChannels", y)
			for i, got := range y {
				c, want := channels[i/n%len(channels)], float32(0)
				if c.X != nil {
					want = float32(c.K*c.X[c.At+i/n/len(channels)*c.Step+i%n]) + c.L
				}
				if got != want {
					t.Fatalf("planes of %d: channel %d: [%d] = %g, want %g", n, i/n, i%n, got, want)
				}
			}
		}
	})
	mustPanic(t, "a channel behind the end", func() {
		MoveChannels(make([]float32, 8), []Channel{{X: make([]float32, 7), Step: 4, K: 1, Run: 1}}, 2, 4)
	})
}

func TestPairSums(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(33, 34))
		for _, n := range []int{1, 15, 16, 17, 1000, 70001} {
			x, y := guarded(n, r), guarded(n, r)
			sums := []float64{1, 1, 1}
			PairSums(sums, []RowPair{{X: x, Y: y}, {}, {X: x}})
			want := [3]float64{}
			for i, v := range x {
				want[0] += float64(v) * float64(y[i])
				want[2] += float64(v)
			}
			for i := range want {
				if d := math.Abs(sums[i] - want[i]); !(d <= float64(n)*float64(n)*0x1p-53) {
					t.Errorf("%d values: sum %d is off by %g", n, i, d)
				}
			}
		}
	})
	mustPanic(t, "rows of two lengths", func() {
		PairSums(make([]float64, 1), []RowPair{{make([]float32, 2), make([]float32, 3)}})
	})
}
