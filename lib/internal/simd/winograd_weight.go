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
	u                      []float32 // (36, Cout, uRow), unless turned
	uRow, uPlane           int
	inOffsets, gradOffsets []int32
	step                   int
	turned                 bool // few tiles: v is (inBlocks, 36, tiles, width) and m (groups, 36, channels, tiles)
	width, inBlocks        int
	groups                 int // of groupChannels output channels
}

var winogradWeights freeList[winogradWeight]

// Steps of winogradWeight.
const (
	stepTransform = iota // channels of x, then of dy
	stepCorrelate        // planes, or turned: output channels with input channels
	stepFinish           // output channels, unless turned
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
	if w.turned {
		w.runTurned()
		return
	}
	most := ceilDiv(w.images*w.perImage, v.lanes)*v.lanes + 16
	w.v = borrowBuffer(planes*(s.Cin*most+16) + overread)
	defer returnBuffer(w.v)
	w.m = borrowBuffer(planes*(s.Cout*most+16) + overread)
	defer returnBuffer(w.m)
	w.u = borrowBuffer(planes*w.uPlane + overread)
	defer returnBuffer(w.u)
	for w.first = 0; w.first < s.B; w.first += w.images {
		w.runBlock(min(w.images, s.B-w.first))
	}
	w.step = stepFinish
	dispatch(s.Cout, w)
}

// runTurned computes everything with channels as vector lanes.
func (w *winogradWeight) runTurned() {
	w.count(w.s.B)
	w.groups = ceilDiv(w.s.Cout, groupChannels)
	w.vPlane, w.mPlane = w.width*w.padded+16, groupChannels*w.padded+16
	w.v = borrowBuffer(w.inBlocks*planes*w.vPlane + overread)
	defer returnBuffer(w.v)
	w.m = borrowBuffer(w.groups*planes*w.mPlane + overread)
	defer returnBuffer(w.m)
	w.step = stepTransform
	dispatch(w.inItems()+w.s.Cout, w)
	w.step = stepCorrelate
	dispatch(w.groups*w.inBlocks, w)
}

// runBlock adds the correlations of some images.
func (w *winogradWeight) runBlock(images int) {
	w.count(images)
	w.step = stepTransform
	dispatch(w.s.Cin+w.s.Cout, w)
	w.step = stepCorrelate
	dispatch(planes, w)
}

// count lays out the tiles of some images.
func (w *winogradWeight) count(images int) {
	w.tiles = images * w.perImage
	w.padded = ceilDiv(w.tiles, w.variant.lanes) * w.variant.lanes
	w.vPlane, w.mPlane = w.s.Cin*w.padded+16, w.s.Cout*w.padded+16
	w.place()
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
	case w.step == stepFinish:
		w.finishRow(w.dw[i*w.s.Cin*9:(i+1)*w.s.Cin*9], w.u[i*w.uRow:], w.uPlane, s)
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
		b: unsafe.Pointer(&w.v[c/w.width*planes*w.vPlane+c%w.width]), nextB: 4 * w.vPlane, nextC: 4 * w.width}
	callPlanes(w.variant.turn, &s.planes)
}

// multiply computes the gradient of the filters between a group of output channels and a block of input channels.
func (w *winogradWeight) multiply(i int, s *scratch) {
	block, group := i/w.groups, i%w.groups
	first := group * groupChannels
	channels := min(groupChannels, w.s.Cout-first)
	plane := channels*w.width + 16
	u := s.floats(1, planes*plane)
	panels := ceilDiv(channels, len(w.variant.planes)-1)
	for p := range panels {
		from, size := panel(channels, panels, p)
		s.planes = planeArgs{a: unsafe.Pointer(&w.m[group*planes*w.mPlane+from*w.padded]), as: 4 * w.padded, nextA: 4 * w.mPlane,
			b: unsafe.Pointer(&w.v[block*planes*w.vPlane]), nextB: 4 * w.vPlane, k: w.padded, panels: 1,
			c: unsafe.Pointer(&u[from*w.width]), nextC: 4 * plane}
		multiplyPlanes(w.variant.planes[size], &s.planes)
	}
	c0, c1 := block*w.width, min((block+1)*w.width, w.s.Cin)
	for o := range channels {
		row := w.dw[(first+o)*w.s.Cin*9:]
		w.finishRow(row[c0*9:c1*9], u[o*w.width:], plane, s)
	}
}

// transformGrad transforms the tiles of output channel o, with zeros in place of the tiles past the last.
func (w *winogradWeight) transformGrad(o int, s *scratch) {
	a := &s.wino
	dst := w.m[o*w.padded:]
	if w.turned {
		dst = w.m[o/groupChannels*planes*w.mPlane+o%groupChannels*w.padded:]
	}
	*a = winoArgs{src: unsafe.Pointer(&w.dy[(w.first*w.s.Cout+o)*w.oh*w.ow]), dst: unsafe.Pointer(&dst[0]),
		tmp: unsafe.Pointer(&s.winoTmp[0]), offsets: unsafe.Pointer(&w.gradOffsets[0]), row: 4 * w.ow, xi: 4 * w.mPlane, groups: w.padded / 8}
	callWino(w.variant.winoGrad, a)
	if w.tiles < w.padded {
		for xi := range planes {
			clear(dst[xi*w.mPlane+w.tiles : xi*w.mPlane+w.padded])
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

// finishRow transforms the gradients of one output channel's filters back: nine values each, from the first of the planes u.
func (w *winogradWeight) finishRow(row, u []float32, plane int, s *scratch) {
	whole := len(row) / 72
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&u[0]), tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * plane}
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
