package simd

import "unsafe"

// gather is a convolution with any taps: for each image, group and output channel o of the group,
//
//	dst[o, oy·dstRow+ox] = bias[o] + Σ_{c, tap} weights[o·wOut + c·wIn + tap.w] · padded[c, oy·strideY+tap.row, ox·strideX+tap.col]
//
// The forward pass and the gradient of the input are both this. An item of its work is a band of output rows of one
// image for some of a group's output channels.
type gather struct {
	variant *variant
	images  int
	groups  int

	src                 []float32
	srcImage, srcPlane  int // floats between images and between channels
	in                  int // channels of a group that are summed over
	win                 window
	strideY             int
	taps                []gatherTap
	weights             []float32
	wGroup, wOut, wIn   int
	dst                 []float32
	dstImage, dstPlane  int
	dstRow              int
	out                 int // output channels of a group
	oh, ow              int
	bias                []float32
	then                Finish
	band, bands         int // output rows of an item, and how many items an image is cut into that way
	chunk, chunks       int // kernel panels of a unit, and units of a group
	units, parts        int // units of an item, and items of a band
	panels              int // of a group
	block, maxRow, maxC int // input channels at a time; largest tap
}

type gatherTap struct{ row, col, w int }

// Budgets of one item: terms per kernel call, and bytes of window, which should stay in the second-level cache.
const (
	gatherTerms = 400
	gatherBytes = 256 << 10
)

var gathers freeList[gather]

// execute cuts the work into items and runs them.
func (g *gather) execute() {
	threads := Threads()
	g.maxRow, g.maxC = 0, 0
	for _, t := range g.taps {
		g.maxRow, g.maxC = max(g.maxRow, t.row), max(g.maxC, t.col)
	}
	blocks := ceilDiv(g.in, max(1, gatherTerms/len(g.taps)))
	g.block = ceilDiv(g.in, blocks)
	cols := (g.ow-1)*g.win.strideX + g.maxC + 1
	perRow := 4 * g.block * cols * g.strideY
	g.bands = ceilDiv(g.oh*perRow, max(gatherBytes, 4*perRow))
	g.band = ceilDiv(g.oh, g.bands)
	g.bands = ceilDiv(g.oh, g.band)
	g.win.layout((g.band-1)*g.strideY+g.maxRow+1, cols)
	g.panels = ceilDiv(g.out, len(g.variant.tile)-1)
	wanted := ceilDiv(4*threads, g.images*g.bands)
	g.chunks = min(g.panels, ceilDiv(wanted, g.groups))
	g.chunk = ceilDiv(g.panels, g.chunks)
	g.chunks = ceilDiv(g.panels, g.chunk)
	g.parts = max(g.chunks, min(g.groups, wanted))
	g.units = ceilDiv(g.groups*g.chunks, g.parts)
	g.parts = ceilDiv(g.groups*g.chunks, g.units)
	dispatch(g.images*g.bands*g.parts, g)
}

// run implements task.
func (g *gather) run(i int, s *scratch) {
	i, part := i/g.parts, i%g.parts
	image, band := i/g.bands, i%g.bands
	y0 := band * g.band
	g.places(min(g.band, g.oh-y0), s)
	for u := part * g.units; u < min((part+1)*g.units, g.groups*g.chunks); u++ {
		g.runUnit(image, u/g.chunks, u%g.chunks, y0, s)
	}
}

