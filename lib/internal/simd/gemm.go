package simd

import (
	"fmt"
	"unsafe"
)

// Gemm sets C = alpha·op(A)·op(B) + beta·C, where op(A) is m×k, op(B) is k×n and C is m×n, all row-major with row
// strides lda, ldb and ldc, and op transposes if asked. C is not read if beta is 0.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	checkMatrix("A", a, m, k, lda, transA)
	checkMatrix("B", b, k, n, ldb, transB)
	checkMatrix("C", c, m, n, ldc, false)
	if m == 0 || n == 0 {
		return
	}
	active.gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// checkMatrix panics unless v holds a rows×cols matrix, stored transposed if trans.
func checkMatrix(name string, v []float32, rows, cols, ld int, trans bool) {
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("simd: Gemm: %s is %d×%d", name, rows, cols))
	}
	if trans {
		rows, cols = cols, rows
	}
	if rows > 0 && cols > 0 && (ld < cols || len(v) < (rows-1)*ld+cols) {
		panic(fmt.Sprintf("simd: Gemm: %s has %d values and row stride %d, too few for %d×%d", name, len(v), ld, rows, cols))
	}
}

func plainGemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	Parallel(m, func(i int) {
		row := c[i*ldc : i*ldc+n]
		scaleRow(row, beta)
		for p := range k {
			f := alpha * a[element(i, p, lda, transA)]
			for j := range row {
				row[j] += f * b[element(p, j, ldb, transB)]
			}
		}
	})
}

// element is the place of (row, col) in a matrix that is stored transposed if trans.
func element(row, col, ld int, trans bool) int {
	if trans {
		row, col = col, row
	}
	return row*ld + col
}

// scaleRow multiplies by beta; 0 clears even what is not a number.
func scaleRow(row []float32, beta float32) {
	switch beta {
	case 0:
		clear(row)
	case 1:
	default:
		for j := range row {
			row[j] *= beta
		}
	}
}

// product is a Gemm in progress, or one for each image of a batch with the same A. An item of its work is a block of C;
// for each block of k it copies B's part, scaled by alpha, into panels two vectors wide, and reads A where it is.
type product struct {
	variant         *variant
	images          int
	m, n, k         int
	a, b, c         []float32
	bias            []float32 // added to C's rows if not nil; beta is 0 or 1 then
	then            Finish    // of which only the clamp counts here; beta 1 adds
	aRow, aCol      int       // floats from one element of op(A) to the next, down and across
	bRow, bCol      int
	bImage, cImage  int
	ldc             int
	alpha, beta     float32
	cols, colBlocks int // columns of an item
	rowPanels       int // panels of m
	panels, chunks  int // panels of an item
}

var products freeList[product]

// Terms of a kernel call, and columns of an item.
const (
	productTerms = 256
	productCols  = 128
)

func (v *variant) gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if v.lanes == 0 || k == 0 {
		plainGemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	p := products.get()
	defer products.put(p)
	*p = product{variant: v, images: 1, m: m, n: n, k: k, a: a, b: b, c: c,
		aRow: lda, aCol: 1, bRow: ldb, bCol: 1, ldc: ldc, alpha: alpha, beta: beta}
	if transA {
		p.aRow, p.aCol = 1, lda
	}
	if transB {
		p.bRow, p.bCol = 1, ldb
	}
	p.execute()
}

// execute cuts the work into items and runs them.
func (p *product) execute() {
	width := 2 * p.variant.lanes
	p.cols = min(productCols, ceilDiv(p.n, width)*width)
	p.colBlocks = ceilDiv(p.n, p.cols)
	p.rowPanels = ceilDiv(p.m, len(p.variant.tile)-1)
	p.chunks = min(p.rowPanels, ceilDiv(4*Threads(), p.images*p.colBlocks))
	p.panels = ceilDiv(p.rowPanels, p.chunks)
	p.chunks = ceilDiv(p.rowPanels, p.panels)
	dispatch(p.images*p.colBlocks*p.chunks, p)
}

