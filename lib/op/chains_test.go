package op

import (
	"context"
	"fmt"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// everyElement is a graph of all element functions on a and b and of some that stand in between, in several sizes.
func everyElement(a, b *G.Node) (G.Nodes, error) {
	var c chain
	x := c.do(Scale(c.do(Tanh(c.do(Scale(a, 0.7)))), 1.9))
	y := c.do(Add(c.do(Mul(b, c.do(Exp(x)))), c.do(Atan(b))))
	small := c.do(Sigmoid(c.do(Log(c.do(AddConst(c.do(ChannelSum(c.do(Square(x)))), 1))))))
	z := c.do(gate(c.do(Sub(y, x)), c.do(ReLU(b))))
	w := c.do(Div(c.do(Clamp(y, -0.5, 0.5)), c.do(AddConst(c.do(Square(z)), 2))))
	v := c.do(Softplus(c.do(ChannelAffine(w, small, nil)), 1))
	return c.nodes(x, y, small, z, w, v, c.do(Mul(v, c.do(MeanAll(w)))))
}

// TestChains: element functions that stand near each other are one step, and give the same bits as each by itself.
func TestChains(t *testing.T) {
	for _, shape := range [][]int{{1, 3, 1, 1}, {2, 3, 5, 7}, {2, 3, 70, 50}} {
		rng, g := testRand(), G.NewGraph()
		a, b := random(rng, -2, 2, shape...), random(rng, -2, 2, shape...)
		nodes, err := everyElement(leaf(g, "a", a, tensor.Float32), leaf(g, "b", b, tensor.Float32))
		check(t, err)
		p, err := Compile(nodes...)
		check(t, err)
		check(t, p.Run(context.Background()))
		for _, n := range nodes {
			near(t, fmt.Sprintf("%v %v", shape, n), refOf(t, p.Value(n)), refOf(t, alone(t, n)), 0)
		}
		chained := 0
		for _, st := range p.steps {
			if st, ok := st.(*chainStep); ok {
				chained += len(st.steps)
			}
		}
		if chained < 12 {
			t.Errorf("%v: %d element functions are in chains, want 12 or more", shape, chained)
		}
	}
}

// alone computes n and all that it needs op by op, without a Program.
func alone(t *testing.T, n *G.Node) *tensor.Dense {
	t.Helper()
	values := map[*G.Node]G.Value{}
	var value func(n *G.Node) G.Value
	value = func(n *G.Node) G.Value {
		if isLeaf(n) {
			return n.Value()
		}
		if values[n] == nil {
			var in []G.Value
			for _, c := range Inputs(n) {
				in = append(in, value(c))
			}
			v, err := n.Op().Do(in...)
			check(t, err)
			values[n] = v
		}
		return values[n]
	}
	v := value(n)
	if d, ok := v.(*tensor.Dense); ok {
		return d
	}
	return tensor.New(tensor.FromScalar(v.Data()))
}
