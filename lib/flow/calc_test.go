package flow

import (
	"context"
	"errors"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

type node = *G.Node

// evaluate runs what write puts on a float64 tape of batch 2.
func evaluate(t *testing.T, write func(c *calc) node) []float64 {
	t.Helper()
	c := NewTape(2, Dtype(tensor.Float64)).calc()
	n := write(c)
	if c.err != nil {
		t.Fatal(c.err)
	}
	p, err := op.Compile(n)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return values(p.Value(n))
}

// counting is a constant 0, 1, 2 … of the given shape.
func (c *calc) counting(shape ...int) node {
	return c.t.Const("counting", func() []float64 {
		v := make([]float64, tensor.Shape(shape).TotalSize())
		for i := range v {
			v[i] = float64(i)
		}
		return v
	}, shape...)
}

func TestCentred(t *testing.T) {
	got := evaluate(t, func(c *calc) node { return c.centred(c.counting(2, 3, 1, 2)) })
	for i, v := range got {
		if want := float64(i%6) - 2.5; math.Abs(v-want) > 1e-12 {
			t.Errorf("value %d is %g, want %g", i, v, want)
		}
	}
}

func TestTotal(t *testing.T) {
	got := evaluate(t, func(c *calc) node { return c.total(c.counting(1, 5, 1, 1)) })
	if len(got) != 2 || got[0] != 10 || got[1] != 10 {
		t.Errorf("each sample gets %v, want [10 10]", got)
	}
}

// TestFirstErrorStays: after an error nothing more is written, and the error keeps the block's name.
func TestFirstErrorStays(t *testing.T) {
	c := NewTape(2).calc()
	x := c.add(c.counting(2, 3, 1, 1), c.zeros())
	first := c.err
	if x = c.exp(c.slice(c.centred(c.mul(x, x)), 0, 1)); x != nil || first == nil || c.err != first {
		t.Errorf("node %v, first error %v, last %v", x, first, c.err)
	}
	if c.note(nil, errors.New("a later one")); c.err != first {
		t.Errorf("a later error took the place of %v", first)
	}
	if err := c.fail("Some block"); err == nil || err.Error()[:10] != "Some block" {
		t.Errorf("the error reads %v", err)
	}
}
