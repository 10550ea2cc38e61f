package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// relative is the error of got in the mean square, over that of want; if want is all zeros, got must be.
func relative(got []float32, want []float64) float64 {
	off, size := 0.0, 0.0
	for i := range want {
		d := float64(got[i]) - want[i]
		off += d * d
		size += want[i] * want[i]
	}
	if size == 0 {
		return math.Sqrt(off)
	}
	return math.Sqrt(off / size)
}

var winogradCases = []ConvShape{
	convCase(1, 1, 4, 4, 1, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(2, 3, 8, 12, 5, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(3, 20, 16, 16, 13, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(8, 24, 8, 8, 33, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(1, 17, 28, 28, 9, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(1, 24, 32, 32, 12, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(1, 4, 12, 8, 6, 3, 3, 1, 1, 2, 0, 0, 2),
	convCase(2, 9, 20, 36, 7, 3, 3, 1, 1, 1, 1, 1, 1),
	same(3, 30, 32, 11), // from here on many tiles
	same(3, 11, 28, 30),
	convCase(6, 17, 20, 24, 9, 3, 3, 1, 1, 1, 1, 1, 1),
}

// TestWinograd compares the fast algorithm with the definition: its relative error must stay below 5·10⁻⁶.
func TestWinograd(t *testing.T) {
	var problems []convProblem
	for _, s := range winogradCases {
		problems = append(problems, problem(s))
	}
	eachVariant(t, func(t *testing.T) {
		if active.lanes == 0 {
			return
		}
		for _, p := range problems {
			s, r := p.s, rand.New(rand.NewPCG(15, 16))
			y, dx, dw := guarded(s.lenY(), r), guarded(s.lenX(), r), guarded(s.lenW(), r)
			active.winoConv2D(y, p.x, p.w, p.bias, s, Finish{})
			active.winoGradInput(dx, p.dy, p.w, s)
			active.winoGradWeight(dw, p.x, p.dy, s)
			for what, pass := range map[string]struct {
				got  []float32
				want []float64
			}{"y": {y, p.y}, "dx": {dx, p.dx}, "dw": {dw, p.dw}} {
				checkGuards(t, what, pass.got)
				if e := relative(pass.got, pass.want); !(e < 5e-6) {
					t.Errorf("%v: relative error of %s is %.2g", s, what, e)
				}
			}
		}
	})
}

// TestWinogradWeightBlocks compares batches that go through in one block, in several and in unequal ones with the direct
// loops, which other tests compare with the definition.
func TestWinogradWeightBlocks(t *testing.T) {
	defer exact.Store(exact.Swap(true))
	eachVariant(t, func(t *testing.T) {
		if active.lanes == 0 {
			return
		}
		for _, s := range []ConvShape{same(3, 128, 32, 120), same(8, 40, 16, 17), same(2, 12, 32, 9), same(9, 12, 32, 9), same(5, 70, 16, 70)} {
			x, dy := random(s.lenX()), random(s.lenY())
			want, got := make([]float32, s.lenW()), make([]float32, s.lenW())
			active.gradWeight(want, x, dy, s)
			active.winoGradWeight(got, x, dy, s)
			exact := make([]float64, len(want))
			for i := range exact {
				exact[i] = float64(want[i])
			}
			if e := relative(got, exact); !(e < 5e-6) {
				t.Errorf("%v: relative error %.2g", s, e)
			}
		}
	})
}

// TestWinogradThreads compares the passes with one thread and with several: the same bits, however the work is cut.
func TestWinogradThreads(t *testing.T) {
	shapes := []ConvShape{
		same(8, 24, 32, 24),                      // many tiles, small filters
		same(8, 40, 16, 20), same(8, 56, 8, 112), // few tiles
		same(2, 96, 48, 120), // many tiles, large filters
		same(1, 30, 16, 40),  // too few tiles for several threads
	}
	defer SetThreads(Threads())
	old := active
	defer func() { active = old }()
	for i := range variants {
		v := &variants[i]
		if active = v; v.lanes == 0 || !v.available || v.name == "wide" {
			continue
		}
		for _, s := range shapes {
			x, w, dy := random(s.lenX()), random(s.lenW()), random(s.lenY())
			passes := func(threads int) (all []float32) {
				SetThreads(threads)
				y, dx, dw := make([]float32, s.lenY()), make([]float32, s.lenX()), make([]float32, s.lenW())
				v.winoConv2D(y, x, w, nil, s, Finish{})
				v.winoGradInput(dx, dy, w, s)
				v.winoGradWeight(dw, x, dy, s)
				return slices.Concat(y, dx, dw)
			}
			want := passes(1)
			for _, threads := range []int{2, 3, 8} {
				if !slices.Equal(passes(threads), want) {
					t.Errorf("%s: %v: %d threads give other bits than one", v.name, s, threads)
				}
			}
		}
	}
}
