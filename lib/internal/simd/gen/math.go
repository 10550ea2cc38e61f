package main

import "math"

const signBit, absBits = 0x80000000, 0x7fffffff

// ln2 in two parts: the first has 9 spare bits, so its products with exponents are exact.
const (
	ln2High = 0.693359375
	ln2Low  = math.Ln2 - ln2High
)

// exp sets register 0 to its exponential; clobbers 1 to 4. e^x = 2ⁿ·e^r with n = round(x/ln2). The power of two comes in
// two factors so that results below the normal range lose their bits gradually.
func exp(v vector) {
	v.move(1, v.num(88.8)) // beyond it all is +Inf
	v.min(0, 1, 0)
	v.move(1, v.num(-104)) // below it all is 0
	v.max(0, 1, 0)
	v.mul(1, 0, v.num(math.Log2E))
	v.round(1, 1)
	v.subMul(0, 1, v.num(ln2High))
	v.subMul(0, 1, v.num(ln2Low))
	v.polynomial(2, 0, expPoly)
	v.mulAdd(2, 0, v.num(1))
	v.mulAdd(2, 0, v.num(1))
	v.op("VCVTPS2DQ %s, %s", v.v(1), v.v(1))
	v.op("VPSRAD $1, %s, %s", v.v(1), v.v(3))
	v.do("VPSUBD", 1, 1, 3)
	for _, n := range []int{1, 3} {
		v.op("VPSLLD $23, %s, %s", v.v(n), v.v(n))
		v.do("VPADDD", n, n, v.num(1))
		v.mul(2, 2, n)
	}
	v.move(0, 2)
}

// logarithm sets register 0 to its natural logarithm; clobbers 1 to 9. x = 2ᵉ·(1+f) with √½ ≤ 1+f < √2, and with s =
// f/(2+f) ln(1+f) = f − f²/2 + s·(f²/2 + z·P(z)), z = s².
func logarithm(v vector) {
	v.move(9, 0)
	v.move(1, v.num(0x1p-126))
	v.mul(2, 0, v.num(0x1p23))
	v.choose(0, less, 9, 1, 2, 0, 8)
	v.do("VXORPS", 2, 2, 2)
	v.move(3, v.num(-23))
	v.choose(7, less, 9, 1, 3, 2, 8) // exponent's correction below the normal range
	v.do("VPSUBD", 2, 0, v.constant(math.Float32bits(math.Sqrt2/2)))
	v.op("VPSRAD $23, %s, %s", v.v(2), v.v(3))
	v.op("VPSLLD $23, %s, %s", v.v(3), v.v(4))
	v.do("VPSUBD", 0, 0, 4)
	v.sub(0, 0, v.num(1)) // f
	v.op("VCVTDQ2PS %s, %s", v.v(3), v.v(3))
	v.add(3, 3, 7) // e
	v.add(1, 0, v.num(2))
	v.div(1, 0, 1) // s
	v.mul(2, 1, 1) // z
	v.polynomial(4, 2, logPoly)
	v.mul(4, 4, 2)
	v.mul(5, 0, 0)
	v.mul(5, 5, v.num(0.5)) // f²/2
	v.add(4, 4, 5)
	v.mul(4, 4, 1)
	v.addMul(4, 3, v.num(ln2Low))
	v.sub(4, 5, 4)
	v.sub(0, 0, 4)
	v.addMul(0, 3, v.num(ln2High))
	v.choose(0, less, 9, v.num(math.Inf(1)), 0, 9, 8) // +Inf and what is not a number stay
	v.do("VXORPS", 2, 2, 2)
	v.move(1, v.num(math.Inf(-1)))
	v.choose(0, equal, 9, 2, 1, 0, 8)
	v.move(1, v.constant(0x7fc00000))
	v.choose(0, less, 9, 2, 1, 0, 8)
}

// tanh sets register 0 to its hyperbolic tangent; clobbers 1 to 8.
func tanh(v vector) {
	v.and(6, 0, v.constant(absBits))
	v.and(7, 0, v.constant(signBit))
	v.mul(1, 6, 6)
	v.polynomial(5, 1, tanhPoly)
	v.mul(5, 5, 1)
	v.mulAdd(5, 6, 6) // near 0: a + a·z·P(z)
	v.add(0, 6, 6)
	exp(v)
	v.add(0, 0, v.num(1))
	v.move(1, v.num(2))
	v.div(1, 1, 0)
	v.move(0, v.num(1))
	v.sub(0, 0, 1) // elsewhere: 1 − 2/(e^{2a}+1)
	v.choose(0, less, 6, v.num(0.625), 5, 0, 8)
	v.or(0, 0, 7)
}

// atan sets register 0 to its arc tangent; clobbers 1 to 8. arctan a = π/2 − arctan 1/a.
func atan(v vector) {
	v.and(6, 0, v.constant(absBits))
	v.and(7, 0, v.constant(signBit))
	v.move(5, v.num(1))
	v.choose(1, greater, 6, 5, 5, 6, 8)
	v.choose(2, greater, 6, 5, 6, 5, 8)
	v.div(1, 1, 2) // t
	v.mul(2, 1, 1)
	v.polynomial(3, 2, atanPoly)
	v.mul(3, 3, 2)
	v.mulAdd(3, 1, 1)
	v.sub(4, 3, v.num(math.Pi/2-float64(float32(math.Pi/2))))
	v.move(1, v.num(math.Pi/2))
	v.sub(4, 1, 4)
	v.choose(0, greater, 6, 5, 4, 3, 8)
	v.or(0, 0, 7)
}

// sigmoid sets register 0 to 1/(1+e^−x); clobbers 1 to 7. With e = e^−|x| it is 1/(1+e), or e/(1+e) left of 0.
func sigmoid(v vector) {
	v.move(6, 0)
	v.or(0, 0, v.constant(signBit))
	exp(v)
	v.move(1, v.num(1))
	v.add(2, 0, 1)
	v.do("VXORPS", 3, 3, 3)
	v.choose(0, less, 6, 3, 0, 1, 7)
	v.div(0, 0, 2)
}

// softplus sets register 0 to ln(1+e^x) = max(x,0) + ln(1+u), u = e^−|x|; clobbers 1 to 6.
func softplus(v vector) {
	v.move(6, 0)
	v.or(0, 0, v.constant(signBit))
	exp(v)
	v.add(1, 0, v.num(2))
	v.div(1, 0, 1) // s = u/(2+u)
	v.mul(2, 1, 1)
	v.polynomial(3, 2, log1pPoly)
	v.mulAdd(3, 2, v.num(2))
	v.do("VXORPS", 4, 4, 4)
	v.max(0, 4, 6)
	v.addMul(0, 3, 1)
}
