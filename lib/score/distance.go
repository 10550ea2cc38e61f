package score

import (
	"fmt"
	"math"
)

// Distances are the maps of a model that gives one map of distances, (dh,dw), instead of likelihoods: it is enlarged
// to h×w pixels and smoothed by a Gaussian of the given standard deviation in pixels (0: not at all). Add, Mul and NLL are
// one and the same map.
func Distances(distance []float32, dh, dw, h, w int, sigma float64) Maps {
	m := make([]float32, h*w)
	ResizeCentred(m, distance, dh, dw, h, w)
	if sigma > 0 {
		smooth(m, h, w, sigma)
	}
	return Maps{Add: m, Mul: m, NLL: m}
}

// smooth convolves a map (h,w) with a Gaussian, cut at four standard deviations. Beyond its edges the map is mirrored.
func smooth(m []float32, h, w int, sigma float64) {
	if !(sigma < math.MaxInt32) {
		panic(fmt.Sprintf("score: smoothing by %v pixels", sigma))
	}
	kernel := gaussKernel(sigma)
	radius := len(kernel) / 2
	row := make([]float32, w+2*radius)
	for y := range h {
		line := m[y*w : (y+1)*w]
		for i := range row {
			row[i] = line[mirror(i-radius, w)]
		}
		for x := range line {
			line[x] = dot(kernel, row[x:])
		}
	}
	sums, old := make([]float32, h*w), m
	for y := range h {
		out := sums[y*w : (y+1)*w]
		for k, g := range kernel {
			from := mirror(y+k-radius, h)
			for x, v := range old[from*w : (from+1)*w] {
				out[x] += g * v
			}
		}
	}
	copy(m, sums)
}

func dot(a, b []float32) (sum float32) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// gaussKernel is exp(−k²/2σ²) for |k| ≤ 4σ, with the sum one.
func gaussKernel(sigma float64) []float32 {
	radius := int(4*sigma + 0.5)
	g, sum := make([]float64, 2*radius+1), 0.0
	for i := range g {
		d := float64(i-radius) / sigma
		g[i] = math.Exp(-d * d / 2)
		sum += g[i]
	}
	out := make([]float32, len(g))
	for i, v := range g {
		out[i] = float32(v / sum)
	}
	return out
}

// mirror is the place inside 0…n−1 that position i beyond an edge shows; the edge's value stands twice.
func mirror(i, n int) int {
	i %= 2 * n
	if i < 0 {
		i += 2 * n
	}
	return min(i, 2*n-1-i)
}
