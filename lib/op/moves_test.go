package op

import (
	"context"
	"fmt"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// chainOfMoves is two blocks of a flow without their subnets: halves, of which one is changed, joined, scaled and shifted,
// permuted, and cut again.
func chainOfMoves(x []*G.Node) (*G.Node, error) {
	var c chain
	y := x[0]
	for range 2 {
		first, rest := c.do(SliceChannels(y, 0, 2)), c.do(SliceChannels(y, 2, 5))
		rest = c.do(Mul(rest, c.do(Tanh(rest))))
		joined := c.do(Concat(c.do(Exp(first)), rest))
		y = c.do(Permute(c.do(ChannelAffine(joined, x[1], x[2])), []int{3, 0, 4, 2, 1}))
	}
	return c.do(SumAll(c.do(Square(c.do(Scale(y, 0.1)))))), c.err
}

// TestMovesAreJoined: of all that only moves channels, what is left stands between two computations, and every value is
// that of the graph as it was written.
func TestMovesAreJoined(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		rng, g := testRand(), G.NewGraph()
		x := []*G.Node{leaf(g, "x", random(rng, -1, 1, 3, 5, 4, 4), dt), leaf(g, "g", random(rng, 0.5, 2, 1, 5, 1, 1), dt),
			leaf(g, "d", random(rng, -1, 1, 1, 5, 1, 1), dt)}
		cost, err := chainOfMoves(x)
		check(t, err)
		grads, err := G.Grad(cost, x...)
		check(t, err)
		wanted := append(grads, cost)
		joined, err := Compile(wanted...)
		check(t, err)
		written, err := Compile(g.AllNodes()...) // outputs stay what they are
		check(t, err)
		check(t, joined.Run(context.Background()))
		check(t, written.Run(context.Background()))
		for _, n := range wanted {
			near(t, fmt.Sprintf("%v %v", dt, n), refOf(t, joined.Value(n)), refOf(t, written.Value(n)), 0)
		}
		for st, n := range countSteps(joined) {
			switch st {
			case "op.ConcatOp", "op.PermuteOp", "op.EmbedOp", "op.AffineOp", "op.DotOp":
				t.Errorf("%d steps of %s are left", n, st)
			}
		}
	}
}

// countSteps counts a program's steps by the type of their primitive.
func countSteps(p *Program) map[string]int {
	found := map[string]int{}
	for _, st := range p.steps {
		if st, ok := st.(*primitiveStep); ok {
			found[fmt.Sprintf("%T", st.prim)]++
		}
	}
	return found
}
