package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// guard is the number of NaN on each side of a test's slice: odd, so that the slice is misaligned.
const guard = 67

// guarded returns n random floats between runs of NaN that a kernel must neither use nor overwrite.
func guarded(n int, r *rand.Rand) []float32 {
	m := make([]float32, n+2*guard)
	for i := range m {
		m[i] = float32(math.NaN())
	}
	v := m[guard : guard+n]
	for i := range v {
		v[i] = r.Float32()*2 - 1
	}
	return v
}

// checkGuards fails if the memory around a slice made by guarded was written.
func checkGuards(t *testing.T, what string, v []float32) {
	t.Helper()
	start := unsafe.Pointer(unsafe.SliceData(v))
	for _, side := range []unsafe.Pointer{unsafe.Add(start, -4*guard), unsafe.Add(start, 4*len(v))} {
		for i, f := range unsafe.Slice((*float32)(side), guard) {
			if f == f {
				t.Fatalf("%s: wrote %g beyond its slice, guard word %d", what, f, i)
			}
		}
	}
}

// convCase is a shape in few words.
func convCase(b, cin, h, w, cout, kh, kw int, opts ...int) ConvShape {
	o := [9]int{1, 1, 0, 0, 0, 0, 1, 1, 1}
	copy(o[:], opts)
	return ConvShape{B: b, Cin: cin, H: h, W: w, Cout: cout, KH: kh, KW: kw, StrideH: o[0], StrideW: o[1],
		Top: o[2], Bottom: o[3], Left: o[4], Right: o[5], DilationH: o[6], DilationW: o[7], Groups: o[8]}
}

// same is a 3×3 convolution that keeps the size.
func same(b, cin, hw, cout int) ConvShape {
	return convCase(b, cin, hw, hw, cout, 3, 3, 1, 1, 1, 1, 1, 1)
}

