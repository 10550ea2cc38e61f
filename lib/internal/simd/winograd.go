package simd

import "unsafe"

// winograd is a 3×3 convolution without stride by Winograd's minimal filtering F(4×4,3×3): the forward pass or the gradient
// of the input. Blocks of tiles are transformed, multiplied with the transformed filters in 36 matrix products, and
// transformed back. It needs a quarter of the multiplications; its rounding errors are some ten times those of the definition.
//
// Of many tiles, each item of the work transforms a block and multiplies it with all filters, which were transformed before.
// Of few tiles, it is the tiles that are transformed before, and each item transforms the filters of some output channels:
// they are large, and memory is slower than transforming.
type winograd struct {
	variant             *variant
	images, in, out     int
	src                 []float32
	srcImage, srcPlane  int
	win                 window
	filters             []float32 // w (Cout,Cin,3,3)
	filterOut, filterIn int       // floats from one filter to that of the next channel out or in
	backward            bool      // filters are turned
	dst                 []float32
	dstImage, dstPlane  int
	ow                  int
	bias                []float32
	then                Finish
	tilesX, perImage    int // tiles in a row and in an image
	tiles               int
	width, blocks       int // tiles in a block: two vectors
	panels              int // kernel panels of the output channels
	step                int
	u                   []float32 // (36, out, uRow), transformed filters, of many tiles
	uRow, uPlane        int
	v                   []float32 // (blocks, 36, in, width), transformed tiles, of few
	parts, chunks       int       // items that a block's input channels, or the panels, are cut into
}

// Steps of winograd.
const (
	stepFilters = iota // of all output channels
	stepBlocks         // tiles through all filters
	stepTiles          // of all input channels
	stepPanels         // all tiles through the filters of some output channels
)

// planes is the number of elements of a transformed tile. fewTiles is up to how many tiles count as few. groupChannels is how many
// output channels are multiplied in one go, so that both factors of a product are near.
const (
	planes        = 36
	fewTiles      = 128
	groupChannels = 24
)

var winograds freeList[winograd]

// convolve runs both steps.
func (w *winograd) convolve() {
	w.width = 2 * w.variant.lanes
	w.tiles = w.images * w.perImage
	w.blocks = ceilDiv(w.tiles, w.width)
	w.uRow = ceilDiv(w.in, 8) * 8
	w.panels = ceilDiv(w.out, len(w.variant.planes)-1)
	if w.tiles <= fewTiles {
		w.convolveFew()
		return
	}
	w.uPlane = w.out*w.uRow + 16
	w.u = borrowBuffer(planes*w.uPlane + overread)
	defer returnBuffer(w.u)
	w.step = stepFilters
	dispatch(ceilDiv(w.out, filterRows), w)
	w.chunks = min(w.panels, ceilDiv(2*Threads(), w.blocks))
	w.step = stepBlocks
	dispatch(w.blocks*w.chunks, w)
}

// convolveFew is convolve for few tiles.
func (w *winograd) convolveFew() {
	w.v = borrowBuffer(w.blocks*planes*w.inPlane() + overread)
	defer returnBuffer(w.v)
	w.parts = min(ceilDiv(w.in, 8), ceilDiv(4*Threads(), w.blocks))
	w.step = stepTiles
	dispatch(w.blocks*w.parts, w)
	w.chunks = max(ceilDiv(w.panels, w.groupPanels()), min(w.panels, 2*Threads()))
	w.step = stepPanels
	dispatch(w.chunks, w)
}

// groupPanels is how many panels make groupChannels.
func (w *winograd) groupPanels() int { return ceilDiv(groupChannels, len(w.variant.planes)-1) }

// filterRows is how many output channels' filters make an item.
const filterRows = 8

// run implements task.
func (w *winograd) run(i int, s *scratch) {
	switch w.step {
	case stepFilters:
		o := i * filterRows
		w.transformFilters(o, min(filterRows, w.out-o), w.u[o*w.uRow:], w.uPlane, s)
	case stepBlocks:
		w.runBlock(i/w.chunks, i%w.chunks, s)
	case stepTiles:
		block := i / w.parts
		first, n := panel(w.in, w.parts, i%w.parts)
		w.place(block*w.width, s)
		w.transformInput(first, n, w.v[block*planes*w.inPlane():], s)
	case stepPanels:
		w.runPanels(i, s)
	}
}

// runBlock sends a block of tiles through the filters of a chunk of the panels.
func (w *winograd) runBlock(block, chunk int, s *scratch) {
	w.place(block*w.width, s)
	v := s.floats(1, planes*w.inPlane())
	w.transformInput(0, w.in, v, s)
	p0, n := panel(w.panels, w.chunks, chunk)
	for p := p0; p < p0+n; p += w.groupPanels() {
		first, _ := panel(w.out, w.panels, p)
		w.multiply(p, min(w.groupPanels(), p0+n-p), w.u[first*w.uRow:], w.uPlane, v, s)
	}
}

