package simd

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

// lawShapes take every road through the package: direct and Winograd, pointwise, strided, grouped and depthwise.
var lawShapes = []ConvShape{
	convCase(3, 40, 16, 16, 36, 3, 3, 1, 1, 1, 1, 1, 1),
	same(3, 9, 32, 26),
	convCase(2, 9, 15, 14, 10, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(2, 24, 12, 12, 20, 1, 1),
	convCase(2, 10, 13, 16, 12, 3, 3, 2, 2, 1, 1, 1, 1),
	convCase(2, 12, 13, 16, 12, 5, 5, 1, 1, 2, 2, 2, 2, 1, 1, 12),
}

// passes runs all passes and returns the results one after the other.
func passes(s ConvShape, x, w, bias, dy []float32) []float32 {
	y, dx, dw := make([]float32, s.lenY()), make([]float32, s.lenX()), make([]float32, s.lenW())
	Conv2D(y, x, w, bias, s)
	ConvGradInput(dx, dy, w, s)
	ConvGradWeight(dw, x, dy, s)
	return append(append(y, dx...), dw...)
}

// TestReproducible repeats work until the workers have shared it in different ways: not one bit may change.
func TestReproducible(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range lawShapes {
			p := problem(s)
			want := passes(s, p.x, p.w, p.bias, p.dy)
			for range 3 {
				if !slices.Equal(passes(s, p.x, p.w, p.bias, p.dy), want) {
					t.Errorf("%v, %d threads: two runs differ", s, Threads())
				}
			}
		}
	})
}

// TestConcurrentCalls runs all shapes from several goroutines at once.
func TestConcurrentCalls(t *testing.T) {
	defer SetThreads(Threads())
	SetThreads(2)
	var problems []convProblem
	var want [][]float32
	for _, s := range lawShapes {
		p := problem(s)
		problems = append(problems, p)
		want = append(want, passes(s, p.x, p.w, p.bias, p.dy))
	}
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for i := range problems {
				k := (i + caller) % len(problems)
				p := problems[k]
				if !slices.Equal(passes(p.s, p.x, p.w, p.bias, p.dy), want[k]) {
					t.Errorf("%v: the result changed when other goroutines called too", p.s)
				}
			}
		})
	}
	callers.Wait()
}

// TestNoAllocation checks that only first calls allocate.
func TestNoAllocation(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		if active.lanes == 0 || active.name == "wide" {
			return // the plain loops call closures
		}
		for _, s := range lawShapes {
			p := problem(s)
			y, dx, dw := make([]float32, s.lenY()), make([]float32, s.lenX()), make([]float32, s.lenW())
			for what, f := range map[string]func(){
				"Conv2D":         func() { Conv2D(y, p.x, p.w, p.bias, s) },
				"ConvGradInput":  func() { ConvGradInput(dx, p.dy, p.w, s) },
				"ConvGradWeight": func() { ConvGradWeight(dw, p.x, p.dy, s) },
				"Exp":            func() { Exp(y, y) },
				"SumSquares":     func() { SumSquares(dx) },
			} {
				for range 5 {
					f() // a worker that slept may have had no scratch yet
				}
				if n := testing.AllocsPerRun(20, f); n > 0 {
					t.Errorf("%s of %v: %g allocations a call", what, s, n)
				}
			}
		}
	})
}

// TestVariantsAgree compares the variants with the plain loops on the roads they choose by themselves.
func TestVariantsAgree(t *testing.T) {
	for _, s := range lawShapes {
		p := problem(s)
		for i := range variants {
			v := &variants[i]
			t.Run(v.name, func(t *testing.T) {
				use(t, v)
				got := passes(s, p.x, p.w, p.bias, p.dy)
				want := append(append(slices.Clone(p.y), p.dx...), p.dw...)
				if e := relative(got, want); !(e < 3e-6) {
					t.Errorf("%v: relative error %.2g", s, e)
				}
			})
		}
	}
}

func TestChoose(t *testing.T) {
	if v := choose("plain"); v.name != "plain" {
		t.Errorf("MSFLOW_SIMD=plain chose %s", v.name)
	}
	for _, v := range variants {
		if !v.available {
			mustPanic(t, "MSFLOW_SIMD="+v.name, func() { choose(v.name) })
		}
	}
	mustPanic(t, "MSFLOW_SIMD=sse", func() { choose("sse") })
}

