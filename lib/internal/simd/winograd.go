package simd

import "unsafe"

// winograd is a 3×3 convolution without stride by Winograd's minimal filtering F(4×4,3×3): the forward pass or the
// gradient of the input. Blocks of tiles are transformed, multiplied with the transformed filters in 36 matrix products,
// and transformed back. It needs a quarter of the multiplications; its rounding errors are some ten times those of the
// definition.
//
// Of many tiles, each item of the work transforms a block and multiplies it with all filters, which were transformed
// before. Of few tiles, it is the tiles that are transformed before, and each item transforms the filters of some output
// channels: they are large, and memory is slower than transforming.
//
// Cores do not share what they write, where there are tiles enough: on AMD's, writing to a line that another core has read
// takes as long as computing thirty. So each worker transforms all filters by itself, either as a whole or, if there are
// few tiles or large filters, for some output channels after others, and all its tiles before.
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
	kernels             []func(*planeArgs)
	paired              bool // tiles are transformed in pairs of neighbours
	width, blocks       int  // tiles in a block: the two vectors of kernels, or one
	panels              int  // kernel panels of the output channels
	step                int
	u                   []float32 // (36, out, uRow), transformed filters, of many tiles
	uRow, uPlane        int
	v                   []float32 // (blocks, 36, in, width), transformed tiles, of few
	parts, chunks       int       // items that a block's input channels, or the panels, or the blocks, are cut into
}

// Steps of winograd.
const (
	stepFilters   = iota // of all output channels
	stepBlocks           // tiles through all filters
	stepTiles            // of all input channels
	stepPanels           // all tiles through the filters of some output channels
	stepOwnBlocks        // tiles through all filters, which each worker transforms before its first ones
	stepShares           // some tiles through the filters of some output channels after others
)

// planes is the number of elements of a transformed tile. fewTiles is up to how many tiles count as few. groupChannels is
// how many output channels are multiplied in one go, so that both factors of a product are near. ownTiles is from how many
// tiles of each worker on it transforms the filters by itself.
const (
	planes        = 36
	fewTiles      = 128
	groupChannels = 24
	ownTiles      = 16
)

var winograds freeList[winograd]

// convolve runs the steps.
func (w *winograd) convolve() {
	w.tiles = w.images * w.perImage
	w.paired = w.variant.pairs.input != nil && w.tilesX%2 == 0
	own := Threads() > 1 && w.tiles >= ownTiles*Threads()
	w.kernels, w.width = w.variant.planesFor(w.tiles, 3)
	if own && w.tiles <= w.width*(Threads()-1) && w.variant.narrow != nil { // one block for each
		w.kernels, w.width = w.variant.narrow, w.variant.lanes
	}
	w.blocks = ceilDiv(w.tiles, w.width)
	w.uRow = filterRow(w.in)
	w.uPlane = w.out*w.uRow + 16
	w.panels = ceilDiv(w.out, len(w.kernels)-1)
	switch many := w.tiles > fewTiles; {
	case own && many && 4*planes*w.uPlane <= fewBytes:
		w.chunks, w.step = 1, stepOwnBlocks
		dispatch(w.blocks, w)
	case own:
		w.chunks, w.step = min(Threads(), w.blocks), stepShares
		dispatch(w.chunks, w)
	case many:
		w.convolveMany()
	default:
		w.convolveFew()
	}
}

// convolveMany is convolve for many tiles and shared filters.
func (w *winograd) convolveMany() {
	w.u = borrowBuffer(planes*w.uPlane + overread)
	defer returnBuffer(w.u)
	w.step = stepFilters
	dispatch(ceilDiv(w.out, filterRows), w)
	w.chunks = min(w.panels, ceilDiv(2*Threads(), w.blocks))
	w.step = stepBlocks
	dispatch(w.blocks*w.chunks, w)
}

// filterRow is the distance between rows of so many transformed filters. Rows 1 KiB apart would compete for the same lines
// of the cache.
func filterRow(n int) int {
	row := ceilDiv(n, 8) * 8
	if row%256 == 0 {
		row += 16
	}
	return row
}

// planesFor are the kernels for n lanes, and how many of them they take at a time: the narrow ones where half of the last
// block of the others would be empty and there are no more than so many vectors. With many, it is better to read the other
// factor less often.
func (v *variant) planesFor(n, vectors int) (kernels []func(*planeArgs), width int) {
	if k := ceilDiv(n, v.lanes); v.narrow != nil && k%2 == 1 && k <= vectors {
		return v.narrow, v.lanes
	}
	return v.planes, 2 * v.lanes
}

// convolveFew is convolve for few tiles, which are shared.
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
func (w *winograd) groupPanels() int { return ceilDiv(groupChannels, len(w.kernels)-1) }

// filterRows is how many output channels' filters make an item.
const filterRows = 8

