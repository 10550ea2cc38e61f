package main

import (
	"math"
	"math/big"
)

// chebyshev returns the coefficients, lowest first, of the polynomial of n terms that equals f at the Chebyshev points of
// [lo,hi], which comes close to the smallest possible maximum error.
func chebyshev(f func(float64) float64, lo, hi float64, n int) []float64 {
	x, d := make([]float64, n), make([]*big.Float, n)
	for i := range n {
		x[i] = (lo+hi)/2 + (hi-lo)/2*math.Cos(math.Pi*(float64(i)+0.5)/float64(n))
		d[i] = exact(f(x[i]))
	}
	for k := 1; k < n; k++ { // divided differences
		for i := n - 1; i >= k; i-- {
			d[i].Sub(d[i], d[i-1])
			d[i].Quo(d[i], exact(0).Sub(exact(x[i]), exact(x[i-k])))
		}
	}
	c := make([]*big.Float, n)
	for i := range c {
		c[i] = exact(0)
	}
	for i := n - 1; i >= 0; i-- { // Newton's form, by Horner: c = c·(X − x[i]) + d[i]
		for j := n - 1; j >= 0; j-- {
			c[j].Mul(c[j], exact(-x[i]))
			if j > 0 {
				c[j].Add(c[j], c[j-1])
			}
		}
		c[0].Add(c[0], d[i])
	}
	out := make([]float64, n)
	for i := range c {
		out[i], _ = c[i].Float64()
	}
	return out
}

func exact(v float64) *big.Float { return new(big.Float).SetPrec(256).SetFloat64(v) }

// The polynomials of the element functions, each the part that is left after the exactly known terms.
var (
	// e^r = 1 + r + r²·P(r) for |r| ≤ ln2/2.
	expPoly = chebyshev(func(r float64) float64 { return (math.Expm1(r) - r) / (r * r) }, -math.Ln2/2, math.Ln2/2, 6)
	// 2·artanh(s) = 2s + s·z·P(z), z = s²: for a logarithm's mantissa in [√½,√2], and for 1+u with 0 ≤ u ≤ 1.
	logPoly   = chebyshev(artanhRest, 1e-6, 0.02944, 4)
	log1pPoly = chebyshev(artanhRest, 1e-6, 1.0/9, 6)
	// tanh x = x + x·z·P(z), z = x², for |x| ≤ 0.625.
	tanhPoly = chebyshev(func(z float64) float64 { x := math.Sqrt(z); return (math.Tanh(x)/x - 1) / z }, 1e-6, 0.3907, 6)
	// arctan t = t + t·z·P(z), z = t², for |t| ≤ 1.
	atanPoly = chebyshev(func(z float64) float64 { t := math.Sqrt(z); return (math.Atan(t)/t - 1) / z }, 1e-6, 1, 10)
)

func artanhRest(z float64) float64 { s := math.Sqrt(z); return 2 * (math.Atanh(s)/s - 1) / z }
