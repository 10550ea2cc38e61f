package backbone

import (
	"math"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
)

// window visits the values of the 3×3 window at stride 2 and padding 1.
func window(f Feature, plane, y, x int, visit func(v float64)) {
	for i := 2*y - 1; i <= 2*y+1; i++ {
		for j := 2*x - 1; j <= 2*x+1; j++ {
			if i >= 0 && i < f.H && j >= 0 && j < f.W {
				visit(float64(f.Data[(plane*f.H+i)*f.W+j]))
			}
		}
	}
}

func TestPoolMatchesTheDefinition(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 2}, {5, 4}, {8, 7}, {3, 16}} {
		const batch, c = 2, 3
		f := Feature{C: c, H: size[0], W: size[1], Data: fixture.Fill("x", -1, -0.5, batch*c*size[0]*size[1])}
		avg, most := Pool([]Feature{f}, batch, "avg")[0], Pool([]Feature{f}, batch, "max")[0]
		h, w := (size[0]-1)/2+1, (size[1]-1)/2+1
		if avg.C != c || avg.H != h || avg.W != w || len(avg.Data) != batch*c*h*w {
			t.Fatalf("%v: pooled to %d×%d×%d", size, avg.C, avg.H, avg.W)
		}
		for p := range batch * c {
			for y := range h {
				for x := range w {
					sum, top := 0.0, math.Inf(-1)
					window(f, p, y, x, func(v float64) { sum += v; top = max(top, v) })
					at := (p*h+y)*w + x
					if math.Abs(float64(avg.Data[at])-sum/9) > 1e-6 || float64(most.Data[at]) != top {
						t.Fatalf("%v at %d,%d,%d: avg %g max %g, want %g %g", size, p, y, x, avg.Data[at], most.Data[at], sum/9, top)
					}
				}
			}
		}
	}
}

func TestPoolKinds(t *testing.T) {
	f := []Feature{{C: 1, H: 2, W: 2, Data: []float32{1, 2, 3, 4}}}
	if got := Pool(f, 1, "none"); &got[0].Data[0] != &f[0].Data[0] {
		t.Error("none does not return the maps as they are")
	}
	if got := Pool(f, 1, "")[0].Data[0]; math.Abs(float64(got)-10.0/9) > 1e-6 {
		t.Errorf("the default gives %g, want 10/9", got)
	}
	if got := Pool(append(f, Feature{C: 1, H: 1, W: 2, Data: []float32{5, 7}}), 1, "mean"); got[0].Data[0] != 2.5 || got[1].Data[0] != 6 {
		t.Errorf("the means are %v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown kind did not panic")
		}
	}()
	Pool(f, 1, "median")
}
