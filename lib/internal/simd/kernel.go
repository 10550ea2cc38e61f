package simd

import "unsafe"

// tileArgs describes a tile of a gathered matrix product: rows output channels times two vectors of V pixels. Its kernels
// equal
//
//	for m in 0..rows, v in 0..2, i in 0..n[v]:
//		sum = bias[m], or 0 without bias
//		for t in 0..k:
//			sum += a[m·as + table[t].a] · b[v·off2 + table[t].b + i]
//		c[m·ldc + v·c2 + i] = sum, or += sum if acc
//
// with every offset in bytes. The kernels read whole vectors of b, past n.
type tileArgs struct {
	a, b, c  unsafe.Pointer
	table    unsafe.Pointer // []tap
	k        int
	as       int
	off2     int
	ldc, c2  int
	n0, n1   int
	acc      int
	bias     unsafe.Pointer
	reserved int
}

// dotArgs describes a correlation of rows planes of output gradient with three input planes. Its kernels equal
//
//	for m in 0..rows, j in 0..3:
//		sum = 0
//		for b in 0..images, r in 0..rows, i in 0..V·vecs+tail:
//			sum += y[m·ychan + b·yimg + r·yrow + i] · x[j][b·ximg + r·xrow + i]
//		out[m·ldout + j] = sum, or += sum if acc
//
// with every offset in bytes. The kernels read whole vectors of x, past tail.
type dotArgs struct {
	y, x0, x1, x2, out unsafe.Pointer
	images, rows       int
	vecs, tail         int
	ychan, yrow, yimg  int
	xrow, ximg         int
	ldout, acc         int
}

// The kernels cannot be interrupted, so each runs for microseconds only, and is called through a Go function whose
// prologue is where the garbage collector can stop a worker.

//go:noinline
func callTile(kernel func(*tileArgs), p *tileArgs) { kernel(p) }

//go:noinline
func callDot(kernel func(*dotArgs), p *dotArgs) { kernel(p) }
