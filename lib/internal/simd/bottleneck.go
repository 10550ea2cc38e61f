package simd

import (
	"fmt"
	"unsafe"
)

// A Bottleneck is an inverted residual block (Sandler et al., arXiv 1801.04381): a 1×1 convolution from In to Wide
// channels, a depthwise K×K one, both clamped to Lo…Hi, and a 1×1 one to Out channels; if Add, the input is added.
type Bottleneck struct {
	In, Wide, Out       int
	Expand, ExpandBias  []float32 // (Wide,In) and (Wide); nil for no such convolution, with Wide = In
	Depth, DepthBias    []float32 // (Wide,K,K) and (Wide)
	Project, OutputBias []float32 // (Out,Wide) and (Out)
	Lo, Hi              float32
	Add                 bool
}

// check panics unless the block fits the shape of its depthwise convolution.
func (b *Bottleneck) check(s ConvShape) {
	s.check()
	if s.Groups != b.Wide || s.Cin != b.Wide || s.Cout != b.Wide {
		panic(fmt.Sprintf("simd: bottleneck of %d channels with depthwise convolution %+v", b.Wide, s))
	}
	oh, ow := s.Out()
	if b.Expand == nil && b.In != b.Wide || b.Add && (b.In != b.Out || oh != s.H || ow != s.W) {
		panic(fmt.Sprintf("simd: bottleneck of %d, %d and %d channels with depthwise convolution %+v: shapes differ", b.In, b.Wide, b.Out, s))
	}
	if b.Expand != nil {
		sized("expand", b.Expand, b.Wide*b.In)
		sized("expand's bias", b.ExpandBias, b.Wide)
	}
	sized("depth", b.Depth, s.lenW())
	sized("depth's bias", b.DepthBias, b.Wide)
	sized("project", b.Project, b.Out*b.Wide)
	sized("output's bias", b.OutputBias, b.Out)
}

// InvertedBottleneck sets y (B,Out,OH,OW) to the block's output for x (B,In,H,W), where s is the shape of its depthwise
// convolution. What lies between its convolutions is never written to memory as a whole. It equals, but for rounding,
//
//	e = clamp(conv(x, Expand) + ExpandBias)
//	d = clamp(conv(e, Depth) + DepthBias)
//	y = conv(d, Project) + OutputBias, + x if Add
//
// The same bits come out for any Threads() and any B.
func InvertedBottleneck(y, x []float32, b *Bottleneck, s ConvShape) {
	b.check(s)
	oh, ow := s.Out()
	y, x = sized("y", y, s.B*b.Out*oh*ow), sized("x", x, s.B*b.In*s.H*s.W)
	if active.lanes == 0 {
		plainBottleneck(y, x, b, s)
		return
	}
	j := bottleneckJobs.get()
	defer bottleneckJobs.put(j)
	*j = bottleneckJob{variant: active, block: b, s: s, y: y, x: x, oh: oh, ow: ow}
	j.win = window{top: s.Top, left: s.Left, strideX: s.StrideW, height: s.H, width: s.W}
	j.plan()
	dispatch(s.B*j.bands, j)
	*j = bottleneckJob{}
}

// plainBottleneck is the definition.
func plainBottleneck(y, x []float32, b *Bottleneck, s ConvShape) {
	clamp := Finish{Clamp: true, Lo: b.Lo, Hi: b.Hi}
	oh, ow := s.Out()
	point := ConvShape{B: s.B, Cin: b.In, H: s.H, W: s.W, Cout: b.Wide, KH: 1, KW: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}
	e := x
	if b.Expand != nil {
		e = make([]float32, point.lenY())
		plainConv2D(e, x, b.Expand, b.ExpandBias, point, clamp)
	}
	d := make([]float32, s.lenY())
	plainConv2D(d, e, b.Depth, b.DepthBias, s, clamp)
	point.Cin, point.Cout, point.H, point.W = b.Wide, b.Out, oh, ow
	if b.Add {
		copy(y, x)
	}
	plainConv2D(y, d, b.Project, b.OutputBias, point, Finish{Add: b.Add})
}

