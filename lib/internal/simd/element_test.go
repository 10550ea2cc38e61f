package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// ulps is the distance of got from the exact value want, in units in the last place of want as a float32.
func ulps(got float32, want float64) float64 {
	w := float32(want)
	if math.IsNaN(want) || math.IsInf(float64(w), 0) || got == w {
		if got == w || math.IsNaN(want) && got != got {
			return 0
		}
		return math.Inf(1)
	}
	_, exp := math.Frexp(want)
	unit := math.Ldexp(1, max(exp-24, -149))
	return math.Abs(float64(got)-want) / unit
}

var functions = []struct {
	name  string
	run   func(dst, src []float32)
	exact func(float64) float64
	bound float64
}{
	{"Exp", Exp, math.Exp, 2},
	{"Log", Log, math.Log, 2},
	{"Tanh", Tanh, math.Tanh, 3},
	{"Atan", Atan, math.Atan, 3},
	{"Sigmoid", Sigmoid, sigmoid, 3},
	{"Softplus", Softplus, softplus, 4},
}

// TestElementFunctions visits every exponent, sign and special value.
func TestElementFunctions(t *testing.T) {
	var x []float32
	step := uint32(977) // prime, so that mantissas differ between exponents
	if testing.Short() {
		step = 99991
	}
	for bits := uint32(0); bits < 0xffffffff-step; bits += step {
		x = append(x, math.Float32frombits(bits))
	}
	for _, v := range []float64{0, math.Copysign(0, -1), 1, -1, math.Inf(1), math.Inf(-1), math.NaN(), 88.72283, 88.72284, -103.97, -104.5, 0x1p-149, 0x1p-126} {
		x = append(x, float32(v))
	}
	y := make([]float32, len(x))
	for i := range variants {
		v := &variants[i]
		t.Run(v.name, func(t *testing.T) {
			use(t, v)
			for _, f := range functions {
				f.run(y, x)
				worst, at := 0.0, float32(0)
				for i := range x {
					if e := ulps(y[i], f.exact(float64(x[i]))); e > worst {
						worst, at = e, x[i]
					}
				}
				t.Logf("%s: worst %.2f ulp at %g", f.name, worst, at)
				if worst > f.bound {
					t.Errorf("%s(%g) is off by %.2f ulp, documented %g", f.name, at, worst, f.bound)
				}
			}
		})
	}
}

// use makes v the active variant until the test ends, or skips it.
func use(t testing.TB, v *variant) {
	t.Helper()
	if !v.available {
		t.Skipf("this processor has only %v", Features())
	}
	old := active
	active = v
	t.Cleanup(func() { active = old })
}

var elementCases = []struct {
	name string
	run  func(dst, a, b []float32)
	want func(a, b float64) float64
}{
	{"Exp", func(dst, a, _ []float32) { Exp(dst, a) }, func(a, _ float64) float64 { return math.Exp(a) }},
	{"Add", Add, func(a, b float64) float64 { return a + b }},
	{"Sub", Sub, func(a, b float64) float64 { return a - b }},
	{"Mul", Mul, func(a, b float64) float64 { return a * b }},
	{"Div", Div, func(a, b float64) float64 { return a / b }},
	{"Scale", func(dst, a, _ []float32) { Scale(dst, 3, a) }, func(a, _ float64) float64 { return 3 * a }},
	{"AddConst", func(dst, a, _ []float32) { AddConst(dst, 3, a) }, func(a, _ float64) float64 { return a + 3 }},
	{"Clamp", func(dst, a, _ []float32) { Clamp(dst, a, -0.25, 0.5) }, func(a, _ float64) float64 { return math.Min(math.Max(a, -0.25), 0.5) }},
	{"ReLU", func(dst, a, _ []float32) { ReLU(dst, a) }, func(a, _ float64) float64 { return math.Max(a, 0) }},
	{"ReLUGrad", ReLUGrad, func(a, b float64) float64 {
		if b > 0 {
			return a
		}
		return 0
	}},
}

// TestElementLengths tries lengths around the vector widths and the block of one worker, misaligned and between guards.
func TestElementLengths(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 8))
		for _, n := range []int{0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 33, elementBlock - 1, elementBlock + 9, 3*elementBlock + 5} {
			for _, c := range elementCases {
				dst, a, b := guarded(n, r), guarded(n, r), guarded(n, r)
				c.run(dst, a, b)
				checkGuards(t, c.name, dst)
				for i := range dst {
					if want := c.want(float64(a[i]), float64(b[i])); math.Abs(float64(dst[i])-want) > 1e-6*math.Max(1, math.Abs(want)) {
						t.Fatalf("%s of %d values: [%d] = %g, want %g", c.name, n, i, dst[i], want)
					}
				}
			}
		}
	})
}

func TestNaNPassesThrough(t *testing.T) {
	nan := float32(math.NaN())
	for i := range variants {
		v := &variants[i]
		t.Run(v.name, func(t *testing.T) {
			use(t, v)
			x, y := make([]float32, 11), make([]float32, 11)
			for i := range x {
				x[i] = nan
			}
			for name, f := range map[string]func(){"Clamp": func() { Clamp(y, x, -1, 1) }, "ReLU": func() { ReLU(y, x) }, "Softplus": func() { Softplus(y, x) }} {
				clear(y)
				f()
				for i := range y {
					if y[i] == y[i] {
						t.Errorf("%s hid what is not a number at %d: %g", name, i, y[i])
					}
				}
			}
		})
	}
}

func TestSums(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, n := range []int{0, 1, 15, 16, 17, 47, 1000, 1<<16 + 21} {
			x := guarded(n, r)
			sum, squares := 0.0, 0.0
			for _, v := range x {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			tol := 1e-13 * float64(n+1)
			if got := reduceAlone(active.sum, x, nil); math.Abs(got-sum) > tol {
				t.Errorf("Sum of %d = %g, want %g", n, got, sum)
			}
			if got := SumSquares(x); math.Abs(got-squares) > tol {
				t.Errorf("SumSquares of %d = %g, want %g", n, got, squares)
			}
		}
	})
}

func TestAdamStep(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(11, 12))
		for _, n := range []int{0, 1, 8, 13, 16, elementBlock + 3} {
			p, g, m, v := guarded(n, r), guarded(n, r), guarded(n, r), guarded(n, r)
			for i := range v {
				v[i] *= v[i]
			}
			want := make([][3]float64, n)
			const scale, lr, b1, b2, eps, c1, c2 = 0.5, 1e-3, 0.9, 0.999, 1e-8, 0.271, 0.003
			for i := range want {
				d := scale * float64(g[i])
				mi := b1*float64(m[i]) + (1-b1)*d
				vi := b2*float64(v[i]) + (1-b2)*d*d
				want[i] = [3]float64{float64(p[i]) - lr*(mi/c1)/(math.Sqrt(vi/c2)+eps), mi, vi}
			}
			AdamStep(p, g, m, v, scale, lr, b1, b2, eps, c1, c2)
			for what, got := range map[int][]float32{0: p, 1: m, 2: v} {
				checkGuards(t, fmt.Sprint("array ", what), got)
				for i := range got {
					if math.Abs(float64(got[i])-want[i][what]) > 4e-7 {
						t.Fatalf("%d values, array %d: [%d] = %g, want %g", n, what, i, got[i], want[i][what])
					}
				}
			}
		}
	})
}
