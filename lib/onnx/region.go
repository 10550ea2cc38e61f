package onnx

import "github.com/msflow-go/msflow/lib/onnx/internal/pb"

// TopK are the k largest values along an axis, in no order.
func (g *Graph) TopK(v Value, axis, k int) Value {
	top := g.Op("TopK", On(v, g.Integers(k)), Int("axis", axis), Int("sorted", 0))
	n := g.proto.Node[len(g.proto.Node)-1]
	n.Output = append(n.Output, g.unique("TopK.indices"))
	return top
}

// Regions marks with 1 the pixels of maps (N,1,H,W) that reach low and hang together, by sides or corners, with one that
// reaches high; all others are 0, as float32. With a share, those that hang together with one that reaches more than high/share are
// marked from high on, and from the share of the greatest of those from high on that they hang together with.
func (g *Graph) Regions(maps Value, low, high, share float64) Value {
	weak := g.reach(maps, g.Number(low))
	if share == 0 {
		seeds := g.reach(maps, g.Number(high))
		if !(low < high) {
			return seeds
		}
		return g.grown(seeds, weak)
	}
	peaks := g.peaks(maps, weak, low)
	strong := g.Cast(g.Op("Greater", On(g.Op("Mul", On(peaks, g.Number(share))), g.Number(high))), Float32)
	whole := g.Op("Mul", On(g.Op("Sub", On(weak, strong)), g.reach(peaks, g.Number(high))))
	pieces := g.Op("Mul", On(strong, g.reach(maps, g.Number(high))))
	from := g.Op("Mul", On(g.peaks(maps, pieces, low), g.Number(share)))
	return g.Op("Add", On(whole, g.Op("Mul", On(pieces, g.reach(maps, from)))))
}

// reach is 1 where maps are as great as a level, 0 elsewhere.
func (g *Graph) reach(maps, level Value) Value {
	return g.Cast(g.Op("GreaterOrEqual", On(maps, level)), Float32)
}

// peaks are the greatest values of maps among the pixels of a mask that hang together, and below low outside of the mask. None in it
// is below low.
func (g *Graph) peaks(maps, mask Value, low float64) Value {
	base := g.Number(low - 1) // so that heights are positive
	heights := g.Op("Mul", On(g.Op("Sub", On(maps, base)), mask))
	return g.Op("Add", On(g.grown(heights, mask), base))
}

// grown spreads values over the pixels of a mask that hang together with them, the greatest of each.
func (g *Graph) grown(values, mask Value) Value {
	start := g.constant("start", Bool, []byte{1}, nil)
	return g.Op("Loop", On("", start, values), Attribute{&pb.AttributeProto{Name: "body", Type: 5, G: g.growth(mask)}})
}

// growth is the body of a loop: the values spread by one pixel within a mask, as long as that changes them.
func (g *Graph) growth(mask Value) *pb.GraphProto {
	body := &Graph{proto: &pb.GraphProto{Name: g.unique("growth")}, taken: g.taken, constants: map[string]Value{}}
	body.Input("iteration", "", Int64)
	body.Input("going", "", Bool)
	marks := body.Input("marks", "", Float32, -1, 1, -2, -2)
	spread := body.Op("MaxPool", On(marks), Ints("kernel_shape", 3, 3), Ints("strides", 1, 1), Ints("pads", 1, 1, 1, 1))
	next := body.Op("Mul", On(spread, mask))
	added := body.Op("ReduceSum", On(body.Op("Sub", On(next, marks))), Int("keepdims", 0))
	body.Output("grows", "", body.Op("Greater", On(added, body.Number(0))), Bool)
	body.Output("grown", "", next, Float32, -1, 1, -2, -2)
	return body.proto
}

// Where is a at the marked places of maps (N,C,h,w) and b elsewhere.
func (g *Graph) Where(marked []bool, h, w int, a, b Value) Value {
	bits := make([]byte, len(marked))
	for i, v := range marked {
		if v {
			bits[i] = 1
		}
	}
	return g.Op("Where", On(g.constant("marked", Bool, bits, []int{h, w}), a, b))
}
