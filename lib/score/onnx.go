package score

import "github.com/msflow-go/msflow/lib/onnx"

// ONNXMaps are batches of log-likelihood maps in an ONNX graph, (N,1,h_i,w_i), to be joined into maps of H×W pixels.
type ONNXMaps struct {
	Graph *onnx.Graph
	LogP  []onnx.Value
	Sizes [][2]int
	H, W  int
}

// resized is the sum of maps, each resized.
func (m ONNXMaps) resized(maps []onnx.Value) onnx.Value {
	var sum onnx.Value
	for i, v := range maps {
		v = m.Graph.Resize(v, m.Sizes[i], [2]int{m.H, m.W})
		if i > 0 {
			v = m.Graph.Op("Add", onnx.On(sum, v))
		}
		sum = v
	}
	return sum
}

// Surprise is the function Surprise, (N,1,H,W).
func (m ONNXMaps) Surprise(levels []Level) onnx.Value {
	maps := make([]onnx.Value, len(m.LogP))
	for i, v := range m.LogP {
		positive := m.Graph.Op("Max", onnx.On(m.Graph.Op("Neg", onnx.On(v)), m.Graph.Number(1e-12)))
		k := 1 / (float64(len(levels)) * levels[i].Std)
		maps[i] = m.Graph.Affine(m.Graph.Op("Log", onnx.On(positive)), k, -k*levels[i].Mean)
	}
	return m.resized(maps)
}

// Fuse are the NLL and the Mul map of the function Fuse, both (N,1,H,W).
func (m ONNXMaps) Fuse() (nll, mul onnx.Value) {
	g := m.Graph
	sum := m.resized(m.LogP)
	best := g.Op("ReduceMax", onnx.On(sum), onnx.Ints("axes", 2, 3))
	likelihood := g.Op("Exp", onnx.On(g.Op("Sub", onnx.On(sum, best))))
	return g.Op("Neg", onnx.On(sum)), g.Affine(likelihood, -1, 1)
}

// ImageScoreONNX is ImageScore of every map of a batch (N,1,H,W) of h×w pixels: (N).
func ImageScoreONNX(g *onnx.Graph, maps onnx.Value, h, w int, topK float64) onnx.Value {
	k := max(1, int(topK*float64(h*w)))
	top := g.TopK(g.Reshape(maps, 0, h*w), 1, k)
	return g.Op("ReduceMean", onnx.On(top), onnx.Ints("axes", 1), onnx.Int("keepdims", 0))
}
