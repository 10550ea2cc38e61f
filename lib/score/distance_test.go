package score

import (
	"math"
	"math/rand/v2"
	"testing"
)

func randomMap(n int) []float32 {
	r := rand.New(rand.NewPCG(5, uint64(n)))
	m := make([]float32, n)
	for i := range m {
		m[i] = r.Float32()
	}
	return m
}

func TestResizeCentredEqualsFormula(t *testing.T) {
	for _, c := range [][4]int{{3, 4, 12, 9}, {5, 5, 5, 5}, {1, 3, 4, 7}, {6, 1, 3, 2}, {2, 2, 1, 1}} {
		sh, sw, dh, dw := c[0], c[1], c[2], c[3]
		src, got := randomMap(sh*sw), make([]float32, dh*dw)
		ResizeCentred(got, src, sh, sw, dh, dw)
		place := func(i, from, to int) (int, int, float64) {
			v := min(max((float64(i)+0.5)*float64(from)/float64(to)-0.5, 0), float64(from-1))
			return int(v), min(int(v)+1, from-1), v - math.Floor(v)
		}
		for i, v := range got {
			y0, y1, fy := place(i/dw, sh, dh)
			x0, x1, fx := place(i%dw, sw, dw)
			at := func(y, x int) float64 { return float64(src[y*sw+x]) }
			want := (1-fy)*((1-fx)*at(y0, x0)+fx*at(y0, x1)) + fy*((1-fx)*at(y1, x0)+fx*at(y1, x1))
			if math.Abs(float64(v)-want) > 1e-6 {
				t.Errorf("%v: pixel %d is %v, want %v", c, i, v, want)
			}
		}
	}
}

func TestSmoothingEqualsFormula(t *testing.T) {
	h, w, sigma := 9, 13, 1.5
	src := randomMap(h * w)
	got := Distances(src, h, w, h, w, sigma).NLL
	inside := func(i, n int) int { // the mirror, step by step
		for i < 0 || i >= n {
			if i < 0 {
				i = -1 - i
			} else {
				i = 2*n - 1 - i
			}
		}
		return i
	}
	for i, v := range got {
		sum, total := 0.0, 0.0
		for dy := -6; dy <= 6; dy++ {
			for dx := -6; dx <= 6; dx++ {
				g := math.Exp(-float64(dy*dy+dx*dx) / (2 * sigma * sigma))
				sum += g * float64(src[inside(i/w+dy, h)*w+inside(i%w+dx, w)])
				total += g
			}
		}
		if math.Abs(float64(v)-sum/total) > 1e-5 {
			t.Errorf("pixel %d is %v, want %v", i, v, sum/total)
		}
	}
}

func TestSmoothingKeepsAFlatMap(t *testing.T) {
	flat := []float32{3, 3, 3, 3}
	for _, v := range Distances(flat, 2, 2, 8, 6, 4).Mul {
		if math.Abs(float64(v)-3) > 1e-5 {
			t.Errorf("a flat map became %v", v)
		}
	}
}
