package score

import "fmt"

// LogP is the log-likelihood map of a batch of latents z, (B,C,h,w), under the unit normal:
//
//	logp[b,y,x] = −½ · mean_c z[b,c,y,x]²
//
// The result is (B,h,w), in nats per channel. The normal's constant ½·ln 2π is left out because it is the same for every
// pixel, and so is the log-determinant, as in the paper. Sums run in float64.
func LogP(z []float32, b, c, h, w int) []float32 {
	if b < 0 || c < 1 || h < 1 || w < 1 {
		panic(fmt.Sprintf("score: LogP of shape (%d,%d,%d,%d)", b, c, h, w))
	}
	mustHold("z", len(z), b*c*h*w)
	pixels := h * w
	out := make([]float32, b*pixels)
	sum := make([]float64, pixels)
	for i := range b {
		sumSquares(sum, z[i*c*pixels:(i+1)*c*pixels])
		for p, s := range sum {
			out[i*pixels+p] = float32(-0.5 * s / float64(c))
		}
	}
	return out
}

// sumSquares sets sum[p] = Σ_c z[c,p]² for one sample.
func sumSquares(sum []float64, z []float32) {
	clear(sum)
	for ; len(z) > 0; z = z[len(sum):] {
		plane := z[:len(sum)]
		for p, v := range plane {
			sum[p] += float64(v) * float64(v)
		}
	}
}
