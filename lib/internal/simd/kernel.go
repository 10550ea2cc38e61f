package simd

import "unsafe"

// tileArgs describes tiles of a gathered matrix product, each rows output channels times two vectors of V pixels. The
// kernels equal
//
//	for each tile q, m in 0..rows, v in 0..2, i in 0..q.n[v]:
//		sum = bias[m], or 0 without bias
//		for t in 0..k:
//			sum += a[m·as + table[t].a] · b[q.b[v] + table[t].b + i]
//		if acc: sum += c[q.c[v] + m·ldc + i]
//		if clamp: sum = min(max(sum, lo), hi)
//		c[q.c[v] + m·ldc + i] = sum
//
// with every offset in bytes; what is not a number stays so in a clamp. They read whole vectors of b, past n.
type tileArgs struct {
	a, b, c unsafe.Pointer
	table   unsafe.Pointer // []tap
	k       int
	as, ldc int
	acc     int
	bias    unsafe.Pointer
	tiles   unsafe.Pointer // []tile
	count   int            // of tiles, at least 1
	clamp   int
	lo, hi  float32
}

// A tap is one term of a tile's sum.
type tap struct{ b, a int32 }

// A tile is the place of two vectors.
type tile struct{ b, c, n [2]int32 }

// planeArgs describes the products of Winograd's planes, panels of rows output channels times two vectors of V tiles. The
// kernels equal
//
//	for p in 0..n, q in 0..panels, m in 0..rows, i in 0..2·V:
//		sum = 0, or c[p·nextC + q·stepC + m·2·V + i] if acc
//		c[p·nextC + q·stepC + m·2·V + i] = sum + Σ_{t in 0..k} a[p·nextA + q·stepA + m·as + t] · b[p·nextB + t·2·V + i]
//
// with as and the distances between planes and panels in bytes. The narrow kernels have V in place of 2·V, and more rows.
type planeArgs struct {
	a, b, c             unsafe.Pointer
	k                   int
	as                  int
	nextA, nextB, nextC int
	n                   int
	stepA, stepC        int
	panels              int
	acc                 int
}

// A wideTile is the place of six vectors, for the depth kernel: tileArgs with one row, without acc, and tiles of this kind.
type wideTile struct{ b, c, n [wideVectors]int32 }

// wideVectors is how many vectors the depth kernel has at a time.
const wideVectors = 6

// A stackTile is a place of four vectors, one above the other, with n lanes each, for the stack kernels: tileArgs of one
// row with a bias and without acc. They equal the depth kernel with the taps of a filter of k×k, whose rows of pixels are
// as bytes apart; output row y goes to c[y].
type stackTile struct {
	b, n int32
	c    [stackRows]int32
}

// stackRows is how many rows the stack kernels have at a time.
const stackRows = 4

// dotArgs describes a correlation of rows planes of output gradient with three input planes. The kernels equal
//
//	for m in 0..rows, j in 0..3:
//		sum = 0
//		for p in 0..full+part, i in 0..V (the first full places) or 0..tail (the others):
//			sum += y[m·ychan + table[p].y + i] · x[j][table[p].x + i]
//		out[m·ldout + j] = sum, or += sum if acc
//
// with every offset in bytes. They read whole vectors of x, past tail.
type dotArgs struct {
	y, x0, x1, x2, out unsafe.Pointer
	table              unsafe.Pointer // []place
	full, part, tail   int
	ychan, ldout, acc  int
}

// A place is where one vector of pixels stands in the gradient and in the input.
type place struct{ y, x int32 }

// mapArgs describes work on n elements, dst[i] = f(a[i], b[i]) with parameters k and l.
type mapArgs struct {
	dst, a, b unsafe.Pointer
	n         int
	k, l      float32
}

// reduceArgs describes a sum over n values, a multiple of 16: of a[i], of a[i]² or of a[i]·b[i].
type reduceArgs struct {
	a   unsafe.Pointer
	n   int
	out float64
	b   unsafe.Pointer
}