// runPanels sends all tiles through the filters of a chunk of the panels.
func (w *winograd) runPanels(chunk int, s *scratch) {
	p0, n := panel(w.panels, w.chunks, chunk)
	first, _ := panel(w.out, w.panels, p0)
	last, size := panel(w.out, w.panels, p0+n-1)
	channels := last + size - first
	plane := channels*w.uRow + 16
	u := s.floats(1, planes*plane)
	w.transformFilters(first, channels, u, plane, s)
	for block := range w.blocks {
		w.place(block*w.width, s)
		w.multiply(p0, n, u, plane, w.v[block*planes*w.inPlane():], s)
	}
}

// transformFilters fills n rows of u, in planes so many floats apart, with the filters of output channels first, first+1, ….
func (w *winograd) transformFilters(first, n int, u []float32, plane int, s *scratch) {
	kernel := w.variant.winoFilter
	if w.backward {
		kernel = w.variant.winoFlipped
	}
	filters := w.filters[first*w.filterOut:]
	a := &s.wino
	*a = winoArgs{tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * plane, row: 4 * w.filterIn}
	whole := w.in / 8
	switch {
	case whole > 0 && w.backward: // eight channels in of all n channels out, which are neighbours in memory
		for k := range whole {
			a.src, a.dst, a.groups = unsafe.Pointer(&filters[8*k*w.filterIn]), unsafe.Pointer(&u[8*k]), n
			a.from, a.to = 4*w.filterOut, 4*w.uRow
			callWino(kernel, a)
		}
	case whole > 0:
		for o := range n {
			a.src, a.dst, a.groups = unsafe.Pointer(&filters[o*w.filterOut]), unsafe.Pointer(&u[o*w.uRow]), whole
			a.from, a.to = 8*a.row, 32
			callWino(kernel, a)
		}
	}
	if rest := w.in % 8; rest > 0 { // a copy, because the kernel reads eight filters
		part := s.floats(0, 72)
		clear(part)
		for o := range n {
			for k := range rest {
				copy(part[9*k:9*k+9], filters[o*w.filterOut+(8*whole+k)*w.filterIn:])
			}
			a.row, a.src, a.dst, a.groups = 36, unsafe.Pointer(&part[0]), unsafe.Pointer(&u[o*w.uRow+8*whole]), 1
			callWino(kernel, a)
		}
	}
}

// A segment is the part of an image that some tiles of a block need.
type segment struct {
	image    int
	row      int // first row of tiles
	rows     int // rows of the padded image
	at       int // where the copy starts, in floats
	firstRow int // of the padded image
}

// place lists, for the block that starts at tile t0, where its tiles read and write. Tiles past the last repeat it, which
// writes the same values twice.
func (w *winograd) place(t0 int, s *scratch) {
	last := min(t0+w.width, w.tiles) - 1
	s.segments = s.segments[:0]
	at := 0
	for image := t0 / w.perImage; image <= last/w.perImage; image++ {
		first := max(t0-image*w.perImage, 0) / w.tilesX
		end := min(last-image*w.perImage, w.perImage-1) / w.tilesX
		rows := 4*(end-first) + 6
		s.segments = append(s.segments, segment{image: image, row: first, rows: rows, at: at, firstRow: 4 * first})
		at += rows * w.win.rowPitch
	}
	offsets := resized(&s.offsets, 2*w.width)
	for q := range w.width {
		t := min(t0+q, last)
		seg := &s.segments[t/w.perImage-t0/w.perImage]
		y, x := t%w.perImage/w.tilesX, t%w.tilesX
		offsets[q] = int32(4 * (seg.at + 4*(y-seg.row)*w.win.rowPitch + 4*x))
		offsets[w.width+q] = int32(4 * ((seg.image-s.segments[0].image)*w.dstImage + 4*y*w.ow + 4*x))
	}
}

// transformInput fills channels first, first+1, … of the block's transformed tiles v (36, in, width), planes padded by 16.
func (w *winograd) transformInput(first, n int, v []float32, s *scratch) {
	last := s.segments[len(s.segments)-1]
	copied := s.floats(0, last.at+last.rows*w.win.rowPitch)
	a := &s.wino
	a.tmp, a.row, a.xi = unsafe.Pointer(&s.winoTmp[0]), 4*w.win.rowPitch, 4*w.inPlane()
	win := w.win
	for c := first; c < first+n; c++ {
		for _, seg := range s.segments {
			win.rows = seg.rows
			win.fill(copied[seg.at:], w.src[seg.image*w.srcImage+c*w.srcPlane:], seg.firstRow, s)
		}
		a.src, a.dst = unsafe.Pointer(&copied[0]), unsafe.Pointer(&v[c*w.width])
		a.offsets, a.groups = unsafe.Pointer(&s.offsets[0]), w.width/8
		callWino(w.variant.winoInput, a)
	}
}

