package simd

import "unsafe"

// winogradWeight is the gradient of a 3×3 convolution's weights by Winograd's filtering: the transposed algorithm, in which
// 36 correlations of transformed tiles give the transformed gradient.
type winogradWeight struct {
	variant                *variant
	s                      ConvShape
	dw, x, dy              []float32
	oh, ow                 int
	win                    window
	perImage               int // tiles
	images                 int // of a block of the batch
	first                  int // image of the current block
	tiles, padded          int // of the current block, and rounded up to whole vectors
	v, m                   []float32
	vPlane, mPlane         int
	u                      []float32 // (36, Cout, uRow); turned (36, inBlocks, Cout, width)
	uRow, uPlane           int
	inOffsets, gradOffsets []int32
	step                   int
	turned                 bool // few tiles: v is (36, inBlocks, tiles, width)
	width, inBlocks        int
	panels                 int
}

var winogradWeights freeList[winogradWeight]

// Steps of winogradWeight.
const (
	stepTransform = iota // channels of x, then of dy
	stepCorrelate        // planes
	stepFilters          // output channels
)

// winoWeightBytes limits the transformed tiles of a block. turnedTiles is up to how many tiles their products are computed
// with channels as vector lanes, for which the tiles must be transposed; with more, dot products over the tiles are faster.
const (
	winoWeightBytes = 2 << 20
	turnedTiles     = 128
)

// winoGradWeight is gradWeight by Winograd's filtering, for the shapes that winoFits.
func (v *variant) winoGradWeight(dw, x, dy []float32, s ConvShape) {
	w := winogradWeights.get()
	defer winogradWeights.put(w)
	*w = winogradWeight{variant: v, s: s, dw: dw, x: x, dy: dy, inOffsets: w.inOffsets, gradOffsets: w.gradOffsets}
	w.oh, w.ow = s.Out()
	w.win = window{top: s.Top, left: s.Left, strideX: 1, height: s.H, width: s.W}
	w.win.layout(w.oh+2, w.ow+2)
	w.perImage = w.oh / 4 * (w.ow / 4)
	perImage := 4 * planes * w.perImage * (s.Cin + s.Cout)
	w.images = max(1, min(s.B, winoWeightBytes/perImage))
	w.uRow = ceilDiv(s.Cin, 8)*8 + 8
	w.uPlane = s.Cout*w.uRow + 16
	w.width = 2 * v.lanes
	w.inBlocks = ceilDiv(s.Cin, w.width)
	w.turned = s.B*w.perImage <= turnedTiles
	if w.turned {
		w.images = s.B // the products do not add to what is there
	}
	most := ceilDiv(w.images*w.perImage, v.lanes)*v.lanes + 16
	channels := s.Cin
	if w.turned {
		w.uPlane = w.inBlocks*s.Cout*w.width + 16
		channels = w.inBlocks * w.width
	}
	w.u = borrowBuffer(planes*w.uPlane + overread)
	w.v = borrowBuffer(planes*(channels*most+16) + overread)
	w.m = borrowBuffer(planes*(s.Cout*most+16) + overread)
	for w.first = 0; w.first < s.B; w.first += w.images {
		w.runBlock(min(w.images, s.B-w.first))
	}
	w.step = stepFilters
	dispatch(s.Cout, w)
	returnBuffer(w.u)
	returnBuffer(w.v)
	returnBuffer(w.m)
}

// runBlock adds the correlations of some images.
func (w *winogradWeight) runBlock(images int) {
	w.tiles = images * w.perImage
	w.padded = ceilDiv(w.tiles, w.variant.lanes) * w.variant.lanes
	w.vPlane, w.mPlane = w.s.Cin*w.padded+16, w.s.Cout*w.padded+16
	w.place()
	w.step = stepTransform
	if !w.turned {
		dispatch(w.s.Cin+w.s.Cout, w)
		w.step = stepCorrelate
		dispatch(planes, w)
		return
	}
	w.vPlane = w.inBlocks*w.width*w.padded + 16
	dispatch(w.inItems()+w.s.Cout, w)
	w.step = stepCorrelate
	w.panels = ceilDiv(w.s.Cout, len(w.variant.planes)-1)
	dispatch(w.panels*w.inBlocks, w)
}