// adamArgs describes AdamStep for n parameters: r1 = 1−b1, r2 = 1−b2, step = lr/c1 and corr = 1/c2.
type adamArgs struct {
	p, g, m, v                             unsafe.Pointer
	n                                      int
	scale, b1, r1, b2, r2, step, corr, eps float32
}

// normArgs describes layer normalisation of n pixels; see LayerNorm and LayerNormGrad. plane is the distance between
// channels in bytes, rc = 1/channels. part collects, for each channel, 16 partial sums of dy·x̂ and 16 of dy.
type normArgs struct {
	x, y, dy, dx, gain, bias unsafe.Pointer
	mean, rstd, part         unsafe.Pointer
	channels, plane, n       int
	rc, eps                  float32
}

// winoArgs describes one of Winograd's transforms for groups of eight tiles, whose places are listed as byte offsets, or
// of eight filters. row is the distance between rows of pixels or between filters, xi that between the 36 planes, from and
// to are those from one group of filters to the next in src and in dst, all in bytes; bias is added to the output, which
// is then brought between lo and hi. The kernels count groups down. The woven kernel transforms groups single tiles of V
// channels each, whose pixels are from bytes apart, and writes them to bytes apart.
type winoArgs struct {
	src, dst, tmp unsafe.Pointer
	offsets       unsafe.Pointer // []int32
	row, xi       int
	groups        int
	bias          float32
	_             int // bytes of the first plane done, kept by the kernels
	from, to      int
	lo, hi        float32
	ahead         int
}

// weaveArgs describes a copy of rows × width pixels of eight channels, rows from bytes apart, to pixels step bytes apart,
// in rows to bytes apart, with the eight channels of a pixel side by side. The kernel may write up to 7 pixels of zeros
// after a row.
type weaveArgs struct {
	src         [8]unsafe.Pointer
	dst         unsafe.Pointer
	rows, width int
	from, to    int
	step        int
}

// padArgs describes a copy of rows × width floats between left and right zeros, rows of dst to bytes apart and of src from
// bytes. The pad kernel may write up to 7 more zeros after a row. The deal kernel clears to bytes a row, and sends even
// columns to left, odd ones to left + odd; it may write up to 7 more zeros after each.
type padArgs struct {
	dst, src    unsafe.Pointer
	rows, width int
	to, from    int
	left, right int // bytes
	odd         int
}

// mergeArgs describes rows of 2·width values interleaved from even and odd ones, to bytes apart and from bytes apart.
type mergeArgs struct {
	dst, even, odd unsafe.Pointer
	rows, width    int
	to, from       int
}

// elementKernels are the kernels that work element by element.
type elementKernels struct {
	exp, log, tanh, atan, sigmoid, softplus, add, sub, mul, div, scale, addConst, scaleShift, clamp, relu, reluGrad func(*mapArgs)
}

// The kernels cannot be interrupted, so each runs for microseconds only, and is called through a Go function whose
// prologue is where the garbage collector can stop a worker.

//go:noinline
func callTile(kernel func(*tileArgs), p *tileArgs) { kernel(p) }

//go:noinline
func callMap(kernel func(*mapArgs), p *mapArgs) { kernel(p) }

//go:noinline
func callReduce(kernel func(*reduceArgs), p *reduceArgs) { kernel(p) }

//go:noinline
func callAdam(kernel func(*adamArgs), p *adamArgs) { kernel(p) }

//go:noinline
func callNorm(kernel func(*normArgs), p *normArgs) { kernel(p) }

//go:noinline
func callWino(kernel func(*winoArgs), p *winoArgs) { kernel(p) }

//go:noinline
func callPad(kernel func(*padArgs), p *padArgs) { kernel(p) }

//go:noinline
func callMerge(kernel func(*mergeArgs), p *mergeArgs) { kernel(p) }

//go:noinline
func callWeave(kernel func(*weaveArgs), p *weaveArgs) { kernel(p) }

//go:noinline
func callPlanes(kernel func(*planeArgs), p *planeArgs) { kernel(p) }

//go:noinline
func callDot(kernel func(*dotArgs), p *dotArgs) { kernel(p) }
