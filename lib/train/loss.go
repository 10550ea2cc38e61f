package train

import (
	"context"
	"fmt"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// lossGraph is the loss of one batch size as a graph, with the gradients when it is for training.
type lossGraph struct {
	tape   *flow.Tape
	x      []*G.Node // the maps of a batch, one per scale
	each   *G.Node   // the loss of each sample, (B)
	weight *G.Node   // of each sample in the loss, (B); nil: the mean
	loss   *G.Node
	params []*flow.Param
	grads  []*G.Node
	scales []*G.Node // log-likelihood of each scale and sample
}

// lossProgram is a lossGraph compiled for the processor.
type lossProgram struct {
	*lossGraph
	program *op.Program
	inputs  [][]float32 // the maps of a batch, one per scale, bound to the graph's leaves
}

// buildLoss builds loss = mean_B(Σ_i ½‖z_i‖² − logdet) of model for a batch, and its gradients by params (none: no
// gradients, and the model in evaluation mode). Weighted, each sample counts with a weight of its own instead of 1/B.
func buildLoss(model flow.Block, in []flow.Map, batch int, params []*flow.Param, weighted bool) (*lossGraph, error) {
	var mode []flow.TapeOption
	if len(params) > 0 {
		mode = append(mode, flow.Training())
	}
	l := &lossGraph{tape: flow.NewTape(batch, mode...), params: params}
	for i, m := range in {
		l.x = append(l.x, l.tape.Input(fmt.Sprintf("input.%d", i), m))
	}
	z, logdet, err := model.Forward(l.tape, l.x)
	if err != nil {
		return nil, fmt.Errorf("building the flow: %w", err)
	}
	if l.each, err = flow.SampleLoss(l.tape, z, logdet); err != nil {
		return nil, fmt.Errorf("building the loss: %w", err)
	}
	if err := l.join(weighted); err != nil {
		return nil, fmt.Errorf("building the loss: %w", err)
	}
	for _, w := range l.tape.Watched(flow.ScaleLogLikelihood) {
		l.scales = append(l.scales, w.Node)
	}
	return l, l.differentiate()
}

// join makes one loss of the samples'.
func (l *lossGraph) join(weighted bool) (err error) {
	if !weighted {
		l.loss, err = op.MeanAll(l.each)
		return err
	}
	l.weight = G.NewVector(l.tape.Graph(), l.tape.Dtype(), G.WithShape(l.tape.Batch()), G.WithName("weight of the samples"))
	product, err := op.Mul(l.each, l.weight)
	if err == nil {
		l.loss, err = op.SumAll(product)
	}
	return err
}

// compileLoss is buildLoss for the processor.
func compileLoss(model flow.Block, in []flow.Map, batch int, params []*flow.Param) (*lossProgram, error) {
	graph, err := buildLoss(model, in, batch, params, false)
	if err != nil {
		return nil, err
	}
	l := &lossProgram{lossGraph: graph}
	for i, n := range l.x {
		value := make([]float32, batch*in[i].Len())
		if err := G.Let(n, tensor.New(tensor.WithShape(n.Shape()...), tensor.WithBacking(value))); err != nil {
			return nil, fmt.Errorf("binding the input of scale %d: %w", i, err)
		}
		l.inputs = append(l.inputs, value)
	}
	outputs := append([]*G.Node{l.loss}, l.grads...)
	for _, u := range l.tape.Updates() {
		outputs = append(outputs, u.Node)
	}
	outputs = append(outputs, l.scales...)
	if l.program, err = op.Compile(outputs...); err != nil {
		return nil, fmt.Errorf("compiling the step: %w", err)
	}
	return l, nil
}

func (l *lossGraph) differentiate() error {
	if len(l.params) == 0 {
		return nil
	}
	grads, err := G.Grad(l.loss, l.leaves()...)
	if err != nil {
		return fmt.Errorf("differentiating the loss: %w", err)
	}
	l.grads = grads
	return nil
}

// leaves are the parameters' nodes.
func (l *lossGraph) leaves() []*G.Node {
	nodes := make([]*G.Node, len(l.params))
	for i, p := range l.params {
		nodes[i] = l.tape.Node(p)
	}
	return nodes
}

// run computes the loss of the batch that lies in inputs; gradients are then in gradients().
func (l *lossProgram) run(ctx context.Context) (float64, error) {
	if err := l.program.RunPromptly(ctx); err != nil {
		return 0, err
	}
	return scalar(l.program.Value(l.loss)), nil
}

// gradients are the values of the gradients after run, in the order of the parameters, valid until the next run.
func (l *lossProgram) gradients() [][]float32 {
	out := make([][]float32, len(l.grads))
	for i, g := range l.grads {
		out[i] = l.program.Value(g).Float32s()
	}
	return out
}

// scaleSums is the log-likelihood of each scale after run, summed over the batch, in nats.
func (l *lossProgram) scaleSums() []float64 {
	out := make([]float64, len(l.scales))
	for i, n := range l.scales {
		for _, v := range l.program.Value(n).Float32s() {
			out[i] += float64(v)
		}
	}
	return out
}

func scalar(t *tensor.Dense) float64 {
	switch v := t.Data().(type) {
	case float32:
		return float64(v)
	case []float32:
		return float64(v[0])
	}
	panic(fmt.Sprintf("train: the loss is a %T", t.Data()))
}

// firstNonFinite recomputes the batch that lies in inputs, keeping every block's output, and names the first that holds a
// value that is not a number or infinite.
func (l *lossProgram) firstNonFinite(ctx context.Context) string {
	blocks := l.tape.Watched(flow.BlockOutput)
	if i := nonFinite(l.inputs...); i >= 0 {
		return fmt.Sprintf("the features of scale %d", i)
	}
	nodes := make([]*G.Node, len(blocks))
	for i, b := range blocks {
		nodes[i] = b.Node
	}
	program, err := op.Compile(nodes...)
	if err != nil || program.Run(ctx) != nil {
		return "an unknown block"
	}
	for _, b := range blocks {
		if v, ok := program.Value(b.Node).Data().([]float32); ok && nonFinite(v) >= 0 {
			return b.Name
		}
	}
	return "the loss itself"
}

// nonFinite is the index of the first slice with a value that is not a number or infinite, or −1.
func nonFinite(slices ...[]float32) int {
	for i, s := range slices {
		for _, v := range s {
			if v-v != 0 { // only NaN and ±Inf differ from themselves minus themselves
				return i
			}
		}
	}
	return -1
}
