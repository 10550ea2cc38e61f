package score

import (
	"fmt"
	"math"
)

// Level is how surprising a scale's places are in normal images: mean and standard deviation of ln(−logp) over their
// places.
type Level struct {
	Mean float64 `json:"mean"`
	Std  float64 `json:"std"`
}

// surprise is ln(−logp), kept finite: the logarithm takes distances in proportion, so that a latent's heavy tail does not
// drown the other scales, and it never saturates.
func surprise(logp float32) float64 { return math.Log(max(-float64(logp), 1e-12)) }

// LevelOf measures the level of a scale from log-likelihood maps of normal images.
func LevelOf(logp ...[]float32) Level {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, l := range logp {
		for _, v := range l {
			s := surprise(v)
			n, sum, squares = n+1, sum+s, squares+s*s
		}
	}
	if n == 0 {
		return Level{0, 1}
	}
	mean := sum / n
	std := math.Sqrt(max(squares/n-mean*mean, 0))
	if std == 0 {
		std = 1
	}
	return Level{mean, std}
}

// Surprise joins one image's log-likelihood maps logp[i], (h_i,w_i), into one map of h×w pixels:
//
//	map = mean_i resize((ln(−logp_i) − mean_i)/std_i)
//
// in standard deviations of normal places. It keeps how likely the image is as a whole, and its values mean the same in
// every image. It panics like Fuse, and when there is another number of levels than of maps.
func Surprise(logp [][]float32, sizes [][2]int, levels []Level, h, w int) []float32 {
	if len(logp) == 0 || len(logp) != len(sizes) || len(logp) != len(levels) {
		panic(fmt.Sprintf("score: Surprise of %d maps with %d sizes and %d levels", len(logp), len(sizes), len(levels)))
	}
	sum := make([]float32, h*w)
	for i, l := range logp {
		sh, sw := sizes[i][0], sizes[i][1]
		checkResize(l, sh, sw, h, w)
		k, at := 1/(float64(len(levels))*levels[i].Std), levels[i].Mean
		m := make([]float32, len(l))
		for p, v := range l {
			m[p] = float32(k * (surprise(v) - at))
		}
		addResized(sum, m, sh, sw, h, w)
	}
	return sum
}
