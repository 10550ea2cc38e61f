package simd

import (
	"math"
	"testing"
)

// poison fills what is kept for the next call with NaN, as a diverged training leaves it.
func poison() {
	nan := float32(math.NaN())
	idle.Lock()
	for _, s := range idle.list {
		for _, m := range s.mem {
			for i := range m {
				m[i] = nan
			}
		}
		for i := range s.winoTmp {
			s.winoTmp[i] = nan
		}
	}
	idle.Unlock()
	buffers.Lock()
	for _, b := range buffers.list {
		for i := range b[:cap(b)] {
			b[:cap(b)][i] = nan
		}
	}
	buffers.Unlock()
}

// TestMemoryOfOtherCallsDoesNotMatter: after a call whose numbers were NaN, all others give the bits that they gave before.
func TestMemoryOfOtherCallsDoesNotMatter(t *testing.T) {
	var problems []convProblem
	for _, s := range append(append([]ConvShape{}, convCases...), lawShapes...) {
		problems = append(problems, problem(s))
	}
	eachVariant(t, func(t *testing.T) {
		problems, blocks := problems, len(bottleneckCases)
		if active.lanes == 0 || active.name == "wide" { // plain Go is slow
			problems, blocks = problems[4:8], 1
		}
		for _, p := range problems {
			run := func() []float32 { return passes(p.s, p.x, p.w, p.bias, p.dy) }
			sameAfterNaN(t, p.s.String(), run)
		}
		for i := range blocks {
			b, s, x := bottleneck(i)
			oh, ow := s.Out()
			sameAfterNaN(t, "bottleneck "+s.String(), func() []float32 {
				y := make([]float32, s.B*b.Out*oh*ow)
				InvertedBottleneck(y, x, b, s)
				return y
			})
		}
	})
}

// TestGemmAndLayerNormAfterNaN runs the checks against exact numbers on poisoned memory.
func TestGemmAndLayerNormAfterNaN(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for mode := range 8 {
			poison()
			testGemm(t, 13, 33, 30, mode&1 != 0, mode&2 != 0, mode&4 != 0)
		}
		poison()
		testLayerNorm(t, 2, 40, 47)
	})
}

func sameAfterNaN(t *testing.T, what string, run func() []float32) {
	t.Helper()
	want := run()
	poison()
	got := run()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Errorf("%s, %d threads: number %d is %v after %v", what, Threads(), i, got[i], want[i])
			return
		}
	}
}
