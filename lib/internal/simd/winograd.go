package simd

import "unsafe"

// winograd is a 3×3 convolution without stride by Winograd's minimal filtering F(4×4,3×3): the forward pass or the gradient
// of the input. Blocks of tiles are transformed, multiplied with the transformed filters in 36 matrix products, and
// transformed back. It needs a quarter of the multiplications; its rounding errors are some ten times those of the definition.
type winograd struct {
	variant             *variant
	images, in, out     int
	src                 []float32
	srcImage, srcPlane  int
	win                 window
	filters             []float32 // w (Cout,Cin,3,3)
	filterOut, filterIn int       // floats from one filter to that of the next channel out or in
	backward            bool      // filters are turned
	u                   []float32 // (36, out, uRow), transformed filters
	uRow, uPlane        int
	dst                 []float32
	dstImage, dstPlane  int
	ow                  int
	bias                []float32
	tilesX, perImage    int // tiles in a row and in an image
	tiles               int
	width               int // tiles in a block: two vectors
	panels              int
	chunk, chunks       int // panels of an item, and items a block is cut into
	transformingFilters bool
}

// planes is the number of elements of a transformed tile.
const planes = 36

var winograds freeList[winograd]

// convolve runs both steps.
func (w *winograd) convolve() {
	w.width = 2 * w.variant.lanes
	w.tiles = w.images * w.perImage
	w.uRow = ceilDiv(w.in, 8) * 8
	w.uPlane = w.out*w.uRow + 16
	w.u = borrowBuffer(planes*w.uPlane + overread)
	defer returnBuffer(w.u)
	w.transformingFilters = true
	dispatch(ceilDiv(w.out, filterRows), w)
	w.transformingFilters = false
	blocks := ceilDiv(w.tiles, w.width)
	w.panels = ceilDiv(w.out, len(w.variant.tile)-1)
	w.chunks = min(w.panels, ceilDiv(2*Threads(), blocks))
	w.chunk = ceilDiv(w.panels, w.chunks)
	w.chunks = ceilDiv(w.panels, w.chunk)
	dispatch(blocks*w.chunks, w)
}

// filterRows is how many output channels' filters make an item.
const filterRows = 4

// run implements task.
func (w *winograd) run(i int, s *scratch) {
	if w.transformingFilters {
		for o := i * filterRows; o < min((i+1)*filterRows, w.out); o++ {
			w.transformFilters(o, s)
		}
		return
	}
	block, chunk := i/w.chunks, i%w.chunks
	w.place(block*w.width, s)
	v := w.transformInput(s)
	for p := chunk * w.chunk; p < min((chunk+1)*w.chunk, w.panels); p++ {
		w.multiply(p, v, s)
	}
}

// transformFilters fills the rows of u that belong to output channel o.
func (w *winograd) transformFilters(o int, s *scratch) {
	kernel := w.variant.winoFilter
	if w.backward {
		kernel = w.variant.winoFlipped
	}
	a := &s.wino
	a.tmp, a.xi, a.row = unsafe.Pointer(&s.winoTmp[0]), 4*w.uPlane, 4*w.filterIn
	first := w.filters[o*w.filterOut:]
	whole := w.in / 8
	if whole > 0 {
		a.src, a.dst, a.groups = unsafe.Pointer(&first[0]), unsafe.Pointer(&w.u[o*w.uRow]), whole
		callWino(kernel, a)
	}
	if rest := w.in % 8; rest > 0 { // a copy, because the kernel reads eight filters
		part := s.floats(0, 72)
		clear(part)
		for k := range rest {
			copy(part[9*k:9*k+9], first[(8*whole+k)*w.filterIn:])
		}
		a.row = 36
		a.src, a.dst, a.groups = unsafe.Pointer(&part[0]), unsafe.Pointer(&w.u[o*w.uRow+8*whole]), 1
		callWino(kernel, a)
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

// transformInput returns the block's transformed tiles (36, in, width), planes padded by 16.
func (w *winograd) transformInput(s *scratch) []float32 {
	v := s.floats(1, planes*w.inPlane())
	last := s.segments[len(s.segments)-1]
	copied := s.floats(0, last.at+last.rows*w.win.rowPitch)
	a := &s.wino
	a.tmp, a.row, a.xi = unsafe.Pointer(&s.winoTmp[0]), 4*w.win.rowPitch, 4*w.inPlane()
	win := w.win
	for c := range w.in {
		for _, seg := range s.segments {
			win.rows = seg.rows
			win.fill(copied[seg.at:], w.src[seg.image*w.srcImage+c*w.srcPlane:], seg.firstRow, s)
		}
		a.src, a.dst = unsafe.Pointer(&copied[0]), unsafe.Pointer(&v[c*w.width])
		a.offsets, a.groups = unsafe.Pointer(&s.offsets[0]), w.width/8
		callWino(w.variant.winoInput, a)
	}
	return v
}

func (w *winograd) inPlane() int { return w.in*w.width + 16 }

// multiply computes panel p of the output channels for the block whose transformed input is v.
func (w *winograd) multiply(p int, v []float32, s *scratch) {
	first, size := panel(w.out, w.panels, p)
	plane := size*w.width + 16
	m := s.floats(2, planes*plane)
	s.planes = planeArgs{a: unsafe.Pointer(&w.u[first*w.uRow]), b: unsafe.Pointer(&v[0]), c: unsafe.Pointer(&m[0]), k: w.in,
		as: 4 * w.uRow, nextA: 4 * w.uPlane, nextB: 4 * w.inPlane(), nextC: 4 * plane, n: planes}
	callPlanes(w.variant.planes[size], &s.planes)
	o := &s.wino
	o.row, o.xi = 4*w.ow, 4*plane
	for r := range size {
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
func (v *variant) winoConv2D(y, x, w, bias []float32, s ConvShape) {
	oh, ow := s.Out()
	j := winograds.get()
	defer winograds.put(j)
	*j = winograd{variant: v, images: s.B, in: s.Cin, out: s.Cout, filters: w, filterOut: 9 * s.Cin, filterIn: 9, bias: bias,
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
	*j = winograd{variant: v, images: s.B, in: s.Cout, out: s.Cin, filters: w, filterOut: 9, filterIn: 9 * s.Cin, backward: true,
		src: dy, srcImage: s.Cout * oh * ow, srcPlane: oh * ow, win: window{top: 2 - s.Top, left: 2 - s.Left, strideX: 1, height: oh, width: ow},
		dst: dx, dstImage: s.Cin * s.H * s.W, dstPlane: s.H * s.W, ow: s.W, tilesX: s.W / 4, perImage: s.H / 4 * (s.W / 4)}
	j.win.layout(s.H+2, s.W+2)
	j.convolve()
}