// bottleneckJob is a block in progress. An item of its work is a band of output rows of one image. For a chunk of the wide
// channels at a time it expands the rows of x that the band sees into the window of the depthwise convolution, whose
// output goes straight into the panels that the last product reads; the products of all chunks are added up in y.
type bottleneckJob struct {
	variant       *variant
	block         *Bottleneck
	s             ConvShape
	y, x          []float32
	oh, ow        int
	win           window // of the expanded map, and of x before
	band, bands   int    // output rows of an item, and items of an image
	chunk, chunks int    // wide channels at a time
	panels        int    // two vectors of output pixels each, of a full band
}

var bottleneckJobs freeList[bottleneckJob]

// Budgets in bytes: of what an item keeps, which should stay in the second-level cache, and of what it keeps of a chunk.
const (
	bottleneckBytes = 512 << 10
	chunkBytes      = 256 << 10
)

// plan cuts the work into bands, chunks and kernel panels. How the chunks are cut must not depend on the number of
// threads, because the order of the sums does on that.
func (j *bottleneckJob) plan() {
	chunk := min(j.block.Wide, 2*j.rows())
	j.band = j.oh
	for j.layout(); j.band > 1 && j.bytes(chunk) > bottleneckBytes; j.layout() {
		j.band = min(j.band-1, ceilDiv(j.oh, ceilDiv(j.oh, j.band)+1)) // one more band can leave the height as it is
	}
	for next := chunk + j.rows(); next <= j.block.Wide && j.bytes(next)-j.bytes(0) <= chunkBytes; next += j.rows() {
		chunk = next
	}
	j.chunks = ceilDiv(j.block.Wide, chunk)
	j.chunk = ceilDiv(j.block.Wide, j.chunks)
	if least := ceilDiv(2*Threads(), j.s.B); Threads() > 1 && ceilDiv(j.oh, j.band) < least {
		j.band = ceilDiv(j.oh, least)
		j.layout()
	}
	j.bands = ceilDiv(j.oh, j.band)
}

// rows is how many rows the largest tile has.
func (j *bottleneckJob) rows() int { return len(j.variant.tile) - 1 }

// layout computes what depends on the band.
func (j *bottleneckJob) layout() {
	s := &j.s
	j.win.layout((j.band-1)*s.StrideH+(s.KH-1)*s.DilationH+1, (j.ow-1)*s.StrideW+(s.KW-1)*s.DilationW+1)
	j.panels = ceilDiv(j.band*ceilDiv(j.ow, j.variant.lanes), 2)
}

// bytes is what an item keeps, of a chunk of so many channels.
func (j *bottleneckJob) bytes(chunk int) int {
	in := j.block.In
	if j.block.Expand == nil {
		in = 0
	}
	return 4 * ((in+chunk)*j.win.channelPitch + j.panels*panelFloats(2*j.variant.lanes, chunk))
}

// run implements task.
func (j *bottleneckJob) run(i int, s *scratch) {
	image, y0 := i/j.bands, i%j.bands*j.band
	rows := min(j.band, j.oh-y0)
	x := j.x[image*j.block.In*j.s.H*j.s.W:]
	y := j.y[(image*j.block.Out*j.oh+y0)*j.ow:]
	if j.block.Expand != nil {
		in := s.floats(0, j.block.In*j.win.channelPitch)
		for c := range j.block.In {
			j.win.fill(in[c*j.win.channelPitch:], x[c*j.s.H*j.s.W:], y0*j.s.StrideH, s)
		}
		clear(s.floats(1, j.chunk*j.win.channelPitch)) // what is beyond the image stays zero
	}
	if j.block.Add {
		for o := range j.block.Out {
			copy(y[o*j.oh*j.ow:][:rows*j.ow], x[(o*j.s.H+y0)*j.s.W:])
		}
	}
	for c := range j.chunks {
		first, n := panel(j.block.Wide, j.chunks, c)
		if j.block.Expand != nil {
			j.expand(first, n, y0, s)
		} else {
			j.load(x[first*j.s.H*j.s.W:], n, y0, s)
		}
		j.depthwise(first, n, rows, s)
		j.project(y, first, n, rows, s)
	}
}