// run implements task.
func (p *product) run(i int, s *scratch) {
	i, chunk := i/p.chunks, i%p.chunks
	image, j0 := i/p.colBlocks, i%p.colBlocks*p.cols
	cols := min(p.cols, p.n-j0)
	p0 := chunk * p.panels
	p1 := min(p0+p.panels, p.rowPanels)
	b, c := p.b[image*p.bImage+j0*p.bCol:], p.c[image*p.cImage+j0:]
	if p.beta != 0 && p.beta != 1 {
		first, _ := panel(p.m, p.rowPanels, p0)
		last, size := panel(p.m, p.rowPanels, p1-1)
		for r := first; r < last+size; r++ {
			scaleRow(c[r*p.ldc:][:cols], p.beta)
		}
	}
	for k0 := 0; k0 < p.k; k0 += productTerms {
		p.runBlock(b, c, p0, p1, cols, k0, min(productTerms, p.k-k0), s)
	}
}

// runBlock adds the products of terms k0, k0+1, … to an item's block c of C.
func (p *product) runBlock(b, c []float32, p0, p1, cols, k0, terms int, s *scratch) {
	width := 2 * p.variant.lanes
	step := panelFloats(width, terms)
	in := s.floats(0, ceilDiv(cols, width)*step)
	p.pack(in, b[k0*p.bRow:], cols, terms, s)
	table := resized(&s.taps, terms)
	for t := range table {
		table[t] = tap{b: int32(4 * t * width), a: int32(4 * t * p.aCol)}
	}
	tiles := resized(&s.tiles, ceilDiv(cols, width))
	for i := range tiles {
		n := min(width, cols-i*width)
		first := min(n, p.variant.lanes)
		from, to, half := int32(4*i*step), int32(4*i*width), int32(2*width)
		tiles[i] = tile{b: [2]int32{from, from + half}, c: [2]int32{to, to + half}, n: [2]int32{int32(first), int32(n - first)}}
	}
	a := &s.tile
	a.b, a.as, a.ldc, a.acc, a.bias = unsafe.Pointer(&in[0]), 4*p.aRow, 4*p.ldc, 1, nil
	if k0 == 0 && p.beta == 0 {
		a.acc = 0
	}
	p.then.clampTile(a, k0+terms == p.k)
	a.table, a.k = unsafe.Pointer(&table[0]), terms
	a.tiles, a.count = unsafe.Pointer(&tiles[0]), len(tiles)
	for i := p0; i < p1; i++ {
		first, size := panel(p.m, p.rowPanels, i)
		a.a = unsafe.Pointer(&p.a[first*p.aRow+k0*p.aCol])
		a.c = unsafe.Pointer(&c[first*p.ldc])
		if p.bias != nil && k0 == 0 {
			a.bias = unsafe.Pointer(&p.bias[first])
		}
		callTile(p.variant.tile[size], a)
	}
}

// panelFloats is the distance between packed panels: a line more than they fill, because powers of two would collide in the
// first-level cache.
func panelFloats(width, terms int) int { return width*terms + 16 }

// pack copies terms × cols of B, from b on, into panels of two vectors, zero beyond the last column. It goes along B's
// rows, as the prefetcher likes.
func (p *product) pack(in, b []float32, cols, terms int, s *scratch) {
	width := 2 * p.variant.lanes
	step := panelFloats(width, terms)
	whole := 0
	if p.bCol == 1 && p.alpha == 1 {
		whole = cols / width
	}
	for t := range terms {
		src := b[t*p.bRow:]
		if whole > 0 {
			s.pad = padArgs{dst: unsafe.Pointer(&in[t*width]), src: unsafe.Pointer(&src[0]), rows: whole, width: width, to: 4 * step, from: 4 * width}
			callPad(p.variant.pad, &s.pad)
		}
		for j := whole; j*width < cols; j++ {
			row := in[j*step+t*width:][:width]
			n := min(width, cols-j*width)
			for q := range row[:n] {
				row[q] = p.alpha * src[(j*width+q)*p.bCol]
			}
			clear(row[n:])
		}
	}
}