// run implements task.
func (w *winograd) run(i int, s *scratch) {
	switch w.step {
	case stepFilters:
		o := i * filterRows
		w.transformFilters(o, min(filterRows, w.out-o), 0, w.in, filterSet{w.u[o*w.uRow:], w.uRow, w.uPlane}, s)
	case stepBlocks:
		w.runBlock(i/w.chunks, i%w.chunks, w.u, s)
	case stepOwnBlocks:
		w.runBlock(i, 0, w.ownFilters(s), s)
	case stepTiles:
		block := i / w.parts
		first, n := panel(w.in, w.parts, i%w.parts)
		w.place(block*w.width, s)
		w.transformInput(first, n, w.v[block*planes*w.inPlane():], s)
	case stepPanels:
		w.runPanels(w.group(panel(w.panels, w.chunks, i)), 0, w.blocks, w.v, s)
	case stepShares:
		first, n := panel(w.blocks, w.chunks, i)
		w.runShare(first, n, s)
	}
}

// ownFilters are all filters, transformed by the worker itself when it first asks for them.
func (w *winograd) ownFilters(s *scratch) []float32 {
	if s.filtersOf == w {
		return s.mem[3]
	}
	u := s.floats(3, planes*w.uPlane)
	w.transformFilters(0, w.out, 0, w.in, filterSet{u, w.uRow, w.uPlane}, s)
	s.filtersOf = w
	return u
}

// runShare transforms n blocks of tiles and sends them through the filters.
func (w *winograd) runShare(first, n int, s *scratch) {
	v := s.floats(3, n*planes*w.inPlane())
	for i := range n {
		w.place((first+i)*w.width, s)
		w.transformInput(0, w.in, v[i*planes*w.inPlane():], s)
	}
	for p := 0; p < w.panels; p += w.groupPanels() {
		w.runPanels(w.group(p, min(w.groupPanels(), w.panels-p)), first, n, v, s)
	}
}

// runBlock sends a block of tiles through the filters of a chunk of the panels.
func (w *winograd) runBlock(block, chunk int, u []float32, s *scratch) {
	w.place(block*w.width, s)
	v := s.floats(1, planes*w.inPlane())
	w.transformInput(0, w.in, v, s)
	p0, n := panel(w.panels, w.chunks, chunk)
	for p := p0; p < p0+n; p += w.groupPanels() {
		g := w.group(p, min(w.groupPanels(), p0+n-p))
		m := s.floats(2, planes*g.plane)
		w.multiply(g, 0, w.in, filterSet{u[g.first*w.uRow:], w.uRow, w.uPlane}, v, m, s)
		w.transformOutput(g, m, s)
	}
}

// fewBytes limits the transformed filters that runPanels has at a time, which should stay in the second-level cache.
const fewBytes = 1 << 20

// runPanels sends n blocks of tiles, which are v, through the filters of a group of output channels, for some input channels
// after others.
func (w *winograd) runPanels(g channelGroup, first, n int, v []float32, s *scratch) {
	parts := ceilDiv(4*planes*g.channels*w.in, fewBytes)
	in := min(w.in, ceilDiv(ceilDiv(w.in, parts), 8)*8)
	u := filterSet{row: filterRow(in)}
	u.plane = g.channels*u.row + 16
	u.values = s.floats(1, planes*u.plane)
	m := s.floats(2, n*planes*g.plane)
	for c := 0; c < w.in; c += in {
		count := min(in, w.in-c)
		w.transformFilters(g.first, g.channels, c, count, u, s)
		for i := range n {
			w.multiply(g, c, count, u, v[i*planes*w.inPlane():], m[i*planes*g.plane:], s)
		}
	}
	for i := range n {
		w.place((first+i)*w.width, s)
		w.transformOutput(g, m[i*planes*g.plane:], s)
	}
}

// A filterSet is transformed filters of some output and input channels: values (36, out, in) with rows and planes so far
// apart.
type filterSet struct {
	values     []float32
	row, plane int
}

// transformFilters fills n rows of u with the filters of output channels first, first+1, … for count input channels from c
// on, a multiple of eight. It takes sixteen input channels at a time, if there is a kernel for it, then eight, and copies
// the rest, because a kernel reads whole groups.
func (w *winograd) transformFilters(first, n, c, count int, u filterSet, s *scratch) {
	kernel, wide := w.variant.wino.filter, w.variant.pairs.filter
	if w.backward {
		kernel, wide = w.variant.wino.flipped, w.variant.pairs.flipped
	}
	filters := w.filters[first*w.filterOut+c*w.filterIn:]
	s.wino = winoArgs{tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * u.plane, row: 4 * w.filterIn, ahead: 4 * w.filterOut}
	if w.backward { // whose groups are filters of as many channels in
		s.wino.ahead = 4 * pairTiles * w.filterIn
	}
	done := 0
	if wide != nil {
		done = count / pairTiles * pairTiles
		w.filterGroups(wide, filters, u.values, n, done, pairTiles, u.row, s)
	}
	whole := count / 8 * 8
	if done < whole {
		w.filterGroups(kernel, filters[done*w.filterIn:], u.values[done:], n, whole-done, 8, u.row, s)
	}
	if rest := count - whole; rest > 0 {
		part := s.floats(0, 72)
		clear(part)
		a := &s.wino
		for o := range n {
			for k := range rest {
				copy(part[9*k:9*k+9], filters[o*w.filterOut+(whole+k)*w.filterIn:])
			}
			a.row, a.src, a.dst, a.groups = 36, unsafe.Pointer(&part[0]), unsafe.Pointer(&u.values[o*u.row+whole]), 1
			callWino(kernel, a)
		}
	}
}

