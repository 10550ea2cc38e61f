package backbone

import (
	"fmt"
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// network is a frozen network up to its coarsest tap: stem, blocks, and after
// which blocks a map is taken.
type network struct {
	input    *affine // of the normalised image, or nil
	stem     conv
	maxPool  bool // 3×3, stride 2 after the stem
	blocks   []residual
	taps     [3]int
	channels [3]int
}

// residual is relu(x + body(x)) with its variants. Both families' blocks are
// this: basic and bottleneck blocks of ResNet, inverted bottlenecks of
// EfficientNet.
type residual struct {
	body     []conv
	shortcut *conv // brings x to the body's shape; nil where it has that shape
	add      bool
	relu     bool // after the addition
}

// affine maps each input channel v to v·gain + offset.
type affine struct{ gain, offset [3]float32 }

// image runs one image through the network and stores its maps as the i-th of
// the batch.
func (b *Backbone) image(x []float32, i, h, w int) {
	s := b.takeScratch()
	defer b.returnScratch(s)
	f := b.net.enter(s, Feature{C: 3, H: h, W: w, Data: x})
	tap := 0
	for n := range b.net.blocks {
		next := b.net.blocks[n].run(s, f)
		s.put(f.Data)
		f = next
		if n == b.net.taps[tap] {
			size := f.C * f.H * f.W
			copy(b.out[tap].Data[i*size:(i+1)*size], f.Data)
			tap++
		}
	}
	s.put(f.Data)
}

// enter runs what comes before the blocks. x stays the caller's.
func (n *network) enter(s *scratch, x Feature) Feature {
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

// run returns the block's output in fresh scratch memory; x stays the caller's.
func (r *residual) run(s *scratch, x Feature) Feature {
	y := x
	for i := range r.body {
		next := r.body[i].run(s, y)
		if i > 0 {
			s.put(y.Data)
		}
		y = next
	}
	if !r.add {
		return y
	}
	short := x
	if r.shortcut != nil {
		short = r.shortcut.run(s, x)
		defer s.put(short.Data)
	}
	simd.Add(y.Data, y.Data, short.Data)
	if r.relu {
		simd.ReLU(y.Data, y.Data)
	}
	return y
}

// scratch is the working memory of one image at a time: a few buffers that go
// back and forth between layers.
type scratch struct{ free [][]float32 }

// take returns n values of undefined content, in the smallest buffer that
// fits. Where none does, a new one replaces the smallest, so that images of
// changing sizes do not pile buffers up.
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
