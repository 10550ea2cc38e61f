package backbone

import (
	"math/rand/v2"
	"slices"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// Local makes two kinds of views of a pyramid, for models that compare what lies at one place of every picture. The first
// view has all maps over each other at the second map's size: the finest pooled down to it, coarser ones repeated, not
// smoothed, so that small defects stay visible. The others are the 3×3 averages of each map but the finest at its own size,
// which keep apart what is alike in shape only. A pyramid of one map has one view, the map itself.
//
// The first view keeps at most 256 channels, the same random ones each time (as PaDiM does), because covariances of
// more cost more than they tell.
func Local(f []Feature, batch int) []Feature {
	if len(f) == 1 {
		return f
	}
	out := []Feature{joint(f, f[1], batch)}
	for _, m := range f[1:] {
		out = append(out, smooth(m, batch))
	}
	return out
}

// Fine makes such views of the two finest maps only, at their own sizes: both over each other at the finest map's size,
// and the 3×3 averages of each. It tells faint and tiny defects of an even texture, which the coarse maps drown; what
// takes more of a picture to be seen as wrong needs Local. A pyramid of one map has one view, the map itself.
func Fine(f []Feature, batch int) []Feature {
	if len(f) == 1 {
		return f
	}
	return []Feature{joint(f[:2], f[0], batch), smooth(f[0], batch), smooth(f[1], batch)}
}

// smooth is a map's 3×3 averages.
func smooth(m Feature, batch int) Feature {
	out := Feature{C: m.C, H: m.H, W: m.W, Data: make([]float32, len(m.Data))}
	planes(m, batch, func(p int, plane []float32) { simd.Average3(out.Data[p*m.H*m.W:][:m.H*m.W], plane, m.H, m.W) })
	return out
}

// maxJoint bounds the channels of the first view.
const maxJoint = 256

// jointChannels are the channels of the first view among all.
func jointChannels(f []Feature) []int {
	n := 0
	for _, m := range f {
		n += m.C
	}
	order := rand.New(rand.NewPCG(0x10ca1, 0)).Perm(n)
	if n <= maxJoint {
		slices.Sort(order)
		return order
	}
	return slices.Sorted(slices.Values(order[:maxJoint]))
}

// joint lays the maps over each other at the size of one of them, (B,C₀+C₁+…,H,W).
func joint(f []Feature, like Feature, batch int) Feature {
	h, w := like.H, like.W
	chosen := jointChannels(f)
	out := Feature{C: len(chosen), H: h, W: w, Data: make([]float32, batch*len(chosen)*h*w)}
	sized := make([]Feature, len(f))
	for i, m := range f {
		if m.H == 2*h && m.W == 2*w || m.H == 2*h-1 && m.W == 2*w-1 {
			m = Pool([]Feature{m}, batch, "avg")[0]
		}
		sized[i] = m
	}
	simd.Parallel(batch*len(chosen), func(k int) {
		b, c := k/len(chosen), chosen[k%len(chosen)]
		for _, m := range sized {
			if c < m.C {
				simd.Repeat(out.Data[k*h*w:(k+1)*h*w], m.Data[(b*m.C+c)*m.H*m.W:][:m.H*m.W], m.H, m.W, h, w)
				return
			}
			c -= m.C
		}
	})
	return out
}

func planes(m Feature, batch int, do func(p int, plane []float32)) {
	n := m.H * m.W
	simd.Parallel(batch*m.C, func(p int) { do(p, m.Data[p*n:(p+1)*n]) })
}