// filterGroups transforms the filters of n channels out and count channels in, some at a time, to rows of u. Backward, it
// goes along the channels out, which are neighbours in memory.
func (w *winograd) filterGroups(kernel func(*winoArgs), filters, u []float32, n, count, size, row int, s *scratch) {
	a, groups := &s.wino, count/size
	if w.backward {
		for k := range groups {
			a.src, a.dst, a.groups = unsafe.Pointer(&filters[size*k*w.filterIn]), unsafe.Pointer(&u[size*k]), n
			a.from, a.to = 4*w.filterOut, 4*row
			callWino(kernel, a)
		}
		return
	}
	for o := 0; groups > 0 && o < n; o++ {
		a.src, a.dst, a.groups = unsafe.Pointer(&filters[o*w.filterOut]), unsafe.Pointer(&u[o*row]), groups
		a.from, a.to = size*a.row, 4*size
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

// pairTiles is how many tiles, or filters, the transforms of pairs take at a time.
const pairTiles = 16

// place lists, for the block that starts at tile t0, where its tiles, or pairs of them, read and write. Tiles past the
// last repeat it, which writes the same values twice.
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
	step := 1 // tiles of a place
	if w.paired {
		step = 2
	}
	n := w.width / step
	offsets := resized(&s.offsets, 2*n)
	for q := range n {
		t := min(t0+q*step, last+1-step)
		seg := &s.segments[t/w.perImage-t0/w.perImage]
		y, x := t%w.perImage/w.tilesX, t%w.tilesX
		offsets[q] = int32(4 * (seg.at + 4*(y-seg.row)*w.win.rowPitch + 4*x))
		offsets[n+q] = int32(4 * ((seg.image-s.segments[0].image)*w.dstImage + 4*y*w.ow + 4*x))
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
		a.offsets = unsafe.Pointer(&s.offsets[0])
		w.callTransform(a, w.variant.wino.input, w.variant.pairs.input)
	}
}

func (w *winograd) inPlane() int { return w.in*w.width + 16 }

// A channelGroup is n panels of the output channels, from panel p on: its channels, and the distance between the planes of
// its products.
type channelGroup struct {
	p, n            int
	first, channels int
	plane           int
}

func (w *winograd) group(p, n int) channelGroup {
	g := channelGroup{p: p, n: n}
	g.first, _ = panel(w.out, w.panels, p)
	last, size := panel(w.out, w.panels, p+n-1)
	g.channels = last + size - g.first
	g.plane = g.channels*w.width + 16
	return g
}

// multiply sets the products m (36, channels, width) of a group, or adds to them if c is not the first channel: of the
// filters u for n input channels from c on with the block of transformed input v.
func (w *winograd) multiply(g channelGroup, c, n int, u filterSet, v, m []float32, s *scratch) {
	for i := 0; i < g.n; { // panels of one size at a time
		from, size := panel(w.out, w.panels, g.p+i)
		same := 1
		for i+same < g.n && sizeOf(panel(w.out, w.panels, g.p+i+same)) == size {
			same++
		}
		from -= g.first
		s.planes = planeArgs{a: unsafe.Pointer(&u.values[from*u.row]), b: unsafe.Pointer(&v[c*w.width]), c: unsafe.Pointer(&m[from*w.width]),
			k: n, as: 4 * u.row, nextA: 4 * u.plane, nextB: 4 * w.inPlane(), nextC: 4 * g.plane,
			panels: same, stepA: 4 * size * u.row, stepC: 4 * size * w.width, acc: c}
		multiplyPlanes(w.kernels[size], &s.planes)
		i += same
	}
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

// transformOutput writes the tiles of a group's output channels, whose products are m.
func (w *winograd) transformOutput(g channelGroup, m []float32, s *scratch) {
	o := &s.wino
	o.row, o.xi = 4*w.ow, 4*g.plane
	o.lo, o.hi = w.then.limits()
	for r := range g.channels {
		o.bias = 0
		if w.bias != nil {
			o.bias = w.bias[g.first+r]
		}
		o.src, o.dst = unsafe.Pointer(&m[r*w.width]), unsafe.Pointer(&w.dst[s.segments[0].image*w.dstImage+(g.first+r)*w.dstPlane])
		o.offsets = unsafe.Pointer(&s.offsets[len(s.offsets)/2])
		w.callTransform(o, w.variant.wino.output, w.variant.pairs.output)
	}
}

// callTransform transforms a block of tiles, or of pairs of them.
func (w *winograd) callTransform(a *winoArgs, tiles, pairs func(*winoArgs)) {
	if w.paired {
		a.groups = w.width / pairTiles
		callWino(pairs, a)
		return
	}
	a.groups = w.width / 8
	callWino(tiles, a)
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
