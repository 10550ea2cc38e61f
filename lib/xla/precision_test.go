package xla

import (
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestPrecision: convolutions ask for what the precision says, and sums of squares never go through bfloat16.
func TestPrecision(t *testing.T) {
	g := G.NewGraph()
	leaf := func(name string, shape ...int) *G.Node {
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name))
	}
	x, w, one := leaf("x", 2, 3, 4, 4), leaf("w", 5, 3, 1, 1), leaf("one", 1, 5, 1, 1)
	y, err := op.Conv2D(x, w, nil, op.Conv{})
	if err != nil {
		t.Fatal(err)
	}
	mean, err := op.Conv2D(y, one, nil, op.Conv{})
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[Precision][3]int{ // how often HIGHEST (of two operands), DEFAULT and bf16 convolutions occur
		Float32:  {4, 0, 0},
		TF32:     {2, 2, 0},
		BFloat16: {2, 2, 1},
	} {
		f, err := Lower("test", []*G.Node{x, w, one}, []*G.Node{mean}, p)
		if err != nil {
			t.Fatal(err)
		}
		text := f.String()
		got := [3]int{strings.Count(text, "precision HIGHEST"), strings.Count(text, "precision DEFAULT"), strings.Count(text, "-> tensor<2x5x4x4xbf16>\n") / 1}
		if got != want {
			t.Errorf("%s: %v, want %v in\n%s", p, got, want, text)
		}
	}
	if _, err := ParsePrecision("fp8"); err == nil || !strings.Contains(err.Error(), "fp8") {
		t.Errorf("precision fp8: %v", err)
	}
}
