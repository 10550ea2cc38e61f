package simd

import "unsafe"

// winogradWeight is the gradient of a 3×3 convolution's weights by Winograd's filtering: the transposed algorithm, in
// which 36 products of transformed tiles, summed over the tiles, give the transformed gradient. Input channels are the
// kernels' vector lanes, so the input's channels are woven together first.
//
// The batch goes through in blocks, which make up sides. An item of the work is a side for some channels; it transforms all
// that it multiplies by itself, also what other items transform as well. For cores do not share what they write: on AMD's,
// writing to a line that another one has read takes as long as computing thirty.
type winogradWeight struct {
	variant         *variant
	kernels         []func(*planeArgs)
	s               ConvShape
	dw, x, dy       []float32
	row             int // of dw
	oh, ow          int
	perImage        int       // tiles
	images          int       // of a block of the batch
	batches         int       // blocks of the batch
	sides           int       // that the blocks of the batch are cut into, whatever the number of threads
	width, inBlocks int       // input channels of a kernel call, and blocks of so many
	groups          int       // of groupChannels output channels
	parts, chunks   int       // items that the blocks of input channels and the groups are cut into
	paired          bool      // tiles of dy are transformed in pairs of neighbours, and those of x stand in the same order
	sums            []float32 // (sides−1, Cout, Cin, 3, 3), of all sides but the first, which sets dw
	adding          bool      // the second step: the sides' sums
}

var winogradWeights freeList[winogradWeight]

// winoWeightBytes limits the transformed tiles of a block of the batch, which should stay in the second-level cache; but a
// block has winoWeightTiles if the batch does. bandTiles is how many tiles of woven channels are copied at a time.
// weightItems is how many items there should be at least.
const (
	winoWeightBytes = 1 << 20
	winoWeightTiles = 64
	bandTiles       = 64
	weightItems     = 8
)

// winoGradWeight is gradWeight by Winograd's filtering, for the shapes that winoFits.
func (v *variant) winoGradWeight(dw, x, dy []float32, s ConvShape) {
	w := winogradWeights.get()
	defer winogradWeights.put(w)
	*w = winogradWeight{variant: v, s: s, dw: dw, x: x, dy: dy, row: s.rowW()}
	w.oh, w.ow = s.Out()
	w.perImage = w.oh / 4 * (w.ow / 4)
	w.images = min(s.B, max(ceilDiv(winoWeightTiles, w.perImage), winoWeightBytes/(4*planes*w.perImage*(s.Cin+s.Cout))))
	w.batches = ceilDiv(s.B, w.images)
	w.paired = v.pairs.grad != nil && w.ow/4%2 == 0 && w.perImage%pairTiles == 0 && w.band()*w.ow/4%pairTiles == 0
	w.kernels, w.width = v.planesFor(s.Cin, 7)
	w.inBlocks, w.groups = ceilDiv(s.Cin, w.width), ceilDiv(s.Cout, groupChannels)
	w.sides = min(w.batches, max(2, ceilDiv(weightItems, w.inBlocks*w.groups)))
	w.parts = min(w.inBlocks, ceilDiv(Threads(), w.sides))
	w.chunks = min(w.groups, ceilDiv(Threads(), w.sides*w.parts))
	if w.sides > 1 {
		w.sums = borrowBuffer((w.sides - 1) * s.Cout * s.Cin * 9)
		defer returnBuffer(w.sums)
	}
	dispatch(w.sides*w.parts*w.chunks, w)
	if w.sides > 1 {
		w.adding = true
		dispatch(ceilDiv(s.Cout, filterRows), w)
	}
}

// A tileBlock is the tiles of some images: how many, also rounded up to whole vectors, and how they stand transformed, v
// (36, padded, width) of a block of input channels and m (groups, 36, groupChannels, mRow) of output channels.
type tileBlock struct {
	image         int // the first one
	tiles, padded int
	vPlane        int
	mRow, mPlane  int
}

func (w *winogradWeight) tileBlock(batch int) tileBlock {
	b := tileBlock{image: batch * w.images}
	b.tiles = min(w.images, w.s.B-b.image) * w.perImage
	b.padded = ceilDiv(b.tiles, w.variant.lanes) * w.variant.lanes
	b.mRow = filterRow(b.padded)
	b.vPlane, b.mPlane = w.width*b.padded+16, groupChannels*b.mRow+16
	return b
}

