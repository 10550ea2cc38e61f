package backbone

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Graph writes the network into x's Gorgonia graph, for devices that run graphs: x is a batch of normalised images
// (B,3,H,W), the results are the maps of Features. The weights are leaves that share the backbone's memory. A vision
// transformer has no graph; that is an error.
func (b *Backbone) Graph(x *G.Node) ([]*G.Node, error) {
	if s := x.Shape(); len(s) != 4 || s[1] != 3 || s[2] < MinSize || s[3] < MinSize {
		return nil, fmt.Errorf("backbone %s: images %v; want (B,3,H,W) of at least %d×%d pixels", b.name, s, MinSize, MinSize)
	}
	w := &graphWriter{graph: x.Graph(), name: b.name}
	maps := b.net.graph(w, x)
	if w.err != nil {
		return nil, fmt.Errorf("backbone %s: %w", b.name, w.err)
	}
	return maps, nil
}

// PoolGraph is Pool on nodes.
func PoolGraph(maps []*G.Node, kind string) ([]*G.Node, error) {
	out := make([]*G.Node, len(maps))
	for i, m := range maps {
		var err error
		switch kind {
		case "none":
			out[i] = m
		case "", "avg":
			out[i], err = op.AvgPool(m, 3, 2, 1)
		case "mean":
			out[i], err = op.AdaptiveAvgPool(m, 1, 1)
		case "max":
			out[i], err = op.MaxPool(m, 3, 2, 1)
		default:
			panic(fmt.Sprintf("backbone: pooling %q: want avg, max, none or mean", kind))
		}
		if err != nil {
			return nil, fmt.Errorf("pooling map %d: %w", i, err)
		}
	}
	return out, nil
}

// graphWriter writes layers as nodes; after the first error it does nothing.
type graphWriter struct {
	graph  *G.ExprGraph
	name   string
	leaves int
	err    error
}

func (w *graphWriter) do(n *G.Node, err error) *G.Node {
	if err != nil && w.err == nil {
		w.err = err
	}
	return n
}

// leaf is a weight. Names are numbered, because Gorgonia takes leaves of one name and shape for one.
func (w *graphWriter) leaf(v []float32, shape ...int) *G.Node {
	w.leaves++
	return G.NewTensor(w.graph, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(fmt.Sprintf("%s.%d", w.name, w.leaves)),
		G.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))))
}

func (n *convNet) graph(w *graphWriter, x *G.Node) (maps []*G.Node) {
	if n.input != nil {
		x = w.do(op.ChannelAffine(x, w.leaf(n.input.gain[:], 3), w.leaf(n.input.offset[:], 3)))
	}
	x = w.conv(&n.stem, x)
	if n.maxPool && w.err == nil {
		x = w.do(op.MaxPool(x, 3, 2, 1))
	}
	for i := range n.blocks {
		if w.err != nil {
			return nil
		}
		x = w.residual(&n.blocks[i], x)
		if len(maps) < len(n.taps) && i == n.taps[len(maps)] {
			maps = append(maps, x)
		}
	}
	return maps
}

func (w *graphWriter) residual(r *residual, x *G.Node) *G.Node {
	y := x
	for i := range r.body {
		y = w.conv(&r.body[i], y)
	}
	if !r.add || w.err != nil {
		return y
	}
	if r.shortcut != nil {
		x = w.conv(r.shortcut, x)
	}
	if w.err != nil {
		return nil
	}
	y = w.do(op.Add(y, x))
	if r.relu && w.err == nil {
		y = w.do(op.ReLU(y))
	}
	return y
}

func (w *graphWriter) conv(c *conv, x *G.Node) *G.Node {
	if w.err != nil {
		return nil
	}
	g := op.Conv{Stride: [2]int{c.stride, c.stride}, Groups: c.groups}
	h, width, p := x.Shape()[2], x.Shape()[3], c.k/2
	switch {
	case c.k == 1:
	case c.pad == padReflect:
		x = w.do(op.ReflectPad(x, p, p, p, p))
	case c.pad == padSame:
		g.Pad[0], g.Pad[1] = samePadding(h, c.k, c.stride)
		g.Pad[2], g.Pad[3] = samePadding(width, c.k, c.stride)
	default:
		g.Pad = [4]int{p, p, p, p}
	}
	if w.err != nil {
		return nil
	}
	y := w.do(op.Conv2D(x, w.leaf(c.w, c.out, c.in/c.groups, c.k, c.k), w.leaf(c.bias, c.out), g))
	switch {
	case w.err != nil:
		return nil
	case c.act == relu:
		return w.do(op.ReLU(y))
	case c.act == relu6:
		return w.do(op.Clamp(y, 0, 6))
	}
	return y
}
