package backbone

import (
	"errors"
	"fmt"
	"sync"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
)

// transformer is a frozen vision transformer up to its last tap. Tokens are stored by channel, (dim,tokens), the patches
// first: so a linear layer is a convolution of 1×1, normalisation is over the channels of pixels, and a map is the
// patches' part of the tokens as it stands.
type transformer struct {
	vit
	input  *affine // of the normalised image, or nil
	embed  conv
	extra  []float32 // class token and registers, (dim,1+registers)
	codes  []float32 // learnt position codes, (dim,grid,grid), or nil
	grid   int
	blocks []vitBlock
	norm   layerNorm

	mu    sync.Mutex
	place *places // for the last grid of patches
}

// vitBlock is x += proj(attention(norm1(x))), x += fc2(gelu(fc1(norm2(x)))), with LayerScale and the scores' factor inside
// the weights.
type vitBlock struct {
	norm1, norm2        layerNorm
	qkv, proj, fc1, fc2 conv
}

type layerNorm struct {
	gain, bias []float32
	eps        float32
}

func (n *transformer) channels() [3]int { return [3]int{n.dim, n.dim, n.dim} }
func (n *transformer) strides() [3]int  { return [3]int{n.patch, n.patch, n.patch} }

func (n *transformer) shapes(h, w int) ([3]Feature, error) {
	if h%n.patch != 0 || w%n.patch != 0 {
		down := func(v int) int { return max(v/n.patch, (MinSize+n.patch-1)/n.patch) * n.patch }
		up := func(v int) int { return (v + n.patch - 1) / n.patch * n.patch }
		return [3]Feature{}, fmt.Errorf("image of %d×%d pixels: both sides must be multiples of the patch's %d pixels; the next sizes are %d×%d and %d×%d",
			h, w, n.patch, down(h), down(w), up(h), up(w))
	}
	f := Feature{C: n.dim, H: h / n.patch, W: w / n.patch}
	return [3]Feature{f, f, f}, nil
}

func (n *transformer) image(s *scratch, x Feature, maps [3]Feature) {
	at := n.places(x.H/n.patch, x.W/n.patch)
	t := n.enter(s, x, at)
	tap := 0
	for i := range n.blocks {
		n.blocks[i].run(s, t, n.heads, at)
		if i == n.taps[tap] {
			n.leave(s, maps[tap].Data, t)
			tap++
		}
	}
	s.put(t)
}

// enter makes the tokens of an image. x stays the caller's.
func (n *transformer) enter(s *scratch, x Feature, at *places) []float32 {
	if n.input != nil {
		scaled := s.take(len(x.Data))
		defer s.put(scaled)
		n.input.apply(scaled, x.Data)
		x.Data = scaled
	}
	patches := at.h * at.w
	e := s.take(n.dim * patches)
	defer s.put(e)
	shape := n.embed.shape(x.H, x.W)
	shape.Top, shape.Bottom, shape.Left, shape.Right = 0, 0, 0, 0
	simd.Conv2D(e, x.Data, n.embed.w, n.embed.bias, shape)
	if at.codes != nil {
		simd.Add(e, e, at.codes)
	}
	extra := len(n.extra) / n.dim
	t := s.take(n.dim * (patches + extra))
	for c := range n.dim {
		row := t[c*(patches+extra):][:patches+extra]
		copy(row[copy(row, e[c*patches:][:patches]):], n.extra[c*extra:][:extra])
	}
	return t
}

// leave writes the patches of normalised tokens into a map (dim,patches).
func (n *transformer) leave(s *scratch, dst, t []float32) {
	y := s.take(len(t))
	defer s.put(y)
	n.norm.run(s, y, t)
	patches, tokens := len(dst)/n.dim, len(t)/n.dim
	for c := range n.dim {
		copy(dst[c*patches:][:patches], y[c*tokens:])
	}
}

// run updates the tokens.
func (b *vitBlock) run(s *scratch, t []float32, heads int, at *places) {
	y, wide := s.take(len(t)), s.take(4*len(t))
	tokens := len(t) / b.proj.out
	b.norm1.run(s, y, t)
	qkv := wide[:3*len(t)]
	b.qkv.onTokens(qkv, y, tokens, false)
	at.rotate(qkv[:2*len(t)], tokens)
	attend(s, y, qkv, heads, tokens)
	b.proj.onTokens(t, y, tokens, true)
	b.norm2.run(s, y, t)
	b.fc1.onTokens(wide, y, tokens, false)
	gelu(wide)
	b.fc2.onTokens(t, wide, tokens, true)
	s.put(y)
	s.put(wide)
}

// onTokens sets y (out,tokens) to a linear layer of x (in,tokens), or adds it.
func (c *conv) onTokens(y, x []float32, tokens int, add bool) {
	simd.Conv2DThen(y, x, c.w, c.bias, c.shape(1, tokens), simd.Finish{Add: add})
}

func (l *layerNorm) run(s *scratch, y, x []float32) {
	tokens := len(x) / len(l.gain)
	stats := s.take(2 * tokens)
	simd.LayerNorm(y, x, l.gain, l.bias, stats[:tokens], stats[tokens:], 1, len(l.gain), tokens, l.eps)
	s.put(stats)
}

// work counts the products of the layers and of the attention.
func (n *transformer) work(h, w int) float64 {
	d, patches := float64(n.dim), float64(h/n.patch*(w/n.patch))
	tokens := patches + float64(len(n.extra)/n.dim)
	embed := patches * d * 3 * float64(n.patch*n.patch)
	return 2 * (embed + float64(len(n.blocks))*(12*d*d*tokens+2*d*tokens*tokens))
}

var errNoGraph = errors.New("vision transformers run on the processor only")

func (n *transformer) graph(w *graphWriter, _ *G.Node) []*G.Node {
	w.err = errNoGraph
	return nil
}
