package simd

import "unsafe"

// winogradWeight is the gradient of a 3×3 convolution's weights by Winograd's filtering: the transposed algorithm, in
// which 36 products of transformed tiles, summed over the tiles, give the transformed gradient. Input channels are the
// kernels' vector lanes, so the input's channels are woven together first.
type winogradWeight struct {
	variant         *variant
	kernels         []func(*planeArgs)
	s               ConvShape
	dw, x, dy       []float32
	row             int // of dw
	oh, ow          int
	perImage        int       // tiles
	first           int       // image of the current block of the batch
	tiles, padded   int       // of the block, and rounded up to whole vectors
	width, inBlocks int       // input channels of a kernel call, and blocks of so many
	groups          int       // of groupChannels output channels
	v               []float32 // (inBlocks, 36, padded, width), from x
	m               []float32 // (groups, 36, groupChannels, mRow), from dy
	vPlane, mPlane  int
	mRow            int
	gradOffsets     []int32
	paired          bool // tiles of dy are transformed in pairs of neighbours, and those of x stand in the same order
	multiplying     bool // the second step: products and the filters' transform
}

var winogradWeights freeList[winogradWeight]

// winoWeightBytes limits the transformed tiles of a block of the batch, which should stay in the second-level cache; but a
// block has winoWeightTiles if the batch does. bandTiles is how many tiles of woven channels are copied at a time.
const (
	winoWeightBytes = 1 << 20
	winoWeightTiles = 64
	bandTiles       = 64
)

// winoGradWeight is gradWeight by Winograd's filtering, for the shapes that winoFits.
func (v *variant) winoGradWeight(dw, x, dy []float32, s ConvShape) {
	w := winogradWeights.get()
	defer winogradWeights.put(w)
	*w = winogradWeight{variant: v, s: s, dw: dw, x: x, dy: dy, row: s.rowW(), gradOffsets: w.gradOffsets}
	w.oh, w.ow = s.Out()
	w.perImage = w.oh / 4 * (w.ow / 4)
	images := min(s.B, max(ceilDiv(winoWeightTiles, w.perImage), winoWeightBytes/(4*planes*w.perImage*(s.Cin+s.Cout))))
	w.paired = v.pairs.grad != nil && w.ow/4%2 == 0 && w.perImage%pairTiles == 0 && w.band()*w.ow/4%pairTiles == 0
	w.kernels, w.width = v.planesFor(s.Cin, 7)
	w.inBlocks, w.groups = ceilDiv(s.Cin, w.width), ceilDiv(s.Cout, groupChannels)
	w.count(images)
	w.v = borrowBuffer(w.inBlocks*planes*w.vPlane + overread)
	defer returnBuffer(w.v)
	w.m = borrowBuffer(w.groups*planes*w.mPlane + overread)
	defer returnBuffer(w.m)
	for w.first = 0; w.first < s.B; w.first += images {
		w.count(min(images, s.B-w.first))
		w.multiplying = false
		dispatch(w.inBlocks+s.Cout, w)
		w.multiplying = true
		dispatch(w.groups*w.inBlocks, w)
	}
}

// count lays out the tiles of some images, and lists where they stand in one channel of dy.
func (w *winogradWeight) count(images int) {
	w.tiles = images * w.perImage
	w.padded = ceilDiv(w.tiles, w.variant.lanes) * w.variant.lanes
	w.mRow = filterRow(w.padded)
	w.vPlane, w.mPlane = w.width*w.padded+16, groupChannels*w.mRow+16
	grad := resized(&w.gradOffsets, w.padded)
	for q := range w.padded {
		t := min(q, w.tiles-1)
		if w.paired { // one place for two tiles; the list is only half full
			t = min(2*q, w.tiles-2)
		}
		image, y, x := t/w.perImage, t%w.perImage/(w.ow/4), t%(w.ow/4)
		grad[q] = int32(4 * (image*w.s.Cout*w.oh*w.ow + 4*y*w.ow + 4*x))
	}
}

// band is how many rows of tiles of woven channels are copied at a time.
func (w *winogradWeight) band() int { return max(1, bandTiles/(w.ow/4)) }

// pairPlace is which of sixteen tiles, eight pairs of neighbours, the transforms of pairs put in place i of a vector:
// quarter 0 has the first tiles of pairs 0 to 3, quarter 1 the second ones, and quarters 2 and 3 those of pairs 4 to 7.
func pairPlace(i int) int { return i&^15 + i%16/8*8 + i%4*2 + i/4%2 }

// run implements task.
func (w *winogradWeight) run(i int, s *scratch) {
	switch {
	case w.multiplying:
		w.multiply(i/w.groups, i%w.groups, s)
	case i < w.inBlocks:
		w.transformInput(i, s)
	default:
		w.transformGrad(i-w.inBlocks, s)
	}
}