var convCases = []ConvShape{
	convCase(1, 1, 1, 1, 1, 1, 1),
	convCase(2, 3, 5, 7, 4, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(3, 12, 8, 8, 24, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(1, 49, 16, 16, 13, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(2, 20, 9, 17, 21, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(1, 5, 33, 31, 7, 3, 3, 1, 1, 1, 1, 1, 1),
	convCase(2, 3, 32, 32, 8, 7, 7, 2, 2, 3, 3, 3, 3),
	convCase(2, 6, 12, 13, 9, 3, 3, 2, 2, 1, 1, 1, 1),
	convCase(2, 6, 12, 13, 9, 3, 3, 2, 2, 0, 1, 0, 1),
	convCase(1, 6, 12, 13, 9, 3, 2, 3, 2, 2, 0, 1, 3),
	convCase(1, 6, 12, 13, 9, 1, 1, 2, 2),
	convCase(1, 6, 12, 13, 9, 1, 1, 2, 1),
	convCase(2, 7, 8, 8, 13, 1, 1),
	convCase(2, 7, 5, 5, 13, 1, 1),
	convCase(1, 6, 14, 15, 5, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2),
	convCase(1, 6, 14, 15, 5, 3, 3, 2, 1, 4, 4, 3, 2, 2, 3),
	convCase(1, 6, 6, 6, 5, 3, 3, 1, 1, 5, 5, 5, 5),
	convCase(2, 8, 10, 11, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 8),
	convCase(2, 8, 10, 11, 16, 5, 5, 2, 2, 2, 2, 2, 2, 1, 1, 8),
	convCase(2, 12, 10, 11, 18, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 3),
	convCase(1, 4, 1, 40, 6, 1, 5, 1, 1, 0, 0, 2, 2),
	convCase(1, 4, 40, 1, 6, 5, 1, 1, 1, 2, 2, 0, 0),
	convCase(1, 2, 3, 3, 2, 3, 3),
	convCase(9, 20, 8, 8, 20, 3, 3, 1, 1, 1, 1, 1, 1),
}

func (s ConvShape) String() string {
	return fmt.Sprintf("B%d_%dx%dx%d_to%d_k%dx%d_s%d.%d_p%d.%d.%d.%d_d%d.%d_g%d", s.B, s.Cin, s.H, s.W, s.Cout, s.KH, s.KW,
		s.StrideH, s.StrideW, s.Top, s.Bottom, s.Left, s.Right, s.DilationH, s.DilationW, s.Groups)
}

// eachVariant runs f for every implementation by name, with 1, 2 and 3 workers.
func eachVariant(t *testing.T, f func(t *testing.T)) {
	for i := range variants {
		v := &variants[i]
		t.Run(v.name, func(t *testing.T) {
			if !v.available {
				t.Skipf("this processor has only %v", Features())
			}
			old, threads := active, Threads()
			defer func() { active = old; SetThreads(threads) }()
			active = v
			for _, n := range []int{1, 2, 3} {
				if slow := v.name == "wide"; slow && n != 2 {
					continue
				}
				SetThreads(n)
				f(t)
			}
		})
	}
}

// direct computes the three passes in float64 from the definition, one multiplication at a time.
func direct(s ConvShape, x, w, bias, dy []float32) (y, dx, dw []float64) {
	oh, ow := s.Out()
	cig, cog := s.Cin/s.Groups, s.Cout/s.Groups
	y, dx, dw = make([]float64, s.lenY()), make([]float64, s.lenX()), make([]float64, s.lenW())
	for i := range y {
		ox, oy, o, b := i%ow, i/ow%oh, i/ow/oh%s.Cout, i/ow/oh/s.Cout
		y[i] = float64(bias[o])
		for j := range cig * s.KH * s.KW {
			kx, ky, c := j%s.KW, j/s.KW%s.KH, j/s.KW/s.KH
			iy, ix := oy*s.StrideH+ky*s.DilationH-s.Top, ox*s.StrideW+kx*s.DilationW-s.Left
			if iy < 0 || iy >= s.H || ix < 0 || ix >= s.W {
				continue
			}
			xi, wi := ((b*s.Cin+o/cog*cig+c)*s.H+iy)*s.W+ix, o*cig*s.KH*s.KW+j
			y[i] += float64(w[wi]) * float64(x[xi])
			dx[xi] += float64(w[wi]) * float64(dy[i])
			dw[wi] += float64(x[xi]) * float64(dy[i])
		}
	}
	return
}

// near fails if got differs from want by more than a sum of n products of numbers below 1 may.
func near(t *testing.T, what string, got []float32, want []float64, n int) {
	t.Helper()
	checkGuards(t, what, got)
	tol := 2 * float64(n) * 0x1p-24
	for i := range want {
		if d := math.Abs(float64(got[i]) - want[i]); !(d <= tol) {
			t.Fatalf("%s[%d] = %g, want %g: off by %g, tolerance %g", what, i, got[i], want[i], d, tol)
		}
	}
}

// A convProblem is a shape with its data and the exact results.
type convProblem struct {
	s              ConvShape
	x, w, bias, dy []float32
	y, dx, dw      []float64
}

func problem(s ConvShape) convProblem {
	r := rand.New(rand.NewPCG(1, 2))
	p := convProblem{s: s, x: guarded(s.lenX(), r), w: guarded(s.lenW(), r), bias: guarded(s.Cout, r), dy: guarded(s.lenY(), r)}
	p.y, p.dx, p.dw = direct(s, p.x, p.w, p.bias, p.dy)
	return p
}

func TestConvPasses(t *testing.T) {
	defer exact.Store(exact.Swap(true))
	var problems []convProblem
	for _, s := range convCases {
		problems = append(problems, problem(s))
	}
	eachVariant(t, func(t *testing.T) {
		for _, p := range problems {
			s, r := p.s, rand.New(rand.NewPCG(3, 4))
			y, dx, dw := guarded(s.lenY(), r), guarded(s.lenX(), r), guarded(s.lenW(), r)
			Conv2D(y, p.x, p.w, p.bias, s)
			ConvGradInput(dx, p.dy, p.w, s)
			ConvGradWeight(dw, p.x, p.dy, s)
			oh, ow := s.Out()
			taps := s.KH * s.KW
			near(t, s.String()+" y", y, p.y, 1+s.Cin/s.Groups*taps)
			near(t, s.String()+" dx", dx, p.dx, 1+s.Cout/s.Groups*taps)
			near(t, s.String()+" dw", dw, p.dw, 1+s.B*oh*ow)
		}
	})
}

func TestGemm(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, c := range [][3]int{{1, 1, 1}, {5, 7, 3}, {6, 16, 8}, {13, 33, 300}, {64, 64, 64}, {50, 131, 31}, {7, 1, 600}, {3, 4, 0}} {
			for mode := range 8 {
				testGemm(t, c[0], c[1], c[2], mode&1 != 0, mode&2 != 0, mode&4 != 0)
			}
		}
	})
}

func testGemm(t *testing.T, m, n, k int, transA, transB, scaled bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	lda, ldb, ldc := k+1, n+2, n+3
	la, lb := m*lda, k*ldb
	if transA {
		lda, la = m+1, k*(m+1)
	}
	if transB {
		ldb, lb = k+2, n*(k+2)
	}
	a, b, c := guarded(la, r), guarded(lb, r), guarded(m*ldc, r)
	alpha, beta := float32(1), float32(0)
	if scaled {
		alpha, beta = 0.5, -0.25
	}
	before := append([]float32(nil), c...)
	want := make([]float64, len(c))
	for i := range want {
		row, col := i/ldc, i%ldc
		want[i] = float64(c[i])
		if col < n {
			sum := 0.0
			for p := range k {
				sum += float64(a[element(row, p, lda, transA)]) * float64(b[element(p, col, ldb, transB)])
			}
			want[i] = float64(alpha)*sum + float64(beta)*float64(before[i])
		}
	}
	Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	near(t, fmt.Sprintf("C %d×%d×%d %v %v %v", m, n, k, transA, transB, scaled), c, want, k+1)
}