// gradPlaces lists where the tiles of a block stand in one channel of dy.
func (w *winogradWeight) gradPlaces(b tileBlock, s *scratch) []int32 {
	places := resized(&s.offsets, b.padded)
	for q := range places {
		t := min(q, b.tiles-1)
		if w.paired { // one place for two tiles; the list is only half full
			t = min(2*q, b.tiles-2)
		}
		image, y, x := t/w.perImage, t%w.perImage/(w.ow/4), t%(w.ow/4)
		places[q] = int32(4 * (image*w.s.Cout*w.oh*w.ow + 4*y*w.ow + 4*x))
	}
	return places
}

// band is how many rows of tiles of woven channels are copied at a time.
func (w *winogradWeight) band() int { return max(1, bandTiles/(w.ow/4)) }

// pairPlace is which of sixteen tiles, eight pairs of neighbours, the transforms of pairs put in place i of a vector:
// quarter 0 has the first tiles of pairs 0 to 3, quarter 1 the second ones, and quarters 2 and 3 those of pairs 4 to 7.
func pairPlace(i int) int { return i&^15 + i%16/8*8 + i%4*2 + i/4%2 }

// run implements task.
func (w *winogradWeight) run(i int, s *scratch) {
	if w.adding {
		w.add(i*filterRows, min((i+1)*filterRows, w.s.Cout), s)
		return
	}
	chunk, part, side := i%w.chunks, i/w.chunks%w.parts, i/w.chunks/w.parts
	g0, groups := panel(w.groups, w.chunks, chunk)
	c0, blocks := panel(w.inBlocks, w.parts, part)
	b0, batches := panel(w.batches, w.sides, side)
	for batch := b0; batch < b0+batches; batch++ {
		b := w.tileBlock(batch)
		m := s.floats(2, groups*planes*b.mPlane)
		places := w.gradPlaces(b, s)
		for o := g0 * groupChannels; o < min((g0+groups)*groupChannels, w.s.Cout); o++ {
			at := o - g0*groupChannels
			w.transformGrad(o, b, places, m[at/groupChannels*planes*b.mPlane+at%groupChannels*b.mRow:], s)
		}
		for block := c0; block < c0+blocks; block++ {
			v := s.floats(3, planes*b.vPlane)
			w.transformInput(block, b, v, s)
			for g := range groups {
				w.multiply(side, block, g0+g, batch > b0, b, v, m[g*planes*b.mPlane:], s)
			}
		}
	}
}

// rowOf is where a side has its gradient of the filters of output channel o.
func (w *winogradWeight) rowOf(side, o int) []float32 {
	if side == 0 {
		return w.dw[o*w.row:][:w.s.Cin*9]
	}
	return w.sums[((side-1)*w.s.Cout+o)*w.s.Cin*9:][:w.s.Cin*9]
}

// add adds up the sides, for output channels first to end−1.
func (w *winogradWeight) add(first, end int, s *scratch) {
	for o := first; o < end; o++ {
		for side := 1; side < w.sides; side++ {
			w.addRow(w.rowOf(0, o), w.rowOf(side, o), s)
		}
	}
}

func (w *winogradWeight) addRow(dst, src []float32, s *scratch) {
	s.maps = mapArgs{dst: unsafe.Pointer(&dst[0]), a: unsafe.Pointer(&dst[0]), b: unsafe.Pointer(&src[0]), n: len(dst)}
	callMap(w.variant.elements.add, &s.maps)
}

