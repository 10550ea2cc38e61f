package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// normExact is layer normalisation and its gradient for one pixel in float64.
func normExact(x, dy, gain, bias []float64, eps float64) (y, dx, dgain []float64) {
	n := float64(len(x))
	mean, variance := 0.0, 0.0
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / n
	}
	r := 1 / math.Sqrt(variance+eps)
	g, gx := 0.0, 0.0
	for c := range x {
		xh := (x[c] - mean) * r
		y = append(y, xh*gain[c]+bias[c])
		dgain = append(dgain, dy[c]*xh)
		g += dy[c] * gain[c] / n
		gx += dy[c] * gain[c] * xh / n
	}
	for c := range x {
		dx = append(dx, r*(dy[c]*gain[c]-g-(x[c]-mean)*r*gx))
	}
	return
}

func TestLayerNorm(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, c := range [][3]int{{1, 1, 1}, {2, 5, 7}, {1, 24, 16}, {3, 12, 33}, {2, 40, 64}, {1, 7, 300}, {2, 112, 47}} {
			testLayerNorm(t, c[0], c[1], c[2])
		}
	})
}

func testLayerNorm(t *testing.T, batch, channels, pixels int) {
	t.Helper()
	r := rand.New(rand.NewPCG(13, 14))
	n := batch * channels * pixels
	x, dy, gain, bias := guarded(n, r), guarded(n, r), guarded(channels, r), guarded(channels, r)
	y, dx, mean, rstd := guarded(n, r), guarded(n, r), guarded(batch*pixels, r), guarded(batch*pixels, r)
	dgain, dbias := guarded(channels, r), guarded(channels, r)
	const eps = 1e-2
	LayerNorm(y, x, gain, bias, mean, rstd, batch, channels, pixels, eps)
	LayerNormGrad(dx, dgain, dbias, dy, x, gain, mean, rstd, batch, channels, pixels)
	wy, wdx := make([]float64, n), make([]float64, n)
	wdgain, wdbias := make([]float64, channels), make([]float64, channels)
	column := func(v []float32, at, step int) (out []float64) {
		for c := range channels {
			out = append(out, float64(v[at+c*step]))
		}
		return
	}
	for i := range batch * pixels {
		at := i/pixels*channels*pixels + i%pixels
		cy, cdx, cdgain := normExact(column(x, at, pixels), column(dy, at, pixels), column(gain, 0, 1), column(bias, 0, 1), eps)
		for c := range channels {
			wy[at+c*pixels], wdx[at+c*pixels] = cy[c], cdx[c]
			wdgain[c] += cdgain[c]
			wdbias[c] += float64(dy[at+c*pixels])
		}
	}
	what := fmt.Sprintf("%d×%d×%d ", batch, channels, pixels)
	near(t, what+"y", y, wy, 50)
	near(t, what+"dx", dx, wdx, 500)
	near(t, what+"dgain", dgain, wdgain, 20+batch*pixels)
	near(t, what+"dbias", dbias, wdbias, 20+batch*pixels)
	checkGuards(t, what+"mean", mean)
	checkGuards(t, what+"rstd", rstd)
}
