package xla

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const gib = 1 << 30

func TestExplain(t *testing.T) {
	cause := fmt.Errorf("%w: 5 GiB asked", ErrOutOfMemory)
	for _, c := range []struct {
		limit, fixed, each int64
		words              string
	}{
		{10 * gib, 2 * gib, gib, "a batch of 8 would fit"},
		{10 * gib, 11 * gib, gib, "too little even for one sample"},
		{0, gib, gib, "try a batch of 8"},
		{100 * gib, gib, gib, "a batch of 15 would fit"}, // others use the memory: at least not the same batch again
	} {
		err := explain(cause, Memory{Limit: c.limit}, 16, footprint{c.fixed, c.each})
		if !errors.Is(err, ErrOutOfMemory) || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), "a batch of 16") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if other := errors.New("other"); explain(other, Memory{}, 16, footprint{}) != other {
		t.Error("another error is changed")
	}
}

// smallDevice is a backend whose programs need 12 GiB, 8 of them temporary, where there are 10.
type smallDevice struct{}

type nothing struct{}

func (nothing) Run([]Buffer) ([]Buffer, error) { return nil, fmt.Errorf("%w: at last", ErrOutOfMemory) }
func (nothing) Footprint() (int64, int64)      { return 12 * gib, 8 * gib }
func (nothing) Download(any) error             { return nil }
func (nothing) Free()                          {}

func (smallDevice) Compile(*hlo.Func) (Program, error)        { return nothing{}, nil }
func (smallDevice) Upload(v any, dims ...int) (Buffer, error) { return nothing{}, nil }
func (smallDevice) Memory() Memory                            { return Memory{Limit: 10 * gib} }

// TestTrainingTooLarge: a step that cannot fit is refused before it runs, with the batch that would.
func TestTrainingTooLarge(t *testing.T) {
	g := G.NewGraph()
	value := func(shape ...int) *tensor.Dense {
		return tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32))
	}
	x := G.NewTensor(g, tensor.Float32, 2, G.WithShape(16, 3), G.WithName("x"))
	p := G.NewVector(g, tensor.Float32, G.WithShape(3), G.WithName("p"), G.WithValue(value(3)))
	y, err := op.ChannelAffine(x, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := op.MeanAll(y)
	if err != nil {
		t.Fatal(err)
	}
	grads, err := G.Grad(loss, p)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDevice("test", "small", smallDevice{})
	s := Step{Inputs: Inputs(x), Loss: loss, Params: []*G.Node{p}, Grads: grads}
	_, err = NewTraining(context.Background(), d, s, []float64{1}, Float32)
	if !errors.Is(err, ErrOutOfMemory) || !strings.Contains(err.Error(), "a batch of 16 needs about 12.0 GiB and the device has 10.0 GiB; a batch of 12 would fit") {
		t.Errorf("error %v", err)
	}
	graph, err := Compile(context.Background(), d, []*G.Node{loss}, Inputs(x), Float32)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = graph.Run(context.Background(), make([]float32, 48)); err == nil || !strings.Contains(err.Error(), "a batch of 12 would fit") {
		t.Errorf("error of the run: %v", err)
	}
}
