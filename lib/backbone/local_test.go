package backbone

import "testing"

// The views of a pyramid against plain loops.
func TestViews(t *testing.T) {
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
		checkViews(t, Local(f, batch), f, f[1:], f[1], batch)
		checkViews(t, Fine(f, batch), f[:2], f[:2], f[0], batch)
	}
}

// checkViews compares views with what they must be: first the joined maps at the size of one, then the averages of some.
func checkViews(t *testing.T, views, joined, averaged []Feature, like Feature, batch int) {
	t.Helper()
	channels := 0
	for _, m := range joined {
		channels += m.C
	}
	if v := views[0]; len(views) != 1+len(averaged) || v.C != channels || v.H != like.H || v.W != like.W {
		t.Fatalf("%d views, the first of %d×%d×%d", len(views), v.C, v.H, v.W)
	}
	for b := range batch {
		for i, m := range averaged {
			for c := range m.C {
				for y := range m.H {
					for x := range m.W {
						want := slowAverage(m, b, c, y, x)
						if got := views[i+1].Data[((b*m.C+c)*m.H+y)*m.W+x]; got-want > 1e-5 || want-got > 1e-5 {
							t.Fatalf("view %d at (%d,%d,%d,%d) is %v, want %v", i+1, b, c, y, x, got, want)
						}
					}
				}
			}
		}
		// The last channel of the first view is the coarsest map's last, repeated.
		v, m := views[0], joined[len(joined)-1]
		for y := range v.H {
			for x := range v.W {
				want := m.Data[((b*m.C+m.C-1)*m.H+y*m.H/v.H)*m.W+x*m.W/v.W]
				if got := v.Data[((b*v.C+v.C-1)*v.H+y)*v.W+x]; got != want {
					t.Fatalf("the first view at (%d,%d) is %v, want %v", y, x, got, want)
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
