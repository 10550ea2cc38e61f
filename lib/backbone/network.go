package backbone

import (
	"fmt"
	"math"
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
)

// network is a frozen network of any family.
type network interface {
	channels() [3]int
	strides() [3]int
	// shapes are those of the maps of an image of h×w pixels, or why the network takes no such image.
	shapes(h, w int) ([3]Feature, error)
	// image writes the maps of one image. It is called by several goroutines at once, each with its own scratch memory.
	image(s *scratch, x Feature, maps [3]Feature)
	// graph writes the network as nodes.
	graph(w *graphWriter, x *G.Node) []*G.Node
	// work counts multiplications and additions.
	work(h, w int) float64
}

// convNet is a convolutional network up to its coarsest tap: stem, blocks, and after which blocks a map is taken.
type convNet struct {
	input   *affine // of the normalised image, or nil
	stem    conv
	maxPool bool // 3×3, stride 2 after the stem
	blocks  []residual
	taps    [3]int
	widths  [3]int // channels of the maps
}

func (n *convNet) channels() [3]int { return n.widths }
func (n *convNet) strides() [3]int  { return [3]int{4, 8, 16} }

func (n *convNet) shapes(h, w int) (maps [3]Feature, err error) {
	for i, s := range n.strides() {
		maps[i] = Feature{C: n.widths[i], H: (h + s - 1) / s, W: (w + s - 1) / s}
	}
	return maps, nil
}

// residual is relu(x + body(x)) with its variants. Both families' blocks are this: basic and bottleneck blocks of ResNet,
// inverted bottlenecks of EfficientNet.
type residual struct {
	body     []conv
	shortcut *conv // brings x to the body's shape; nil where it has that shape
	add      bool
	relu     bool // after the addition
	// inverted is the body once more, to be computed in one go, if it is an inverted bottleneck.
	inverted *simd.Bottleneck
}

// affine maps each input channel v to v·gain + offset.
type affine struct{ gain, offset [3]float32 }

// fromImageNet turns a value normalised with ImageNet's mean and deviation into gain·v + offset of the level v in 0…1.
func fromImageNet(gain, offset float64) *affine {
	mean, dev := [3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225}
	var a affine
	for c := range 3 {
		a.gain[c] = float32(gain * dev[c])
		a.offset[c] = float32(gain*mean[c] + offset)
	}
	return &a
}

// image runs one image through the network and stores its maps as the i-th of the batch.
func (b *Backbone) image(x []float32, i, h, w int) {
	s := b.takeScratch()
	defer b.returnScratch(s)
	maps := [3]Feature(b.out)
	for k := range maps {
		size := maps[k].C * maps[k].H * maps[k].W
		maps[k].Data = maps[k].Data[i*size : (i+1)*size]
	}
	b.net.image(s, Feature{C: 3, H: h, W: w, Data: x}, maps)
}

func (n *convNet) image(s *scratch, x Feature, maps [3]Feature) {
	f := n.enter(s, x)
	tap := 0
	for i := range n.blocks {
		f = n.blocks[i].run(s, f)
		if i == n.taps[tap] {
			copy(maps[tap].Data, f.Data)
			tap++
		}
	}
	s.put(f.Data)
}

// enter runs what comes before the blocks. x stays the caller's.
func (n *convNet) enter(s *scratch, x Feature) Feature {
	scaled := x
	if n.input != nil {
		scaled.Data = s.take(len(x.Data))
		n.input.apply(scaled.Data, x.Data)
	}
	f := n.stem.run(s, scaled)
	if n.input != nil {
		s.put(scaled.Data)
	}
	if n.maxPool {
		pooled := poolShape(f)
		pooled.Data = s.take(pooled.C * pooled.H * pooled.W)
		maxPool(pooled, f)
		s.put(f.Data)
		f = pooled
	}
	return f
}

