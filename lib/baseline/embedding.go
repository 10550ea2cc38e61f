package baseline

import (
	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/score"
)

// embedding lays the maps of all scales over each other at the finest one's size, (C₀+C₁+…,H₀,W₀), so that a place has one
// vector of features.
type embedding struct {
	maps    []Map
	average bool // take each map's 3×3 average first, and spread coarse maps by interpolation rather than by copies
}

func (e embedding) channels() (c int) {
	for _, m := range e.maps {
		c += m.C
	}
	return c
}

// places is H₀·W₀.
func (e embedding) places() int { return e.maps[0].H * e.maps[0].W }

// size is the number of values of an image.
func (e embedding) size() int { return e.channels() * e.places() }

// all embeds n images into dst, (n,C,H₀·W₀).
func (e embedding) all(dst []float32, n int, maps [][]float32) {
	simd.Parallel(n, func(i int) { e.image(dst[i*e.size():(i+1)*e.size()], maps, i) })
}

// image embeds the i-th image of maps into dst.
func (e embedding) image(dst []float32, maps [][]float32, i int) {
	h, w := e.maps[0].H, e.maps[0].W
	at := 0
	for s, m := range e.maps {
		smooth := make([]float32, m.H*m.W)
		for c := range m.C {
			plane := maps[s][i*m.Len()+c*m.H*m.W:][:m.H*m.W]
			out := dst[at : at+h*w]
			at += h * w
			if !e.average {
				simd.Repeat(out, plane, m.H, m.W, h, w)
				continue
			}
			simd.Average3(smooth, plane, m.H, m.W)
			score.ResizeCentred(out, smooth, m.H, m.W, h, w)
		}
	}
}