// load copies n channels of x into the window of the depthwise convolution.
func (j *bottleneckJob) load(x []float32, n, y0 int, s *scratch) {
	wide := s.floats(1, j.chunk*j.win.channelPitch)
	for c := range n {
		j.win.fill(wide[c*j.win.channelPitch:], x[c*j.s.H*j.s.W:], y0*j.s.StrideH, s)
	}
}

// expand computes n channels, from first on, in the window of the depthwise convolution. Both windows have one layout.
func (j *bottleneckJob) expand(first, n, y0 int, s *scratch) {
	in, wide := s.floats(0, j.block.In*j.win.channelPitch), s.floats(1, j.chunk*j.win.channelPitch)
	table := resized(&s.taps, j.block.In)
	for t := range table {
		table[t] = tap{b: int32(4 * t * j.win.channelPitch), a: int32(4 * t)}
	}
	j.windowPlaces(y0, s)
	a := &s.tile
	a.b, a.as, a.ldc, a.acc = unsafe.Pointer(&in[0]), 4*j.block.In, 4*j.win.channelPitch, 0
	a.table, a.k = unsafe.Pointer(&table[0]), len(table)
	j.clamp().clampTile(a, true)
	panels := ceilDiv(n, j.rows())
	for p := range panels {
		from, size := panel(n, panels, p)
		a.a, a.bias = unsafe.Pointer(&j.block.Expand[(first+from)*j.block.In]), unsafe.Pointer(&j.block.ExpandBias[first+from])
		a.c = unsafe.Pointer(&wide[from*j.win.channelPitch])
		callTile(j.variant.tile[size], a)
	}
}

func (j *bottleneckJob) clamp() Finish { return Finish{Clamp: true, Lo: j.block.Lo, Hi: j.block.Hi} }

// windowPlaces lists the vectors of the window that stand for pixels of the image, two to a tile.
func (j *bottleneckJob) windowPlaces(y0 int, s *scratch) {
	win, lanes := &j.win, j.variant.lanes
	s.tiles = s.tiles[:0]
	half := 0
	for r := range win.rows {
		if row := y0*j.s.StrideH + r - win.top; row < 0 || row >= win.height {
			continue
		}
		for phase := range win.strideX {
			lo, hi := span(win.width, ceilDiv(win.cols-phase, win.strideX), win.strideX, phase-win.left)
			for q := lo; q < hi; q += lanes {
				if half == 0 {
					s.tiles = append(s.tiles, tile{})
				}
				t, at := &s.tiles[len(s.tiles)-1], int32(4*(r*win.rowPitch+phase*win.pitch+q))
				t.b[half], t.c[half], t.n[half] = at, at, int32(min(lanes, hi-q))
				half = 1 - half
			}
		}
	}
	s.tile.tiles, s.tile.count = unsafe.Pointer(&s.tiles[0]), len(s.tiles)
}

// depthwise convolves n channels, from first on, of the window into the last product's panels: four rows at a time where a
// kernel can, and the others in vectors of any rows. Both add the same products in the same order.
func (j *bottleneckJob) depthwise(first, n, rows int, s *scratch) {
	wide, packed := s.floats(1, j.chunk*j.win.channelPitch), s.floats(2, j.panels*j.panelFloats(n))
	taps := j.s.KH * j.s.KW
	table := resized(&s.taps, taps)
	for t := range table {
		ky, kx := t/j.s.KW, t%j.s.KW
		table[t] = tap{b: int32(4 * j.win.at(ky*j.s.DilationH, kx*j.s.DilationW)), a: int32(4 * t)}
	}
	stack := j.stackKernel()
	j.outputPlaces(n, rows, stack != nil, s)
	a := &s.tile
	a.table, a.k, a.acc, a.as = unsafe.Pointer(&table[0]), taps, 0, 4*j.win.rowPitch
	j.clamp().clampTile(a, true)
	for c := range n {
		a.a, a.bias = unsafe.Pointer(&j.block.Depth[(first+c)*taps]), unsafe.Pointer(&j.block.DepthBias[first+c])
		a.b, a.c = unsafe.Pointer(&wide[c*j.win.channelPitch]), unsafe.Pointer(&packed[c*2*j.variant.lanes])
		if len(s.stacks) > 0 {
			a.tiles, a.count = unsafe.Pointer(&s.stacks[0]), len(s.stacks)
			callTile(stack, a)
		}
		if len(s.wide) > 0 {
			a.tiles, a.count = unsafe.Pointer(&s.wide[0]), len(s.wide)
			callTile(j.variant.depth, a)
		}
	}
}

