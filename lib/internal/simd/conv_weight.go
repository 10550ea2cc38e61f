package simd

import "unsafe"

// correlate is the gradient of the weights: dot products of planes of dy with shifted planes of x. An item of its work is
// a range of input channels, for which it goes through the batch in blocks of pixels; the order of every sum
// is therefore fixed.
type correlate struct {
	variant       *variant
	dw, x, dy     []float32
	s             ConvShape
	oh, ow        int
	cig, cog      int
	taps          int
	row           int // of dw
	win           window
	direct        bool // x is used where it is
	chunk, groups int  // of an item: input channels of the only group, or whole groups
	items         int
	band          int // output rows of a block
	images        int // images of a block
}

// Pixels of a block: four planes of them should stay in the first-level cache.
const correlatePixels = 1024

var correlates freeList[correlate]

// gradWeight runs the gradient of the weights on kernels.
func (v *variant) gradWeight(dw, x, dy []float32, s ConvShape) {
	if v.lanes == 0 {
		plainGradWeight(dw, x, dy, s)
		return
	}
	if v.winoFits(s, passWeight) {
		v.winoGradWeight(dw, x, dy, s)
		return
	}
	c := correlates.get()
	defer correlates.put(c)
	*c = correlate{variant: v, dw: dw, x: x, dy: dy, cig: s.Cin / s.Groups, cog: s.Cout / s.Groups, taps: s.KH * s.KW, row: s.rowW()}
	if s.pointwise() {
		c.direct = s.H*s.W%v.lanes == 0
		s.H, s.W = 1, s.H*s.W
		if c.direct {
			row := wholeRow(s.W, v.lanes)
			s.H, s.W = s.W/row, row
		}
	}
	c.s = s
	c.oh, c.ow = s.Out()
	c.plan()
	dispatch(c.items, c)
}

// wholeRow cuts a plane into rows of whole vectors, long ones for little overhead.
func wholeRow(plane, lanes int) int {
	row := lanes
	for plane%(2*row) == 0 && 2*row <= correlatePixels/4 {
		row *= 2
	}
	return row
}

// plan cuts the work into items and blocks.
func (c *correlate) plan() {
	s := c.s
	c.chunk, c.groups = c.cig, 1
	if s.Groups == 1 {
		c.chunk = min(c.cig, max(3, ceilDiv(c.cig, 8*Threads())/3*3))
		c.items = ceilDiv(c.cig, c.chunk)
	} else {
		c.groups = ceilDiv(s.Groups, 8*Threads())
		c.items = ceilDiv(s.Groups, c.groups)
	}
	c.band = min(c.oh, max(1, correlatePixels/c.ow))
	c.images = 1
	if c.band == c.oh {
		c.images = min(s.B, max(1, correlatePixels/(c.oh*c.ow)))
	}
	c.win = window{top: s.Top, left: s.Left, strideX: s.StrideW, height: s.H, width: s.W}
	c.win.layout((c.band-1)*s.StrideH+(s.KH-1)*s.DilationH+1, (c.ow-1)*s.StrideW+(s.KW-1)*s.DilationW+1)
	if c.direct {
		c.win.channelPitch = s.H * s.W
	}
}

// run implements task.
func (c *correlate) run(i int, s *scratch) {
	acc := 0
	for b := 0; b < c.s.B; b += c.images {
		for y := 0; y < c.oh; y += c.band {
			images := min(c.images, c.s.B-b)
			c.places(images, min(c.band, c.oh-y), s)
			s.dot.acc = acc
			acc = 1
			if c.s.Groups == 1 {
				c.runBlock(0, i*c.chunk, min(c.chunk, c.cig-i*c.chunk), b, y, images, s)
				continue
			}
			for g := i * c.groups; g < min((i+1)*c.groups, c.s.Groups); g++ {
				c.runBlock(g, 0, c.cig, b, y, images, s)
			}
		}
	}
}