func (a *affine) apply(dst, x []float32) {
	plane := len(x) / 3
	for c := range 3 {
		simd.Scale(dst[c*plane:(c+1)*plane], a.gain[c], x[c*plane:(c+1)*plane])
		simd.AddConst(dst[c*plane:(c+1)*plane], a.offset[c], dst[c*plane:(c+1)*plane])
	}
}

// run returns the block's output in scratch memory. It takes over x, which is scratch memory too.
func (r *residual) run(s *scratch, x Feature) Feature {
	if r.inverted != nil {
		defer s.put(x.Data)
		return r.runInverted(s, x)
	}
	last := &r.body[len(r.body)-1]
	y := r.runBody(s, x, len(r.body)-1)
	if r.shortcut != nil {
		short := r.shortcut.run(s, x)
		s.put(x.Data)
		x = short
	}
	if last.k == 1 { // it adds to x
		then := simd.Finish{Add: true}
		if r.relu {
			then = simd.Finish{Add: true, Clamp: true, Hi: float32(math.Inf(1))}
		}
		simd.Conv2DThen(x.Data, y.Data, last.w, last.bias, last.shape(y.H, y.W), then)
		s.put(y.Data)
		return x
	}
	sum := last.run(s, y)
	s.put(y.Data)
	simd.Add(sum.Data, sum.Data, x.Data)
	if r.relu {
		simd.ReLU(sum.Data, sum.Data)
	}
	s.put(x.Data)
	return sum
}

// runBody runs the first n convolutions, at least one. x stays the caller's.
func (r *residual) runBody(s *scratch, x Feature, n int) Feature {
	y := x
	for i := range n {
		next := r.body[i].run(s, y)
		if i > 0 {
			s.put(y.Data)
		}
		y = next
	}
	return y
}

// runInverted runs an inverted bottleneck. x stays the caller's.
func (r *residual) runInverted(s *scratch, x Feature) Feature {
	depth := &r.body[len(r.body)-2]
	shape := depth.shape(x.H, x.W)
	y := Feature{C: r.inverted.Out}
	y.H, y.W = shape.Out()
	y.Data = s.take(y.C * y.H * y.W)
	simd.InvertedBottleneck(y.Data, x.Data, r.inverted, shape)
	return y
}

// scratch is the working memory of one image at a time: a few buffers that go back and forth between layers.
type scratch struct{ free [][]float32 }

// take returns n values of undefined content, in the smallest buffer that fits. Where none does, a new one replaces the
// smallest, so that images of changing sizes do not pile buffers up.
func (s *scratch) take(n int) []float32 {
	best, smallest := -1, -1
	for i, b := range s.free {
		if cap(b) >= n && (best < 0 || cap(b) < cap(s.free[best])) {
			best = i
		}
		if smallest < 0 || cap(b) < cap(s.free[smallest]) {
			smallest = i
		}
	}
	if best >= 0 {
		b := s.free[best][:n]
		s.remove(best)
		return b
	}
	if smallest >= 0 {
		s.remove(smallest)
	}
	return make([]float32, n)
}

func (s *scratch) put(b []float32) { s.free = append(s.free, b) }

func (s *scratch) remove(i int) {
	last := len(s.free) - 1
	s.free[i], s.free[last] = s.free[last], nil
	s.free = s.free[:last]
}

var scratchMu sync.Mutex // of every Backbone's list; held for a moment per image

// growScratch makes sure that n images can be computed side by side.
func (b *Backbone) growScratch(n int) {
	for len(b.scratchs) < n {
		b.scratchs = append(b.scratchs, &scratch{})
	}
}

func (b *Backbone) takeScratch() *scratch {
	scratchMu.Lock()
	defer scratchMu.Unlock()
	last := len(b.scratchs) - 1
	if last < 0 {
		panic(fmt.Sprintf("backbone %s: used by two goroutines at once", b.name))
	}
	s := b.scratchs[last]
	b.scratchs = b.scratchs[:last]
	return s
}

func (b *Backbone) returnScratch(s *scratch) {
	scratchMu.Lock()
	defer scratchMu.Unlock()
	b.scratchs = append(b.scratchs, s)
}
