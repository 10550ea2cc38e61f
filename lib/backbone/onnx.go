package backbone

import "github.com/msflow-go/msflow/lib/onnx"

// ViewsONNX is Local or Fine (kind "local" or "fine") in an ONNX graph: maps are a batch's, shapes theirs. It panics for
// any other kind.
func ViewsONNX(g *onnx.Graph, maps []onnx.Value, shapes []Feature, kind string) []onnx.Value {
	v := onnxViews{g, maps, shapes}
	switch {
	case kind != "local" && kind != "fine":
		panic("backbone: views of kind " + kind)
	case len(maps) == 1:
		return maps
	case kind == "fine":
		return []onnx.Value{v.joint(2, shapes[0]), v.average(maps[0], 1), v.average(maps[1], 1)}
	}
	out := []onnx.Value{v.joint(len(maps), shapes[1])}
	for _, m := range maps[1:] {
		out = append(out, v.average(m, 1))
	}
	return out
}

type onnxViews struct {
	*onnx.Graph
	maps   []onnx.Value
	shapes []Feature
}

// average is the mean of 3×3 neighbourhoods; what lies beyond the edge counts as zeros.
func (v onnxViews) average(m onnx.Value, stride int) onnx.Value {
	return v.Op("AveragePool", onnx.On(m), onnx.Ints("kernel_shape", 3, 3), onnx.Ints("strides", stride, stride),
		onnx.Ints("pads", 1, 1, 1, 1), onnx.Int("count_include_pad", 1))
}

// joint is the function joint of the first n maps.
func (v onnxViews) joint(n int, like Feature) onnx.Value {
	parts, channels := make([]onnx.Value, n), 0
	for i, m := range v.shapes[:n] {
		parts[i] = v.maps[i]
		if m.H == 2*like.H && m.W == 2*like.W || m.H == 2*like.H-1 && m.W == 2*like.W-1 {
			parts[i], m = v.average(parts[i], 2), poolShape(m)
		}
		parts[i] = v.repeated(parts[i], m, like)
		channels += m.C
	}
	all := v.Op("Concat", parts, onnx.Int("axis", 1))
	if chosen := jointChannels(v.shapes[:n]); len(chosen) < channels {
		return v.Take(all, 1, chosen)
	}
	return all
}

// repeated gives each place the value of the place of m that covers it.
func (v onnxViews) repeated(x onnx.Value, m, like Feature) onnx.Value {
	for i, n := range [][2]int{{m.H, like.H}, {m.W, like.W}} {
		if n[0] == n[1] {
			continue
		}
		from := make([]int, n[1])
		for k := range from {
			from[k] = k * n[0] / n[1]
		}
		x = v.Take(x, 2+i, from)
	}
	return x
}
