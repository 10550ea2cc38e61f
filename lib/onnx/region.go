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
// reaches high; all others are 0, as float32.
func (g *Graph) Regions(maps Value, low, high float64) Value {
	reach := func(level float64) Value {
		return g.Cast(g.Op("GreaterOrEqual", On(maps, g.Number(level))), Float32)
	}
	seeds := reach(high)
	if !(low < high) {
		return seeds
	}
	weak := reach(low)
	start := g.constant("start", Bool, []byte{1}, nil)
	return g.Op("Loop", On("", start, seeds), Attribute{&pb.AttributeProto{Name: "body", Type: 5, G: g.growth(weak)}})
}

// growth is the body of a loop: the marks grow by one pixel within weak, as long as that changes them.
func (g *Graph) growth(weak Value) *pb.GraphProto {
	body := &Graph{proto: &pb.GraphProto{Name: g.unique("growth")}, taken: g.taken, constants: map[string]Value{}}
	body.Input("iteration", "", Int64)
	body.Input("going", "", Bool)
	marks := body.Input("marks", "", Float32, -1, 1, -2, -2)
	spread := body.Op("MaxPool", On(marks), Ints("kernel_shape", 3, 3), Ints("strides", 1, 1), Ints("pads", 1, 1, 1, 1))
	next := body.Op("Mul", On(spread, weak))
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
