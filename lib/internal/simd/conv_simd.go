package simd

import "unsafe"

// conv2D runs the forward pass on kernels.
func (v *variant) conv2D(y, x, w, bias []float32, s ConvShape, then Finish) {
	if v.lanes == 0 {
		plainConv2D(y, x, w, bias, s, then)
		return
	}
	if v.winoFits(s, passForward) {
		v.winoConv2D(y, x, w, bias, s, then)
		return
	}
	if s.pointwise() {
		v.pointwise(y, x, w, bias, s.B, s.Cout, s.Cin, s.H*s.W, s.rowW(), false, then)
		return
	}
	oh, ow := s.Out()
	cig, cog, taps := s.Cin/s.Groups, s.Cout/s.Groups, s.KH*s.KW
	g := gathers.get()
	defer gathers.put(g)
	*g = gather{
		variant: v, images: s.B, groups: s.Groups,
		src: x, srcImage: s.Cin * s.H * s.W, srcPlane: s.H * s.W, in: cig,
		win:     window{top: s.Top, left: s.Left, strideX: s.StrideW, height: s.H, width: s.W},
		strideY: s.StrideH, taps: g.taps[:0],
		weights: w, wGroup: cog * s.rowW(), wOut: s.rowW(), wIn: taps,
		dst: y, dstImage: s.Cout * oh * ow, dstPlane: oh * ow, dstRow: ow, out: cog, oh: oh, ow: ow, bias: bias, then: then,
	}
	for ky := range s.KH {
		for kx := range s.KW {
			g.taps = append(g.taps, gatherTap{row: ky * s.DilationH, col: kx * s.DilationW, w: ky*s.KW + kx})
		}
	}
	g.execute()
}

// pointwise tells whether each output pixel sees only the input pixel in the same place, of all channels.
func (s ConvShape) pointwise() bool {
	return s.KH*s.KW*s.StrideH*s.StrideW == 1 && s.Top == 0 && s.Bottom == 0 && s.Left == 0 && s.Right == 0 && s.Groups == 1
}

// pointwise multiplies the in × pixels matrix of each image by w (out,in), stored transposed if trans, in rows row apart.
func (v *variant) pointwise(y, x, w, bias []float32, images, out, in, pixels, row int, trans bool, then Finish) {
	p := products.get()
	defer products.put(p)
	*p = product{variant: v, images: images, m: out, n: pixels, k: in, a: w, b: x, c: y, bias: bias,
		aRow: row, aCol: 1, bRow: pixels, bCol: 1, bImage: in * pixels, cImage: out * pixels, ldc: pixels, alpha: 1, then: then}
	if then.Add {
		p.beta = 1
	}
	if trans {
		p.aRow, p.aCol = 1, row
	}
	p.execute()
}

// gradInput runs the gradient of the input on kernels. With strides the input's pixels fall into StrideH·StrideW phases
// that see different weights; each is a convolution of dy without stride.
func (v *variant) gradInput(dx, dy, w []float32, s ConvShape) {
	if v.lanes == 0 {
		plainGradInput(dx, dy, w, s)
		return
	}
	if v.winoFits(s, passInput) {
		v.winoGradInput(dx, dy, w, s)
		return
	}
	if s.pointwise() {
		v.pointwise(dx, dy, w, nil, s.B, s.Cin, s.Cout, s.H*s.W, s.rowW(), true, Finish{})
		return
	}
	cols := ceilDiv(s.W, s.StrideW)
	var phases []float32
	if s.StrideW > 1 {
		phases = borrowBuffer(s.StrideW * s.B * s.Cin * ceilDiv(s.H, s.StrideH) * cols)
		defer returnBuffer(phases)
	}
	for py := range min(s.StrideH, s.H) {
		rows := ceilDiv(s.H-py, s.StrideH)
		size := s.B * s.Cin * rows * cols
		for px := range min(s.StrideW, s.W) {
			if s.StrideW == 1 {
				v.gradPhase(dx[py*s.W:], dy, w, s, py, px, s.StrideH*s.W, s.H*s.W)
			} else {
				v.gradPhase(phases[px*size:(px+1)*size], dy, w, s, py, px, cols, rows*cols)
			}
		}
		if s.StrideW > 1 {
			v.mergePhases(dx[py*s.W:], phases, s, rows, cols)
		}
	}
}

