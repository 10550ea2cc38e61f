package xla

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Graph computes nodes of a Gorgonia graph on a device. The values of the leaves that are no inputs lie in the device's
// memory. A Graph MUST NOT be run by two goroutines at once.
type Graph struct {
	device  *Device
	program Program
	inputs  []hlo.Type // of the arguments
	results []hlo.Type
	leaves  []*G.Node
	state   []Buffer // the leaves' values
}

// Compile translates outputs and compiles them for the device. Leaves that are not among the inputs are uploaded with the
// values bound to them now; Refresh uploads them again.
func Compile(ctx context.Context, d *Device, outputs []*G.Node, inputs []Input, p Precision) (*Graph, error) {
	g := &Graph{device: d}
	f, err := g.lower(outputs, inputs, p)
	if err != nil {
		return nil, err
	}
	if g.program, err = d.compile(ctx, f); err != nil {
		return nil, explain(fmt.Errorf("xla: compiling for %s: %w", d, err), d.Memory(), batchOf(inputs), footprint{})
	}
	return g, g.Refresh()
}

// batchOf is the batch size of the first input.
func batchOf(inputs []Input) int {
	if len(inputs) == 0 || inputs[0].Node.Dims() == 0 {
		return 1
	}
	return inputs[0].Node.Shape()[0]
}

// lower writes the program: the inputs come first among its arguments, then the leaves.
func (g *Graph) lower(outputs []*G.Node, inputs []Input, p Precision) (*hlo.Func, error) {
	l := newLowering("graph", p)
	var nodes []*G.Node
	var given []pending
	for _, in := range inputs {
		a, err := l.input(in)
		if err != nil {
			return nil, err
		}
		nodes, given = append(nodes, in.Node), append(given, a)
		g.inputs = append(g.inputs, a.raw.Type)
		l.f.BatchArgs[len(l.f.Args)-1] = true
	}
	g.leaves = Leaves(outputs, nodes...)
	for _, n := range g.leaves {
		if err := l.argument(n); err != nil {
			return nil, err
		}
	}
	l.convert(given)
	results, err := l.nodes(outputs)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		g.results = append(g.results, r.Type)
		l.f.BatchResults[i] = r.Rank() > 0 && r.Dims[0] == batchOf(inputs)
	}
	l.f.Return(results...)
	return l.f, nil
}

// Refresh uploads the values that are bound to the leaves.
func (g *Graph) Refresh() error {
	freeAll(g.state)
	g.state = g.state[:0]
	for _, n := range g.leaves {
		b, err := uploadLeaf(g.device.backend, n)
		if err != nil {
			return fmt.Errorf("xla: uploading %s to %s: %w", n.Name(), g.device, err)
		}
		g.state = append(g.state, b)
	}
	return nil
}

// uploadLeaf copies the value that is bound to a leaf to the device.
func uploadLeaf(b Backend, n *G.Node) (Buffer, error) {
	if n.Value() == nil {
		return nil, fmt.Errorf("no value is bound (see G.Let)")
	}
	switch v := n.Value().(type) {
	case *tensor.Dense:
		return b.Upload(dense(v), n.Shape()...)
	case *G.F32:
		return b.Upload([]float32{float32(*v)})
	case *G.F64:
		return b.Upload([]float64{float64(*v)})
	}
	return nil, fmt.Errorf("a value of type %T", n.Value())
}

// dense is a tensor's memory as a slice, also that of a scalar.
func dense(v *tensor.Dense) any {
	switch v.Dtype() {
	case tensor.Float32:
		return v.Float32s()
	case tensor.Float64:
		return v.Float64s()
	}
	return v.Data()
}

// Run computes the outputs for the inputs, each a []float32, []float64, or []uint8 for images, and returns them as slices of
// their elements.
func (g *Graph) Run(ctx context.Context, inputs ...any) ([]any, error) {
	r, err := g.Start(ctx, inputs...)
	if err != nil {
		return nil, err
	}
	return r.Results()
}

// Running is a run that was started.
type Running struct {
	graph   *Graph
	results []Buffer
}

// Start is Run without waiting for the results, so that the next run's inputs can travel meanwhile. Results must be called.
func (g *Graph) Start(ctx context.Context, inputs ...any) (*Running, error) {
	if len(inputs) != len(g.inputs) {
		return nil, fmt.Errorf("xla: the graph takes %d inputs, not %d", len(g.inputs), len(inputs))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var own []Buffer
	defer func() { freeAll(own) }() // the device keeps them as long as it needs them
	for i, v := range inputs {
		b, err := g.device.uploadBatch(v, g.inputs[i].Dims...)
		if err != nil {
			return nil, fmt.Errorf("xla: uploading input %d: %w", i, g.explain(err))
		}
		own = append(own, b)
	}
	results, err := g.program.Run(append(append([]Buffer{}, own...), g.state...))
	if err != nil {
		return nil, g.explain(err)
	}
	return &Running{g, results}, nil
}

// Results waits for the outputs.
func (r *Running) Results() ([]any, error) {
	defer freeAll(r.results)
	out := make([]any, len(r.results))
	for i, b := range r.results {
		out[i] = newSlice(r.graph.results[i])
		if err := b.Download(out[i]); err != nil {
			return nil, r.graph.explain(err)
		}
	}
	return out, nil
}

// explain words a failed run.
func (g *Graph) explain(err error) error {
	batch := 1
	if len(g.inputs) > 0 && g.inputs[0].Rank() > 0 {
		batch = g.inputs[0].Dims[0]
	}
	return fmt.Errorf("xla: running on %s: %w", g.device, explain(err, g.device.Memory(), batch, needs(g.program, batch)))
}

// needs splits what a program takes into what stays and what grows with the batch.
func needs(p Program, batch int) footprint {
	total, temporary := p.Footprint()
	return footprint{fixed: total - temporary, perSample: temporary / int64(batch)}
}

// newSlice is room for a tensor.
func newSlice(t hlo.Type) any {
	switch t.DType {
	case hlo.F64:
		return make([]float64, t.Size())
	case hlo.I32:
		return make([]int32, t.Size())
	case hlo.U8, hlo.Bool:
		return make([]uint8, t.Size())
	}
	return make([]float32, t.Size())
}

func freeAll(bs []Buffer) {
	for _, b := range bs {
		b.Free()
	}
}

// Memory is what a run takes of the device's memory in bytes, with the leaves that stay there; 0 is not known.
func (g *Graph) Memory() int64 {
	total, _ := g.program.Footprint()
	return total
}

// Free gives the memory of the leaves back.
func (g *Graph) Free() {
	freeAll(g.state)
	g.state = nil
}