// inItems is the number of items that transform the input: a channel each, or eight.
func (w *winogradWeight) inItems() int {
	if w.turned {
		return ceilDiv(w.s.Cin, 8)
	}
	return w.s.Cin
}

// place lists where the block's tiles stand in one channel's padded copies and in one channel of dy.
func (w *winogradWeight) place() {
	in, grad := resized(&w.inOffsets, w.padded), resized(&w.gradOffsets, w.padded)
	for q := range w.padded {
		t := min(q, w.tiles-1)
		image, y, x := t/w.perImage, t%w.perImage/(w.ow/4), t%(w.ow/4)
		in[q] = int32(4 * (image*w.win.channelPitch + 4*y*w.win.rowPitch + 4*x))
		grad[q] = int32(4 * (image*w.s.Cout*w.oh*w.ow + 4*y*w.ow + 4*x))
	}
}

// run implements task.
func (w *winogradWeight) run(i int, s *scratch) {
	inputs := w.inItems()
	switch {
	case w.step == stepCorrelate && w.turned:
		w.multiply(i, s)
	case w.step == stepCorrelate:
		w.correlate(i, s)
	case w.step == stepFilters:
		w.finish(i, s)
	case i >= inputs:
		w.transformGrad(i-inputs, s)
	case w.turned:
		w.transformTurned(8*i, s)
	default:
		w.transformInput(i, w.v[i*w.padded:], w.vPlane, s)
	}
}

// transformInput transforms the tiles of input channel c to dst.
func (w *winogradWeight) transformInput(c int, dst []float32, dstPlane int, s *scratch) {
	images := w.tiles / w.perImage
	copied := s.floats(0, images*w.win.channelPitch)
	plane := w.s.H * w.s.W
	for i := range images {
		w.win.fill(copied[i*w.win.channelPitch:], w.x[((w.first+i)*w.s.Cin+c)*plane:], 0, s)
	}
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&copied[0]), dst: unsafe.Pointer(&dst[0]), tmp: unsafe.Pointer(&s.winoTmp[0]),
		offsets: unsafe.Pointer(&w.inOffsets[0]), row: 4 * w.win.rowPitch, xi: 4 * dstPlane, groups: w.padded / 8}
	callWino(w.variant.winoInput, a)
}

// transformTurned transforms the tiles of eight input channels from c on and transposes them.
func (w *winogradWeight) transformTurned(c int, s *scratch) {
	plane := 8*w.padded + 16
	tiles := s.floats(1, planes*plane)
	n := min(8, w.s.Cin-c)
	for k := range n {
		w.transformInput(c+k, tiles[k*w.padded:], plane, s)
	}
	for xi := 0; n < 8 && xi < planes; xi++ {
		clear(tiles[xi*plane+n*w.padded : xi*plane+8*w.padded])
	}
	s.planes = planeArgs{a: unsafe.Pointer(&tiles[0]), as: 4 * w.padded, nextA: 4 * plane, k: w.padded / 8, n: planes,
		b: unsafe.Pointer(&w.v[c/w.width*w.width*w.padded+c%w.width]), nextB: 4 * w.vPlane, nextC: 4 * w.width}
	callPlanes(w.variant.turn, &s.planes)
}

