package whiten

import "github.com/msflow-go/msflow/lib/onnx"

// ONNX is Apply in an ONNX graph: x is a batch of maps, (N,C,H,W). The places of each region are gathered, those of
// smaller regions with one place more than once, so that all regions are one product of stacks of matrices.
func (w *Whitening) ONNX(g *onnx.Graph, x onnx.Value) onnx.Value {
	c, h, width := w.shape.C, w.shape.H, w.shape.W
	regions := w.regions()
	most := 0
	for _, r := range regions {
		most = max(most, r.places())
	}
	gathered := make([]int, 0, len(regions)*most) // the place that each column of each region shows
	back := make([]int, h*width)                  // the column that shows each place
	for _, r := range regions {
		first := r.top*width + r.left
		for y := r.top; y < r.bottom; y++ {
			for x := r.left; x < r.right; x++ {
				back[y*width+x] = len(gathered)
				gathered = append(gathered, y*width+x)
			}
		}
		for n := r.places(); n < most; n++ {
			gathered = append(gathered, first)
		}
	}
	centred := g.Op("Sub", onnx.On(x, g.Floats("mean", w.mean, c, h, width)))
	columns := g.Take(g.Reshape(centred, 0, c, h*width), 2, gathered)
	stacked := g.Transpose(g.Reshape(columns, 0, c, len(regions), most), 0, 2, 1, 3)
	white := g.Op("MatMul", onnx.On(g.Floats("factor", w.factor, len(regions), c, c), stacked))
	flat := g.Reshape(g.Transpose(white, 0, 2, 1, 3), 0, c, len(regions)*most)
	return g.Reshape(g.Take(flat, 2, back), 0, c, h, width)
}