func TestCallersMistakes(t *testing.T) {
	s := convCase(1, 2, 4, 4, 2, 3, 3)
	x, w, y := random(s.lenX()), random(s.lenW()), random(s.lenY())
	mustPanic(t, "short input", func() { Conv2D(y, x[1:], w, nil, s) })
	s.Groups = 3
	mustPanic(t, "groups that do not divide", func() { Conv2D(y, x, w, nil, s) })
	mustPanic(t, "slices of different lengths", func() { Add(y, y, y[1:]) })
	mustPanic(t, "matrix too short", func() { Gemm(false, false, 4, 4, 4, 1, x[:15], 4, x, 4, 0, make([]float32, 16), 4) })
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s was accepted", what)
		}
	}()
	f()
}

func random(n int) []float32 {
	r := rand.New(rand.NewPCG(5, uint64(n)))
	v := make([]float32, n)
	for i := range v {
		v[i] = r.Float32()*2 - 1
	}
	return v
}

// TestRandomShapes draws shapes, so that no combination of sizes, strides, padding, dilation and groups stays untried.
func TestRandomShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	n := 150
	if testing.Short() {
		n = 20
	}
	for k := range n {
		s := randomShape(r)
		p := problem(s)
		for i := range variants {
			if !variants[i].available || variants[i].name == "wide" && k%4 != 0 {
				continue
			}
			use(t, &variants[i])
			got := passes(s, p.x, p.w, p.bias, p.dy)
			for what, pass := range map[string][2]int{"y": {0, len(p.y)}, "dx": {len(p.y), len(p.dx)}, "dw": {len(p.y) + len(p.dx), len(p.dw)}} {
				want := map[string][]float64{"y": p.y, "dx": p.dx, "dw": p.dw}[what]
				if e := relative(got[pass[0]:pass[0]+pass[1]], want); !(e < 5e-6) {
					t.Errorf("%s: %s of %+v: relative error %.2g", variants[i].name, what, s, e)
				}
			}
		}
	}
}

func randomShape(r *rand.Rand) ConvShape {
	upTo := func(n int) int { return 1 + r.IntN(n) }
	for {
		groups := []int{1, 1, 1, 2, 5}[r.IntN(5)]
		s := ConvShape{B: upTo(3), Cin: groups * upTo(12), Cout: groups * upTo(15), H: upTo(20), W: upTo(36), KH: upTo(4), KW: upTo(4),
			StrideH: upTo(3), StrideW: upTo(3), DilationH: upTo(2), DilationW: upTo(2), Groups: groups,
			Top: r.IntN(4), Bottom: r.IntN(4), Left: r.IntN(11), Right: r.IntN(4)}
		if r.IntN(3) == 0 { // what Winograd takes
			s = same(upTo(8), 8+r.IntN(9), 4*upTo(5), 8+r.IntN(9))
			s.W = 4 * upTo(6)
		}
		if s.H+s.Top+s.Bottom > s.DilationH*(s.KH-1) && s.W+s.Left+s.Right > s.DilationW*(s.KW-1) {
			return s
		}
	}
}

// TestPartsOfWeights convolves with a part of wider weights: the same bits as with a copy of that part, and the rest of a
// gradient is left alone.
func TestPartsOfWeights(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, s := range lawShapes {
			p := problem(s)
			want := passes(s, p.x, p.w, p.bias, p.dy)
			row := s.filters()
			s.RowW = row + 7
			r := rand.New(rand.NewPCG(21, 22))
			w, dw := guarded(s.Cout*s.RowW, r), guarded(s.Cout*s.RowW, r)
			before := slices.Clone(dw)
			for o := range s.Cout {
				copy(w[o*s.RowW:], p.w[o*row:(o+1)*row])
			}
			y, dx := make([]float32, s.lenY()), make([]float32, s.lenX())
			Conv2D(y, p.x, w, p.bias, s)
			ConvGradInput(dx, p.dy, w, s)
			ConvGradWeight(dw, p.x, p.dy, s)
			got := append(y, dx...)
			for o := range s.Cout {
				got = append(got, dw[o*s.RowW:o*s.RowW+row]...)
				if gap := o*s.RowW + row; !slices.Equal(dw[gap:min(gap+7, len(dw))], before[gap:min(gap+7, len(dw))]) {
					t.Fatalf("%v: the gradient of the weights wrote between its rows", s)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v: a part of the weights gives other bits than a copy of it", s)
			}
		}
	})
	s := same(1, 2, 8, 2)
	s.RowW = 17
	mustPanic(t, "rows of weights that overlap", func() { s.check() })
}