// multiply computes the transformed gradient for a panel of output channels and a block of input channels.
func (w *winogradWeight) multiply(i int, s *scratch) {
	block := i / w.panels
	first, size := panel(w.s.Cout, w.panels, i%w.panels)
	s.planes = planeArgs{a: unsafe.Pointer(&w.m[first*w.padded]), as: 4 * w.padded, nextA: 4 * w.mPlane,
		b: unsafe.Pointer(&w.v[block*w.width*w.padded]), nextB: 4 * w.vPlane, k: w.padded, n: planes,
		c: unsafe.Pointer(&w.u[(block*w.s.Cout+first)*w.width]), nextC: 4 * w.uPlane}
	callPlanes(w.variant.planes[size], &s.planes)
}

// transformGrad transforms the tiles of output channel o, with zeros in place of the tiles past the last.
func (w *winogradWeight) transformGrad(o int, s *scratch) {
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&w.dy[(w.first*w.s.Cout+o)*w.oh*w.ow]), dst: unsafe.Pointer(&w.m[o*w.padded]),
		tmp: unsafe.Pointer(&s.winoTmp[0]), offsets: unsafe.Pointer(&w.gradOffsets[0]), row: 4 * w.ow, xi: 4 * w.mPlane, groups: w.padded / 8}
	callWino(w.variant.winoGrad, a)
	if w.tiles < w.padded {
		for xi := range planes {
			clear(w.m[xi*w.mPlane+o*w.padded+w.tiles : xi*w.mPlane+(o+1)*w.padded])
		}
	}
}

// correlate adds plane xi of the transformed gradient, three input channels at a time; columns past the last are junk.
func (w *winogradWeight) correlate(xi int, s *scratch) {
	lanes := w.variant.lanes
	places := resized(&s.places, w.padded/lanes)
	for i := range places {
		places[i] = place{y: int32(4 * i * lanes), x: int32(4 * i * lanes)}
	}
	a := &s.dot
	*a = dotArgs{table: unsafe.Pointer(&places[0]), full: len(places), ychan: 4 * w.padded, ldout: 4 * w.uRow, acc: w.first}
	v, m, u := w.v[xi*w.vPlane:], w.m[xi*w.mPlane:], w.u[xi*w.uPlane:]
	panels := ceilDiv(w.s.Cout, len(w.variant.dot)-1)
	for p := range panels {
		first, size := panel(w.s.Cout, panels, p)
		a.y = unsafe.Pointer(&m[first*w.padded])
		for c := 0; c < w.s.Cin; c += 3 {
			a.x0 = unsafe.Pointer(&v[c*w.padded])
			a.x1 = unsafe.Pointer(&v[min(c+1, w.s.Cin-1)*w.padded])
			a.x2 = unsafe.Pointer(&v[min(c+2, w.s.Cin-1)*w.padded])
			a.out = unsafe.Pointer(&u[first*w.uRow+c])
			callDot(w.variant.dot[size], a)
		}
	}
}

// finish transforms the gradients of output channel o's filters back.
func (w *winogradWeight) finish(o int, s *scratch) {
	row := w.dw[o*w.s.Cin*9 : (o+1)*w.s.Cin*9]
	if !w.turned {
		w.finishRow(row, w.u[o*w.uRow:], s)
		return
	}
	for b := range w.inBlocks {
		w.finishRow(row[b*w.width*9:min((b+1)*w.width, w.s.Cin)*9], w.u[(b*w.s.Cout+o)*w.width:], s)
	}
}

// finishRow transforms one row of filters, nine values each, from the first of the planes u.
func (w *winogradWeight) finishRow(row, u []float32, s *scratch) {
	whole := len(row) / 72
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&u[0]), tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * w.uPlane}
	if whole > 0 {
		a.dst, a.groups = unsafe.Pointer(&row[0]), whole
		callWino(w.variant.winoFilterGrad, a)
	}
	if rest := row[whole*72:]; len(rest) > 0 {
		part := s.floats(0, 72)
		a.src, a.dst, a.groups = unsafe.Pointer(&u[8*whole]), unsafe.Pointer(&part[0]), 1
		callWino(w.variant.winoFilterGrad, a)
		copy(rest, part)
	}
}
