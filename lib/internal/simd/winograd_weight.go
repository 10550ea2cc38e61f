package simd

import "unsafe"

// winogradWeight is the gradient of a 3×3 convolution's weights by Winograd's filtering: the transposed algorithm, in which
// 36 products of transformed tiles, summed over the tiles, give the transformed gradient. Input channels are the kernels' vector
// lanes, so the input's tiles are transposed.
type winogradWeight struct {
	variant                *variant
	s                      ConvShape
	dw, x, dy              []float32
	oh, ow                 int
	win                    window
	perImage               int       // tiles
	first                  int       // image of the current block of the batch
	tiles, padded          int       // of the block, and rounded up to whole vectors
	width, inBlocks        int       // input channels of a kernel call, and blocks of so many
	groups                 int       // of groupChannels output channels
	v                      []float32 // (inBlocks, 36, padded, width), from x
	m                      []float32 // (groups, 36, groupChannels, padded), from dy
	vPlane, mPlane         int
	inOffsets, gradOffsets []int32
	multiplying            bool // the second step: products and the filters' transform
}

var winogradWeights freeList[winogradWeight]

// winoWeightBytes limits the transformed tiles of a block of the batch. turnTiles is how many tiles of width channels are transformed
// before they are transposed; they should stay in the second-level cache.
const (
	winoWeightBytes = 8 << 20
	turnTiles       = 64
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
	images := min(s.B, max(1, winoWeightBytes/(4*planes*w.perImage*(s.Cin+s.Cout))))
	w.width = 2 * v.lanes
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

// count lays out the tiles of some images, and lists where they stand in one channel's padded copies and in one channel of dy.
func (w *winogradWeight) count(images int) {
	w.tiles = images * w.perImage
	w.padded = ceilDiv(w.tiles, w.variant.lanes) * w.variant.lanes
	w.vPlane, w.mPlane = w.width*w.padded+16, groupChannels*w.padded+16
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
	switch {
	case w.multiplying:
		w.multiply(i/w.groups, i%w.groups, s)
	case i < w.inBlocks:
		w.transformInput(i, s)
	default:
		w.transformGrad(i-w.inBlocks, s)
	}
}

// transformInput transforms and transposes the tiles of a block of input channels, with zeros in place of channels past the last.
func (w *winogradWeight) transformInput(block int, s *scratch) {
	c0 := block * w.width
	n := min(w.width, w.s.Cin-c0)
	for t0 := 0; t0 < w.padded; t0 += turnTiles {
		tiles := min(turnTiles, w.padded-t0)
		plane := w.width*tiles + 16
		turned := s.floats(1, planes*plane)
		for k := range n {
			w.transformChannel(c0+k, t0, tiles, turned[k*tiles:], plane, s)
		}
		for xi := 0; n < w.width && xi < planes; xi++ {
			clear(turned[xi*plane+n*tiles : (xi+1)*plane])
		}
		for k := 0; k < w.width; k += 8 {
			s.planes = planeArgs{a: unsafe.Pointer(&turned[k*tiles]), as: 4 * tiles, nextA: 4 * plane, k: tiles / 8, n: planes,
				b: unsafe.Pointer(&w.v[block*planes*w.vPlane+t0*w.width+k]), nextB: 4 * w.vPlane, nextC: 4 * w.width}
			callPlanes(w.variant.turn, &s.planes)
		}
	}
}

// transformChannel transforms some tiles from t0 on of input channel c to dst.
func (w *winogradWeight) transformChannel(c, t0, tiles int, dst []float32, plane int, s *scratch) {
	copied := s.floats(0, ceilDiv(w.tiles, w.perImage)*w.win.channelPitch)
	last := min(t0+tiles, w.tiles) - 1
	tilesX, size := w.ow/4, w.s.H*w.s.W
	win := w.win
	for image := min(t0, last) / w.perImage; image <= last/w.perImage; image++ {
		from := max(t0-image*w.perImage, 0) / tilesX * 4
		win.rows = min(last-image*w.perImage, w.perImage-1)/tilesX*4 + 6 - from
		win.fill(copied[image*w.win.channelPitch+from*w.win.rowPitch:], w.x[((w.first+image)*w.s.Cin+c)*size:], from, s)
	}
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&copied[0]), dst: unsafe.Pointer(&dst[0]), tmp: unsafe.Pointer(&s.winoTmp[0]),
		offsets: unsafe.Pointer(&w.inOffsets[t0]), row: 4 * w.win.rowPitch, xi: 4 * plane, groups: tiles / 8}
	callWino(w.variant.winoInput, a)
}

// transformGrad transforms the tiles of output channel o, with zeros in place of the tiles past the last.
func (w *winogradWeight) transformGrad(o int, s *scratch) {
	dst := w.m[o/groupChannels*planes*w.mPlane+o%groupChannels*w.padded:]
	a := &s.wino
	*a = winoArgs{src: unsafe.Pointer(&w.dy[(w.first*w.s.Cout+o)*w.oh*w.ow]), dst: unsafe.Pointer(&dst[0]),
		tmp: unsafe.Pointer(&s.winoTmp[0]), offsets: unsafe.Pointer(&w.gradOffsets[0]), row: 4 * w.ow, xi: 4 * w.mPlane, groups: w.padded / 8}
	callWino(w.variant.winoGrad, a)
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
		row := w.dw[(first+o)*w.s.rowW():]
		w.finish(row[c0*9:c1*9], u[o*w.width:], plane, s)
	}
}

// finish transforms the gradients of one output channel's filters, nine values each, from the first of the planes u. It sets row or,
// after the first block of the batch, adds to it.
func (w *winogradWeight) finish(row, u []float32, plane int, s *scratch) {
	whole := len(row) / 72
	dst := row
	if w.first > 0 || whole*72 < len(row) {
		dst = s.floats(0, (whole+1)*72)
		whole = ceilDiv(len(row), 72)
	}
	s.wino = winoArgs{src: unsafe.Pointer(&u[0]), dst: unsafe.Pointer(&dst[0]), tmp: unsafe.Pointer(&s.winoTmp[0]), xi: 4 * plane, groups: whole}
	callWino(w.variant.winoFilterGrad, &s.wino)
	switch {
	case w.first > 0:
		s.maps = mapArgs{dst: unsafe.Pointer(&row[0]), a: unsafe.Pointer(&row[0]), b: unsafe.Pointer(&dst[0]), n: len(row)}
		callMap(w.variant.elements.add, &s.maps)
	case len(dst) > len(row):
		copy(row, dst)
	}
}
