package simd

import "math"

// AdamStep updates parameters p and Adam's moments m and v from gradient g (Kingma & Ba 2015, algorithm 1), with
// c1 = 1−b1ᵗ and c2 = 1−b2ᵗ at step t:
//
//	g' = scale·g
//	m = b1·m + (1−b1)·g'
//	v = b2·v + (1−b2)·g'²
//	p = p − lr·(m/c1) / (√(v/c2) + eps)
func AdamStep(p, g, m, v []float32, scale, lr, b1, b2, eps, c1, c2 float32) {
	sameLength(len(p), g, m, v)
	for i := range p {
		d := scale * g[i]
		m[i] = b1*m[i] + (1-b1)*d
		v[i] = b2*v[i] + (1-b2)*d*d
		p[i] -= lr * (m[i] / c1) / (float32(math.Sqrt(float64(v[i]/c2))) + eps)
	}
}