// transformInput transforms the tiles of a block of input channels, with zeros in place of tiles past the last; lanes of
// channels past the last hold what the last one has.
func (w *winogradWeight) transformInput(block int, s *scratch) {
	tilesX := w.ow / 4
	band := w.band()
	row := (w.ow + 2) * w.width
	woven := s.floats(0, (4*band+2)*row+8*w.width)
	clear(woven)
	offsets := resized(&s.offsets, band*tilesX)
	for i := range offsets {
		t := i
		if w.paired {
			t = pairPlace(i)
		}
		offsets[i] = int32(4 * (t/tilesX*4*row + t%tilesX*4*w.width))
	}
	v := w.v[block*planes*w.vPlane:]
	for image := range w.tiles / w.perImage {
		for y := 0; y < w.oh/4; y += band {
			n := min(band, w.oh/4-y)
			at := (image*w.perImage + y*tilesX) * w.width
			for c := 0; c < w.width; c += 8 {
				w.weave(woven, block*w.width, c, image, 4*y, 4*n+2, s)
			}
			for c := 0; c < w.width; c += w.variant.lanes {
				s.wino = winoArgs{src: unsafe.Pointer(&woven[c]), dst: unsafe.Pointer(&v[at+c]), tmp: unsafe.Pointer(&s.winoTmp[0]),
					offsets: unsafe.Pointer(&offsets[0]), row: 4 * row, xi: 4 * w.vPlane, groups: n * tilesX, from: 4 * w.width, to: 4 * w.width}
				callWino(w.variant.winoWoven, &s.wino)
			}
		}
	}
	for xi := range planes {
		clear(v[xi*w.vPlane+w.tiles*w.width : xi*w.vPlane+w.padded*w.width])
	}
}

// weave copies rows of the padded image of eight channels from c+lane on, side by side, to lanes lane, lane+1, … of dst,
// in which the columns left and right of the image are zero. Lane 0 clears the rows beyond the image for all.
func (w *winogradWeight) weave(dst []float32, c, lane, image, first, rows int, s *scratch) {
	row := (w.ow + 2) * w.width
	lo := min(max(w.s.Top-first, 0), rows)
	hi := max(min(w.s.H+w.s.Top-first, rows), lo)
	if lane == 0 {
		clear(dst[:lo*row])
		clear(dst[hi*row : rows*row])
	}
	if lo == hi {
		return
	}
	a := &s.weave
	for k := range a.src {
		channel := min(c+lane+k, w.s.Cin-1)
		a.src[k] = unsafe.Pointer(&w.x[(((w.first+image)*w.s.Cin+channel)*w.s.H+first+lo-w.s.Top)*w.s.W])
	}
	a.dst, a.rows, a.width = unsafe.Pointer(&dst[lo*row+w.s.Left*w.width+lane]), hi-lo, w.s.W
	a.from, a.to, a.step = 4*w.s.W, 4*row, 4*w.width
	callWeave(w.variant.weave, a)
}

// transformGrad transforms the tiles of output channel o, with zeros in place of the tiles past the last.
func (w *winogradWeight) transformGrad(o int, s *scratch) {
	dst := w.m[o/groupChannels*planes*w.mPlane+o%groupChannels*w.mRow:]
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&w.dy[(w.first*w.s.Cout+o)*w.oh*w.ow]), dst: unsafe.Pointer(&dst[0]),
		tmp: unsafe.Pointer(&s.winoTmp[0]), offsets: unsafe.Pointer(&w.gradOffsets[0]), row: 4 * w.ow, xi: 4 * w.mPlane, groups: w.padded / 8}
	kernel := w.variant.wino.grad
	if w.paired {
		kernel, a.groups = w.variant.pairs.grad, w.padded/pairTiles
	}
	callWino(kernel, a)
	for xi := 0; w.tiles < w.padded && xi < planes; xi++ {
		clear(dst[xi*w.mPlane+w.tiles : xi*w.mPlane+w.padded])
	}
}

// multiply computes the gradient of the filters between a group of output channels and a block of input channels.
func (w *winogradWeight) multiply(block, group int, s *scratch) {
	first := group * groupChannels
	channels := min(groupChannels, w.s.Cout-first)
	plane := channels*w.width + 16
	u := s.floats(1, planes*plane)
	panels := ceilDiv(channels, len(w.kernels)-1)
	for p := range panels {
		from, size := panel(channels, panels, p)
		s.planes = planeArgs{a: unsafe.Pointer(&w.m[group*planes*w.mPlane+from*w.mRow]), as: 4 * w.mRow, nextA: 4 * w.mPlane,
			b: unsafe.Pointer(&w.v[block*planes*w.vPlane]), nextB: 4 * w.vPlane, k: w.padded, panels: 1,
			c: unsafe.Pointer(&u[from*w.width]), nextC: 4 * plane}
		multiplyPlanes(w.kernels[size], &s.planes)
	}
	c0, c1 := block*w.width, min((block+1)*w.width, w.s.Cin)
	for o := range channels {
		row := w.dw[(first+o)*w.row:]
		w.finish(row[c0*9:c1*9], u[o*w.width:], plane, s)
	}
}

// finish transforms the gradients of one output channel's filters, nine values each, from the first of the planes u. It
// sets row or, after the first block of the batch, adds to it.
func (w *winogradWeight) finish(row, u []float32, plane int, s *scratch) {
	kernel, group := w.variant.wino.filterGrad, 72
	if k := w.variant.pairs.filterGrad; k != nil { // there are planes of whole vectors to read
		kernel, group = k, 9*pairTiles
	}
	groups := ceilDiv(len(row), group)
	dst := row
	if w.first > 0 || groups*group > len(row) {
		dst = s.floats(0, groups*group)
	}
	s.wino = winoArgs{src: unsafe.Pointer(&u[0]), dst: unsafe.Pointer(&dst[0]), tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * plane, groups: groups}
	callWino(kernel, &s.wino)
	switch {
	case w.first > 0:
		s.maps = mapArgs{dst: unsafe.Pointer(&row[0]), a: unsafe.Pointer(&row[0]), b: unsafe.Pointer(&dst[0]), n: len(row)}
		callMap(w.variant.elements.add, &s.maps)
	case len(dst) > len(row):
		copy(row, dst)
	}
}
