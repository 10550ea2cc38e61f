package flow

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// Cost is what a flow takes to hold and to run.
type Cost struct {
	Params  int   // learned numbers
	State   int   // other numbers: permutations, fixed matrices, running statistics
	MulAdds int64 // multiply-adds of all convolutions, forward, one sample
}

func (s Cost) String() string {
	return fmt.Sprintf("%s parameters, %sMAC", strings.TrimSpace(metric(int64(s.Params))), metric(s.MulAdds))
}

// metric is a number with a unit's prefix, as in "2.8 M".
func metric(n int64) string {
	for _, p := range []struct {
		size float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if float64(n) >= 0.99995*p.size {
			return fmt.Sprintf("%.1f %s", float64(n)/p.size, p.name)
		}
	}
	return fmt.Sprintf("%d ", n)
}

// Summary counts b's parameters, and the multiply-adds of its forward pass over one sample of maps x. Only convolutions
// are counted, as is the field's custom; a user's own subnet counts as far as it uses op.Conv2D.
func Summary(b Block, x []Map) (Cost, error) {
	var s Cost
	for _, p := range b.Params() {
		if p.Frozen {
			s.State += p.Len()
		} else {
			s.Params += p.Len()
		}
	}
	t := NewTape(1, Dtype(DtypeOf(b)))
	var in []*G.Node
	for i, m := range x {
		in = append(in, t.Input(fmt.Sprintf("input.%d", i), m))
	}
	if _, _, err := b.Forward(t, in); err != nil {
		return Cost{}, fmt.Errorf("summary: %w", err)
	}
	for _, n := range t.graph.AllNodes() {
		s.MulAdds += mulAdds(t, n)
	}
	return s, nil
}

// mulAdds counts those of a convolution node: output values × weights per output channel.
func mulAdds(t *Tape, n *G.Node) int64 {
	o, ok := n.Op().(*op.Op)
	if !ok {
		return 0
	}
	if _, ok := o.Primitive.(op.Conv2DOp); !ok {
		return 0
	}
	in := t.graph.From(n.ID())
	in.Next() // x
	in.Next() // w
	w := in.Node().(*G.Node).Shape()
	return int64(n.Shape().TotalSize()) * int64(w[1]*w[2]*w[3])
}