// gradPhase computes the pixels (py+StrideH·i, px+StrideW·j) of dx, in rows dstRow apart and planes dstPlane apart.
func (v *variant) gradPhase(dst, dy, w []float32, s ConvShape, py, px, dstRow, dstPlane int) {
	oh, ow := s.Out()
	cig, cog, taps := s.Cin/s.Groups, s.Cout/s.Groups, s.KH*s.KW
	g := gathers.get()
	defer gathers.put(g)
	*g = gather{
		variant: v, images: s.B, groups: s.Groups,
		src: dy, srcImage: s.Cout * oh * ow, srcPlane: oh * ow, in: cog,
		win:     window{strideX: 1, height: oh, width: ow},
		strideY: 1, taps: g.taps[:0],
		weights: w, wGroup: cog * s.rowW(), wOut: taps, wIn: s.rowW(),
		dst: dst, dstImage: s.Cin * dstPlane, dstPlane: dstPlane, dstRow: dstRow, out: cig,
		oh: ceilDiv(s.H-py, s.StrideH), ow: ceilDiv(s.W-px, s.StrideW),
	}
	g.phaseTaps(s, py, px)
	if len(g.taps) > 0 {
		g.execute()
		return
	}
	for p := range s.B * s.Cin {
		for i := range g.oh {
			clear(dst[p*dstPlane+i*dstRow:][:g.ow])
		}
	}
}

// merging interleaves the columns of phases into rows of dx; an item is a plane.
type merging struct {
	variant    *variant
	dx, phases []float32
	s          ConvShape
	rows, cols int
}

var mergings freeList[merging]

func (v *variant) mergePhases(dx, phases []float32, s ConvShape, rows, cols int) {
	m := mergings.get()
	defer mergings.put(m)
	*m = merging{v, dx, phases, s, rows, cols}
	dispatch(s.B*s.Cin, m)
	*m = merging{}
}

// run implements task.
func (m *merging) run(i int, s *scratch) {
	size := m.s.B * m.s.Cin * m.rows * m.cols
	dst, from := m.dx[i*m.s.H*m.s.W:], i*m.rows*m.cols
	step := m.s.StrideH * m.s.W
	if m.s.StrideW == 2 && m.s.W%2 == 0 {
		a := &s.merge
		*a = mergeArgs{dst: unsafe.Pointer(&dst[0]), even: unsafe.Pointer(&m.phases[from]), odd: unsafe.Pointer(&m.phases[size+from]),
			rows: m.rows, width: m.cols, to: 4 * step, from: 4 * m.cols}
		callMerge(m.variant.merge, a)
		return
	}
	for px := range min(m.s.StrideW, m.s.W) {
		cols := ceilDiv(m.s.W-px, m.s.StrideW)
		for r := range m.rows {
			src := m.phases[px*size+from+r*m.cols:][:cols]
			row := dst[r*step+px:]
			for j, f := range src {
				row[j*m.s.StrideW] = f
			}
		}
	}
}

// phaseTaps lists the weights that reach phase (py,px): output row i+(py+Top−ky·DilationH)/StrideH sees input row
// py+StrideH·i through ky, if the division is exact.
func (g *gather) phaseTaps(s ConvShape, py, px int) {
	minRow, minCol := 0, 0
	for ky := range s.KH {
		ry := py + s.Top - ky*s.DilationH
		if ry%s.StrideH != 0 {
			continue
		}
		for kx := range s.KW {
			rx := px + s.Left - kx*s.DilationW
			if rx%s.StrideW != 0 {
				continue
			}
			t := gatherTap{row: ry / s.StrideH, col: rx / s.StrideW, w: ky*s.KW + kx}
			if len(g.taps) == 0 {
				minRow, minCol = t.row, t.col
			}
			minRow, minCol = min(minRow, t.row), min(minCol, t.col)
			g.taps = append(g.taps, t)
		}
	}
	for i := range g.taps {
		g.taps[i].row -= minRow
		g.taps[i].col -= minCol
	}
	g.win.top, g.win.left = -minRow, -minCol
}
