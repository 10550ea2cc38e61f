package score

import "github.com/msflow-go/msflow/lib/onnx"

// ONNXMaps are batches of log-likelihood maps in an ONNX graph, (N,1,h_i,w_i), to be joined into maps of H×W pixels.
type ONNXMaps struct {
	Graph *onnx.Graph
	LogP  []onnx.Value
	Sizes [][2]int
	H, W  int

	Inside []bool // which of the maps' pixels count, (H,W); nil: all
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

// ImageScore is the function ImageScore of the pixels of every map (N,1,H,W) that count: (N).
func (m ONNXMaps) ImageScore(maps onnx.Value, topK float64) onnx.Value {
	counted := indices(m.Inside, m.H*m.W)
	flat := m.Graph.Reshape(maps, 0, m.H*m.W)
	if len(counted) < m.H*m.W {
		flat = m.Graph.Take(flat, 1, counted)
	}
	top := m.Graph.TopK(flat, 1, max(1, int(topK*float64(len(counted)))))
	return m.Graph.Op("ReduceMean", onnx.On(top), onnx.Ints("axes", 1), onnx.Int("keepdims", 0))
}

// indices are the places that count, of n.
func indices(inside []bool, n int) []int {
	var out []int
	for i := range n {
		if inside == nil || inside[i] {
			out = append(out, i)
		}
	}
	return out
}

// Settle gives the places of the likelihood maps that do not count the mean of those that do.
func (m ONNXMaps) Settle() {
	if m.Inside == nil {
		return
	}
	for i, v := range m.LogP {
		h, w := m.Sizes[i][0], m.Sizes[i][1]
		in := make([]bool, h*w)
		for k, counts := range m.Inside {
			if counts {
				in[k/m.W*h/m.H*w+k%m.W*w/m.W] = true
			}
		}
		mean := m.Graph.Op("ReduceMean", onnx.On(m.Graph.Take(m.Graph.Reshape(v, 0, 1, h*w), 2, indices(in, h*w))), onnx.Ints("axes", 2))
		m.LogP[i] = m.Graph.Where(in, h, w, v, m.Graph.Reshape(mean, 0, 1, 1, 1))
	}
}

// Exclude gives the pixels of maps (N,1,H,W) that do not count the lowest value of those that do.
func (m ONNXMaps) Exclude(maps onnx.Value) onnx.Value {
	if m.Inside == nil {
		return maps
	}
	counted := m.Graph.Take(m.Graph.Reshape(maps, 0, 1, m.H*m.W), 2, indices(m.Inside, m.H*m.W))
	low := m.Graph.Op("ReduceMin", onnx.On(counted), onnx.Ints("axes", 2))
	return m.Graph.Where(m.Inside, m.H, m.W, maps, m.Graph.Reshape(low, 0, 1, 1, 1))
}