// runBlock adds the products of images b, b+1, … and output rows y, y+1, … for n input channels from c0 of a group.
func (c *correlate) runBlock(group, c0, n, b, y, images int, s *scratch) {
	in := c.load(group*c.cig+c0, n, b, y, images, s)
	terms := n * c.taps
	table := c.table(terms, s)
	a := &s.dot
	a.ychan = 4 * c.oh * c.ow
	panels := ceilDiv(c.cog, len(c.variant.dot)-1)
	for p := range panels {
		first, size := panel(c.cog, panels, p)
		o := group*c.cog + first
		a.y = unsafe.Pointer(&c.dy[((b*c.s.Cout+o)*c.oh+y)*c.ow])
		for t := 0; t < terms; t += 3 {
			a.x0, a.x1, a.x2 = unsafe.Pointer(&in[table[t].b]), unsafe.Pointer(&in[table[t+1].b]), unsafe.Pointer(&in[table[t+2].b])
			out := c.dw[o*c.row+c0*c.taps+t:]
			if t+3 > terms {
				c.partTriple(out, size, terms-t, a, s)
				continue
			}
			a.out, a.ldout = unsafe.Pointer(&out[0]), 4*c.row
			callDot(c.variant.dot[size], a)
		}
	}
}

// partTriple runs the kernel for the last terms of a row, fewer than three.
func (c *correlate) partTriple(out []float32, size, terms int, a *dotArgs, s *scratch) {
	tmp := s.floats(1, 3*size)
	acc := a.acc
	a.out, a.ldout, a.acc = unsafe.Pointer(&tmp[0]), 12, 0
	callDot(c.variant.dot[size], a)
	a.acc = acc
	for m := range size {
		for j := range terms {
			if o := m*c.row + j; acc != 0 {
				out[o] += tmp[3*m+j]
			} else {
				out[o] = tmp[3*m+j]
			}
		}
	}
}

// load returns n input channels from c0 on of some images.
func (c *correlate) load(c0, n, b, y, images int, s *scratch) []float32 {
	plane := c.s.H * c.s.W
	if c.direct {
		return c.x[(b*c.s.Cin+c0)*plane+y*c.win.rowPitch:]
	}
	ximg := c.imagePitch()
	in := s.floats(0, images*ximg)
	if c.win.strideX > 1 {
		clear(in) // the kernel that deals out columns leaves gaps in every row
	}
	used := c.win.rows * c.win.rowPitch
	for i := range images {
		for k := range n {
			channel := in[i*ximg+k*c.win.channelPitch:][:c.win.channelPitch]
			c.win.fill(channel, c.x[((b+i)*c.s.Cin+c0+k)*plane:], y*c.s.StrideH, s)
			clear(channel[used:]) // the last vector of a row reaches into it, times zero
		}
		behind := in[i*ximg+n*c.win.channelPitch : (i+1)*ximg]
		clear(behind[:min(overread, len(behind))])
	}
	return in
}

// imagePitch is how far the inputs of two images are apart, in floats.
func (c *correlate) imagePitch() int {
	if c.direct {
		return c.s.Cin * c.s.H * c.s.W
	}
	return c.chunk * c.win.channelPitch
}

// table lists where the plane of each weight starts, in floats, and repeats the last to a multiple of three.
func (c *correlate) table(terms int, s *scratch) []tap {
	table := resized(&s.taps, ceilDiv(terms, 3)*3)
	for i := range table {
		t := min(i, terms-1)
		channel, k := t/c.taps, t%c.taps
		ky, kx := k/c.s.KW, k%c.s.KW
		table[i].b = int32(channel*c.win.channelPitch + c.win.at(ky*c.s.DilationH, kx*c.s.DilationW))
	}
	return table
}

// places lists the vectors of a block: the whole ones, then the ends of rows.
func (c *correlate) places(images, rows int, s *scratch) {
	lanes := c.variant.lanes
	whole, tail := c.ow/lanes, c.ow%lanes
	full := images * rows * whole
	part := 0
	if tail > 0 {
		part = images * rows
	}
	places := resized(&s.places, full+part)
	f, p := 0, full
	for i := range images {
		for r := range rows {
			y, x := (i*c.s.Cout*c.oh+r)*c.ow, i*c.imagePitch()+r*c.s.StrideH*c.win.rowPitch
			for v := range whole {
				places[f] = place{y: int32(4 * (y + v*lanes)), x: int32(4 * (x + v*lanes))}
				f++
			}
			if tail > 0 {
				places[p] = place{y: int32(4 * (y + whole*lanes)), x: int32(4 * (x + whole*lanes))}
				p++
			}
		}
	}
	a := &s.dot
	a.table, a.full, a.part, a.tail = unsafe.Pointer(&places[0]), full, part, tail
}
