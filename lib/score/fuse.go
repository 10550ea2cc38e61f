package score

import (
	"fmt"
	"math"
	"slices"
)

// Maps are the pixel maps of one image, each (H,W), larger where the image is less normal.
type Maps struct {
	// Add is the paper's map for localisation (pixel AUROC): with p_i = exp(logp_i − max logp_i) resized to H×W and
	// A = Σ_i p_i, it is max A − A. It lies in [0, number of scales].
	Add []float32
	// Mul is the paper's map for detection and PRO: with L = Σ_i resize(logp_i), it is 1 − exp(L − max L), in [0,1].
	// float32 cannot tell apart values above 1 − e⁻¹⁷, where all pixels that are far from normal end up; NLL can.
	Mul []float32
	// NLL is −L, the negative log-likelihood in nats per channel, summed over the scales. Add and Mul subtract each
	// image's own maximum and so forget how likely the image is as a whole; NLL keeps it, and can be compared between
	// images. It is this project's extension: the paper's figures come from Add and Mul.
	NLL []float32
}

// Fuse joins one image's log-likelihood maps logp[i], of size sizes[i] = (h_i,w_i), into maps of h×w pixels.
// It panics if there is no scale or a map does not fit its size.
func Fuse(logp [][]float32, sizes [][2]int, h, w int) Maps {
	if len(logp) == 0 || len(logp) != len(sizes) {
		panic(fmt.Sprintf("score: Fuse of %d maps with %d sizes", len(logp), len(sizes)))
	}
	add, sum := make([]float32, h*w), make([]float32, h*w)
	for i, l := range logp {
		sh, sw := sizes[i][0], sizes[i][1]
		checkResize(l, sh, sw, h, w)
		addResized(add, likelihood(l), sh, sw, h, w)
		addResized(sum, l, sh, sw, h, w)
	}
	m := Maps{Add: add, Mul: make([]float32, h*w), NLL: sum}
	best := slices.Max(sum)
	for p, l := range sum {
		m.Mul[p] = float32(1 - math.Exp(float64(l)-float64(best))) // in float64: small values keep their digits
		m.NLL[p] = -l
	}
	most := slices.Max(add)
	for p, a := range add {
		add[p] = most - a
	}
	return m
}

// likelihood is exp(logp − max logp): 1 at the image's most normal place.
func likelihood(logp []float32) []float32 {
	best := slices.Max(logp)
	p := make([]float32, len(logp))
	for i, l := range logp {
		p[i] = float32(math.Exp(float64(l) - float64(best)))
	}
	return p
}