// transformInput transforms the tiles b of a block of input channels, with zeros in place of tiles past the last; lanes of
// channels past the last hold what the last one has.
func (w *winogradWeight) transformInput(block int, b tileBlock, v []float32, s *scratch) {
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
	for image := range b.tiles / w.perImage {
		for y := 0; y < w.oh/4; y += band {
			n := min(band, w.oh/4-y)
			at := (image*w.perImage + y*tilesX) * w.width
			for c := 0; c < w.width; c += 8 {
				w.weave(woven, block*w.width, c, b.image+image, 4*y, 4*n+2, s)
			}
			for c := 0; c < w.width; c += w.variant.lanes {
				s.wino = winoArgs{src: unsafe.Pointer(&woven[c]), dst: unsafe.Pointer(&v[at+c]), tmp: unsafe.Pointer(&s.winoTmp[0]),
					offsets: unsafe.Pointer(&offsets[0]), row: 4 * row, xi: 4 * b.vPlane, groups: n * tilesX, from: 4 * w.width, to: 4 * w.width}
				callWino(w.variant.winoWoven, &s.wino)
			}
		}
	}
	for xi := range planes {
		clear(v[xi*b.vPlane+b.tiles*w.width : xi*b.vPlane+b.padded*w.width])
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
		a.src[k] = unsafe.Pointer(&w.x[((image*w.s.Cin+channel)*w.s.H+first+lo-w.s.Top)*w.s.W])
	}
	a.dst, a.rows, a.width = unsafe.Pointer(&dst[lo*row+w.s.Left*w.width+lane]), hi-lo, w.s.W
	a.from, a.to, a.step = 4*w.s.W, 4*row, 4*w.width
	callWeave(w.variant.weave, a)
}

// transformGrad transforms the tiles b of output channel o, with zeros in place of the tiles past the last.
func (w *winogradWeight) transformGrad(o int, b tileBlock, places []int32, dst []float32, s *scratch) {
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&w.dy[(b.image*w.s.Cout+o)*w.oh*w.ow]), dst: unsafe.Pointer(&dst[0]),
		tmp: unsafe.Pointer(&s.winoTmp[0]), offsets: unsafe.Pointer(&places[0]), row: 4 * w.ow, xi: 4 * b.mPlane, groups: b.padded / 8}
	kernel := w.variant.wino.grad
	if w.paired {
		kernel, a.groups = w.variant.pairs.grad, b.padded/pairTiles
	}
	callWino(kernel, a)
	for xi := 0; b.tiles < b.padded && xi < planes; xi++ {
		clear(dst[xi*b.mPlane+b.tiles : xi*b.mPlane+b.padded])
	}
}

// multiply computes the gradient of the filters between a group of output channels, whose transformed tiles are m, and a
// block of input channels, v. It sets the side's gradient or, after the side's first block of the batch, adds to it.
func (w *winogradWeight) multiply(side, block, group int, more bool, b tileBlock, v, m []float32, s *scratch) {
	first := group * groupChannels
	channels := min(groupChannels, w.s.Cout-first)
	plane := channels*w.width + 16
	u := s.floats(1, planes*plane)
	panels := ceilDiv(channels, len(w.kernels)-1)
	for p := range panels {
		from, size := panel(channels, panels, p)
		s.planes = planeArgs{a: unsafe.Pointer(&m[from*b.mRow]), as: 4 * b.mRow, nextA: 4 * b.mPlane,
			b: unsafe.Pointer(&v[0]), nextB: 4 * b.vPlane, k: b.padded, panels: 1,
			c: unsafe.Pointer(&u[from*w.width]), nextC: 4 * plane}
		multiplyPlanes(w.kernels[size], &s.planes)
	}
	c0, c1 := block*w.width, min((block+1)*w.width, w.s.Cin)
	for o := range channels {
		w.finish(w.rowOf(side, first+o)[c0*9:c1*9], u[o*w.width:], plane, more, s)
	}
}

// finish transforms the gradients of one output channel's filters, nine values each, from the first of the planes u. It
// sets row or, if there is more in it, adds to it.
func (w *winogradWeight) finish(row, u []float32, plane int, more bool, s *scratch) {
	kernel, group := w.variant.wino.filterGrad, 72
	if k := w.variant.pairs.filterGrad; k != nil { // there are planes of whole vectors to read
		kernel, group = k, 9*pairTiles
	}
	groups := ceilDiv(len(row), group)
	dst := row
	if more || groups*group > len(row) {
		dst = s.floats(0, groups*group)
	}
	s.wino = winoArgs{src: unsafe.Pointer(&u[0]), dst: unsafe.Pointer(&dst[0]), tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * plane, groups: groups}
	if &dst[0] == &row[0] { // the next output channel's row is written next
		s.wino.ahead = 4 * w.row
	}
	callWino(kernel, &s.wino)
	switch {
	case more:
		w.addRow(row, dst, s)
	case len(dst) > len(row):
		copy(row, dst)
	}
}
