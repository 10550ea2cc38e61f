package backbone

import "testing"

// The views of a pyramid against plain loops.
func TestLocalViews(t *testing.T) {
	for _, sizes := range [][3][2]int{{{8, 12}, {4, 6}, {2, 3}}, {{7, 9}, {4, 5}, {2, 3}}, {{4, 4}, {4, 4}, {4, 4}}} {
		const batch = 2
		var f []Feature
		for i, s := range sizes {
			m := Feature{C: 2 + i, H: s[0], W: s[1]}
			m.Data = make([]float32, batch*m.C*m.H*m.W)
			for k := range m.Data {
				m.Data[k] = float32((k*7919+i*31)%101) / 10
			}
			f = append(f, m)
		}
		views := Local(f, batch)
		if len(views) != 3 || views[0].C != 9 || views[0].H != sizes[1][0] || views[0].W != sizes[1][1] {
			t.Fatalf("%v: %d views, the first of %d×%d×%d", sizes, len(views), views[0].C, views[0].H, views[0].W)
		}
		for b := range batch {
			for i, m := range f[1:] {
				for c := range m.C {
					for y := range m.H {
						for x := range m.W {
							want := slowAverage(m, b, c, y, x)
							if got := views[i+1].Data[((b*m.C+c)*m.H+y)*m.W+x]; got-want > 1e-5 || want-got > 1e-5 {
								t.Fatalf("%v: view %d at (%d,%d,%d,%d) is %v, want %v", sizes, i+1, b, c, y, x, got, want)
							}
						}
					}
				}
			}
			// The last channel of the first view is the coarsest map's last, repeated.
			v, m := views[0], f[2]
			for y := range v.H {
				for x := range v.W {
					want := m.Data[((b*m.C+m.C-1)*m.H+y*m.H/v.H)*m.W+x*m.W/v.W]
					if got := v.Data[((b*v.C+v.C-1)*v.H+y)*v.W+x]; got != want {
						t.Fatalf("%v: the first view at (%d,%d) is %v, want %v", sizes, y, x, got, want)
					}
				}
			}
		}
	}
}

func slowAverage(m Feature, b, c, y, x int) float32 {
	sum := float32(0)
	for v := y - 1; v <= y+1; v++ {
		for u := x - 1; u <= x+1; u++ {
			if v >= 0 && v < m.H && u >= 0 && u < m.W {
				sum += m.Data[((b*m.C+c)*m.H+v)*m.W+u]
			}
		}
	}
	return sum / 9
}

func TestLocalKeepsAtMostSoManyChannels(t *testing.T) {
	f := []Feature{{C: 200, H: 2, W: 2}, {C: 300, H: 1, W: 1}}
	for i := range f {
		f[i].Data = make([]float32, f[i].C*f[i].H*f[i].W)
	}
	if v := Local(f, 1); v[0].C != maxJoint || v[1].C != 300 {
		t.Errorf("%d and %d channels", v[0].C, v[1].C)
	}
}
