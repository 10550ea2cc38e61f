package backbone

import (
	"math"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
)

func TestSamePadding(t *testing.T) {
	for _, c := range [][5]int{ // n, k, stride, before, after
		{224, 3, 2, 0, 1}, {224, 5, 2, 1, 2}, {225, 3, 2, 1, 1}, {225, 5, 2, 2, 2}, {7, 3, 1, 1, 1}, {7, 5, 1, 2, 2}, {8, 1, 2, 0, 0},
	} {
		if before, after := samePadding(c[0], c[1], c[2]); before != c[3] || after != c[4] {
			t.Errorf("same(%d,%d,%d) is %d,%d, want %d,%d", c[0], c[1], c[2], before, after, c[3], c[4])
		}
	}
}

func TestReflectPad(t *testing.T) {
	for _, c := range []struct{ h, w, p int }{{2, 2, 1}, {3, 5, 1}, {4, 4, 3}, {16, 9, 3}} {
		x := Feature{C: 2, H: c.h, W: c.w, Data: fixture.Fill("x", -1, 1, 2*c.h*c.w)}
		h, w := c.h+2*c.p, c.w+2*c.p
		got := make([]float32, 2*h*w)
		reflectPad(got, x, c.p)
		bounce := func(i, n int) int { return int(math.Abs(float64(n-1) - math.Abs(float64(i-n+1)))) }
		for ch := range 2 {
			for i := range h {
				for j := range w {
					want := x.Data[ch*c.h*c.w+bounce(i-c.p, c.h)*c.w+bounce(j-c.p, c.w)]
					if v := got[ch*h*w+i*w+j]; v != want {
						t.Fatalf("%+v: pixel %d,%d,%d is %g, want %g", c, ch, i, j, v, want)
					}
				}
			}
		}
	}
}
