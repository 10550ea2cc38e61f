package xla

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
)

// Input is a leaf of a graph whose value is given anew for each run.
type Input struct {
	Node *G.Node // (B,C,H,W)
	// Pixels, unless nil, says that the values come as 8-bit images (B,H,W,C), which the device turns into the node's.
	Pixels *Pixels
}

// Pixels is how 8-bit images become numbers: v·Gain + Offset for each channel.
type Pixels struct{ Gain, Offset []float64 }

// Inputs are leaves whose values come as they are.
func Inputs(nodes ...*G.Node) []Input {
	out := make([]Input, len(nodes))
	for i, n := range nodes {
		out[i] = Input{Node: n}
	}
	return out
}

// pending is an argument that becomes its node's value by some ops. All arguments stand before all ops.
type pending struct {
	Input
	raw *hlo.Value
}

// input makes an input the program's next argument.
func (l *lowering) input(in Input) (pending, error) {
	t, err := typeOf(in.Node)
	if err != nil {
		return pending{}, err
	}
	if in.Pixels == nil {
		v := l.f.Arg(t)
		l.values[in.Node] = v
		return pending{in, v}, nil
	}
	if t.Rank() != 4 || len(in.Pixels.Gain) != t.Dims[1] || len(in.Pixels.Offset) != t.Dims[1] {
		return pending{}, fmt.Errorf("xla: images for node %s %v need a gain and an offset for each channel", in.Node.Name(), t)
	}
	return pending{in, l.f.Arg(hlo.Of(hlo.U8, t.Dims[0], t.Dims[2], t.Dims[3], t.Dims[1]))}, nil
}

// convert makes the nodes' values of images.
func (l *lowering) convert(inputs []pending) {
	for _, in := range inputs {
		if in.Pixels == nil {
			continue
		}
		t, _ := typeOf(in.Node)
		x := l.f.Convert(l.f.Transpose(in.raw, 0, 3, 1, 2), t.DType)
		gain, offset := l.f.Constant(hlo.Of(t.DType, t.Dims[1]), in.Pixels.Gain), l.f.Constant(hlo.Of(t.DType, t.Dims[1]), in.Pixels.Offset)
		l.values[in.Node] = l.f.Add(l.f.Mul(x, l.perChannel(gain, t)), l.perChannel(offset, t))
	}
}

// Leaves lists the nodes that outputs are computed from and that have no op, in the order of their first use, without
// those that are given.
func Leaves(outputs []*G.Node, given ...*G.Node) []*G.Node {
	seen := map[*G.Node]bool{}
	for _, n := range given {
		seen[n] = true
	}
	var leaves []*G.Node
	var visit func(n *G.Node)
	visit = func(n *G.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.Op() == nil {
			leaves = append(leaves, n)
			return
		}
		for _, c := range op.Inputs(n) {
			visit(c)
		}
	}
	for _, n := range outputs {
		visit(n)
	}
	return leaves
}