// runUnit computes some panels of a group's output channels for the band that starts at output row y0.
func (g *gather) runUnit(image, group, chunk, y0 int, s *scratch) {
	a := &s.tile
	for c0 := 0; c0 < g.in; c0 += g.block {
		n := min(g.block, g.in-c0)
		g.load(g.src[image*g.srcImage+(group*g.in+c0)*g.srcPlane:], n, y0, s)
		g.terms(n, s)
		a.as, a.ldc, a.acc = 4*g.wOut, 4*g.dstPlane, c0
		g.then.clampTile(a, c0+n == g.in)
		for p := chunk * g.chunk; p < min((chunk+1)*g.chunk, g.panels); p++ {
			first, size := panel(g.out, g.panels, p)
			a.a = unsafe.Pointer(&g.weights[group*g.wGroup+first*g.wOut+c0*g.wIn])
			a.c = unsafe.Pointer(&g.dst[image*g.dstImage+(group*g.out+first)*g.dstPlane+y0*g.dstRow])
			a.bias = nil
			if g.bias != nil && c0 == 0 {
				a.bias = unsafe.Pointer(&g.bias[group*g.out+first])
			}
			if g.depthwise() {
				callTile(g.variant.depth, a)
			} else {
				callTile(g.variant.tile[size], a)
			}
		}
	}
}

// depthwise tells whether every group has one channel in and out.
func (g *gather) depthwise() bool { return g.in == 1 && g.out == 1 }

// load copies n channels of the inputs of the band that starts at output row y0.
func (g *gather) load(planes []float32, n, y0 int, s *scratch) {
	in := s.floats(0, n*g.win.channelPitch)
	for c := range n {
		g.win.fill(in[c*g.win.channelPitch:], planes[c*g.srcPlane:], y0*g.strideY, s)
	}
	s.tile.b = unsafe.Pointer(&in[0])
}

// terms lists the terms of the sum over n channels.
func (g *gather) terms(n int, s *scratch) {
	table := resized(&s.taps, n*len(g.taps))
	i := 0
	for c := range n {
		for _, t := range g.taps {
			table[i] = tap{b: int32(4 * (c*g.win.channelPitch + g.win.at(t.row, t.col))), a: int32(4 * (c*g.wIn + t.w))}
			i++
		}
	}
	s.tile.table, s.tile.k = unsafe.Pointer(&table[0]), len(table)
}

// places lists the vectors of a band of rows, two to a tile, or six in a depthwise convolution. The last tile is filled up
// with vectors of no lanes.
func (g *gather) places(rows int, s *scratch) {
	if g.depthwise() {
		g.widePlaces(rows, s)
		return
	}
	lanes := g.variant.lanes
	tiles := resized(&s.tiles, ceilDiv(rows*ceilDiv(g.ow, lanes), 2))
	clear(tiles)
	v := 0
	for y := range rows {
		for x := 0; x < g.ow; x += lanes {
			t := &tiles[v/2]
			t.b[v%2], t.c[v%2], t.n[v%2] = g.vector(x, y, lanes)
			v++
		}
	}
	s.tile.tiles, s.tile.count = unsafe.Pointer(&tiles[0]), len(tiles)
}

// widePlaces is places for the depth kernel.
func (g *gather) widePlaces(rows int, s *scratch) {
	lanes := g.variant.lanes
	tiles := resized(&s.wide, ceilDiv(rows*ceilDiv(g.ow, lanes), wideVectors))
	clear(tiles)
	v := 0
	for y := range rows {
		for x := 0; x < g.ow; x += lanes {
			t := &tiles[v/wideVectors]
			t.b[v%wideVectors], t.c[v%wideVectors], t.n[v%wideVectors] = g.vector(x, y, lanes)
			v++
		}
	}
	s.tile.tiles, s.tile.count = unsafe.Pointer(&tiles[0]), len(tiles)
}

// vector is where the vector of output pixels from (x, y) on reads and writes, in bytes, and how many of its lanes exist.
func (g *gather) vector(x, y, lanes int) (b, c, n int32) {
	return int32(4 * (y*g.strideY*g.win.rowPitch + x)), int32(4 * (y*g.dstRow + x)), int32(min(lanes, g.ow-x))
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// panel cuts n things into panels of nearly equal size and returns where panel i starts and how many it has.
func panel(n, panels, i int) (first, size int) {
	small, larger := n/panels, n%panels
	if i < larger {
		return i * (small + 1), small + 1
	}
	return i*small + larger, small
}