// stackKernel is the kernel that takes four rows of the depthwise convolution at a time, or nil.
func (j *bottleneckJob) stackKernel() func(*tileArgs) {
	s := &j.s
	if s.KH != s.KW || s.KH >= len(j.variant.stack) || s.StrideH*s.StrideW*s.DilationH*s.DilationW != 1 {
		return nil
	}
	return j.variant.stack[s.KH]
}

func (j *bottleneckJob) panelFloats(n int) int { return panelFloats(2*j.variant.lanes, n) }

// outputPlaces lists the vectors of the band's output: for the depthwise convolution, from the window to the panels, in
// stacks as far as they go, if wanted, and for the last product, from the panels to y.
func (j *bottleneckJob) outputPlaces(n, rows int, stacked bool, s *scratch) {
	lanes, step, perRow := j.variant.lanes, j.panelFloats(n), ceilDiv(j.ow, j.variant.lanes)
	single := 0 // first row that is in no stack
	if stacked {
		single = rows / stackRows * stackRows
	}
	stacks, tiles := resized(&s.stacks, single/stackRows*perRow), resized(&s.tiles, ceilDiv(rows*perRow, 2))
	wide := resized(&s.wide, ceilDiv((rows-single)*perRow, wideVectors))
	clear(wide)
	clear(tiles)
	v, w := 0, 0
	for y := range rows {
		for x := 0; x < j.ow; x += lanes {
			from, packed, count := int32(4*(y*j.s.StrideH*j.win.rowPitch+x)), int32(4*(v/2*step+v%2*lanes)), int32(min(lanes, j.ow-x))
			t := &tiles[v/2]
			t.b[v%2], t.c[v%2], t.n[v%2] = packed, int32(4*(y*j.ow+x)), count
			v++
			if y < single {
				k := &stacks[y/stackRows*perRow+x/lanes]
				k.c[y%stackRows] = packed
				if y%stackRows == 0 {
					k.b, k.n = from, count
				}
				continue
			}
			q := &wide[w/wideVectors]
			q.b[w%wideVectors], q.c[w%wideVectors], q.n[w%wideVectors] = from, packed, count
			w++
		}
	}
}

// project adds the products of n wide channels, from first on, to the band of y.
func (j *bottleneckJob) project(y []float32, first, n, rows int, s *scratch) {
	packed := s.floats(2, j.panels*j.panelFloats(n))
	table := resized(&s.taps, n)
	for t := range table {
		table[t] = tap{b: int32(4 * t * 2 * j.variant.lanes), a: int32(4 * t)}
	}
	a := &s.tile
	a.b, a.as, a.ldc, a.acc, a.clamp = unsafe.Pointer(&packed[0]), 4*j.block.Wide, 4*j.oh*j.ow, 1, 0
	if first == 0 && !j.block.Add {
		a.acc = 0
	}
	a.table, a.k = unsafe.Pointer(&table[0]), n
	a.tiles, a.count = unsafe.Pointer(&s.tiles[0]), len(s.tiles)
	panels := ceilDiv(j.block.Out, j.rows())
	for p := range panels {
		from, size := panel(j.block.Out, panels, p)
		a.a, a.bias = unsafe.Pointer(&j.block.Project[from*j.block.Wide+first]), nil
		if first == 0 {
			a.bias = unsafe.Pointer(&j.block.OutputBias[from])
		}
		a.c = unsafe.Pointer(&y[from*j.oh*j.ow])
		callTile(j.variant.tile[size], a)
	}
}