func (w *winograd) inPlane() int { return w.in*w.width + 16 }

// multiply computes n panels of the output channels, from panel p on, for the block whose transformed input is v. The
// transformed filters u start with the first channel of p.
func (w *winograd) multiply(p, n int, u []float32, uPlane int, v []float32, s *scratch) {
	first, _ := panel(w.out, w.panels, p)
	last, size := panel(w.out, w.panels, p+n-1)
	channels := last + size - first
	plane := channels*w.width + 16
	m := s.floats(2, planes*plane)
	for i := 0; i < n; { // panels of one size at a time
		from, size := panel(w.out, w.panels, p+i)
		same := 1
		for i+same < n && sizeOf(panel(w.out, w.panels, p+i+same)) == size {
			same++
		}
		s.planes = planeArgs{a: unsafe.Pointer(&u[(from-first)*w.uRow]), b: unsafe.Pointer(&v[0]), c: unsafe.Pointer(&m[(from-first)*w.width]), k: w.in,
			as: 4 * w.uRow, nextA: 4 * uPlane, nextB: 4 * w.inPlane(), nextC: 4 * plane,
			panels: same, stepA: 4 * size * w.uRow, stepC: 4 * size * w.width}
		multiplyPlanes(w.variant.planes[size], &s.planes)
		i += same
	}
	w.transformOutput(first, channels, m, plane, s)
}

func sizeOf(_, size int) int { return size }

// planeTerms is how many terms of one panel a call of a planes kernel, which cannot be interrupted, may have: some 30 µs.
const planeTerms = 16 << 10

// multiplyPlanes runs the kernel on all 36 planes.
func multiplyPlanes(kernel func(*planeArgs), a *planeArgs) {
	step := max(1, planeTerms/(a.k*a.panels))
	for xi := 0; xi < planes; xi += step {
		if xi > 0 { // not behind the last plane, where pointers must not stay
			a.a, a.b, a.c = unsafe.Add(a.a, step*a.nextA), unsafe.Add(a.b, step*a.nextB), unsafe.Add(a.c, step*a.nextC)
		}
		a.n = min(step, planes-xi)
		callPlanes(kernel, a)
	}
}

// transformOutput writes the tiles of n output channels from first on, whose products are m (36, n, width).
func (w *winograd) transformOutput(first, n int, m []float32, plane int, s *scratch) {
	o := &s.wino
	o.row, o.xi = 4*w.ow, 4*plane
	o.lo, o.hi = w.then.limits()
	for r := range n {
		o.bias = 0
		if w.bias != nil {
			o.bias = w.bias[first+r]
		}
		o.src, o.dst = unsafe.Pointer(&m[r*w.width]), unsafe.Pointer(&w.dst[s.segments[0].image*w.dstImage+(first+r)*w.dstPlane])
		o.offsets, o.groups = unsafe.Pointer(&s.offsets[w.width]), w.width/8
		callWino(w.variant.winoOutput, o)
	}
}

// winoConv2D is conv2D by winograd, for the shapes that winoFits.
func (v *variant) winoConv2D(y, x, w, bias []float32, s ConvShape, then Finish) {
	oh, ow := s.Out()
	j := winograds.get()
	defer winograds.put(j)
	*j = winograd{variant: v, images: s.B, in: s.Cin, out: s.Cout, filters: w, filterOut: s.rowW(), filterIn: 9, bias: bias, then: then,
		src: x, srcImage: s.Cin * s.H * s.W, srcPlane: s.H * s.W, win: window{top: s.Top, left: s.Left, strideX: 1, height: s.H, width: s.W},
		dst: y, dstImage: s.Cout * oh * ow, dstPlane: oh * ow, ow: ow, tilesX: ow / 4, perImage: oh / 4 * (ow / 4)}
	j.win.layout(oh+2, ow+2)
	j.convolve()
}

// winoGradInput is gradInput by winograd.
func (v *variant) winoGradInput(dx, dy, w []float32, s ConvShape) {
	oh, ow := s.Out()
	j := winograds.get()
	defer winograds.put(j)
	*j = winograd{variant: v, images: s.B, in: s.Cout, out: s.Cin, filters: w, filterOut: 9, filterIn: s.rowW(), backward: true,
		src: dy, srcImage: s.Cout * oh * ow, srcPlane: oh * ow, win: window{top: 2 - s.Top, left: 2 - s.Left, strideX: 1, height: oh, width: ow},
		dst: dx, dstImage: s.Cin * s.H * s.W, dstPlane: s.H * s.W, ow: s.W, tilesX: s.W / 4, perImage: s.H / 4 * (s.W / 4)}
	j.win.layout(s.H+2, s.W+2)
	j.convolve()
}
