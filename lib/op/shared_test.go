package op

import (
	"fmt"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sharedLaws convolve maps joined with a condition that all samples share, which a Program computes in another way than
// Gorgonia.
func sharedLaws() []law {
	var laws []law
	for _, k := range []struct {
		x, p, w []int
		c       Conv
	}{
		{[]int{3, 2, 8, 8}, []int{1, 3, 8, 8}, []int{4, 5, 3, 3}, Conv{Pad: [4]int{1, 1, 1, 1}}},
		{[]int{2, 4, 4, 5}, []int{1, 1, 4, 5}, []int{3, 5, 1, 1}, Conv{}},
		{[]int{2, 2, 7, 5}, []int{1, 2, 7, 5}, []int{3, 4, 3, 3}, Conv{Stride: [2]int{2, 2}, Pad: [4]int{0, 1, 0, 1}}},
	} {
		rng := testRand()
		join := func(x []*G.Node, bias *G.Node) (*G.Node, error) {
			joined, err := Concat(x[0], x[1])
			if err != nil {
				return nil, err
			}
			return Conv2D(joined, x[2], bias, k.c)
		}
		in := []ref{random(rng, -1, 1, k.x...), random(rng, -1, 1, k.p...), random(rng, -1, 1, k.w...), random(rng, -1, 1, k.w[0])}
		laws = append(laws, law{
			name:  fmt.Sprintf("Conv2D of shared %s%s%+v", shapeText(k.x), shapeText(k.p), k.c),
			in:    in,
			build: func(x []*G.Node) (*G.Node, error) { return join(x, x[3]) },
			want:  func(x []ref) ref { return convolution(joined(x[0], x[1]), x[2], x[3], k.c) },
		}, law{
			name:  fmt.Sprintf("Conv2D of shared without bias %s%s%+v", shapeText(k.x), shapeText(k.p), k.c),
			in:    in[:3],
			build: func(x []*G.Node) (*G.Node, error) { return join(x, nil) },
			want:  func(x []ref) ref { return convolution(joined(x[0], x[1]), x[2], newRef(k.w[0]), k.c) },
		})
	}
	return laws
}

// joined repeats p over x's batch and puts it behind x's channels.
func joined(x, p ref) ref {
	shape := append([]int(nil), x.shape...)
	shape[1] += p.shape[1]
	return build(shape, func(i []int) float64 {
		if i[1] < x.shape[1] {
			return x.at(i...)
		}
		return p.at(0, i[1]-x.shape[1], i[2], i[3])
	})
}

// TestSharedIsFound: the joined map is never made, nor the gradient by it.
func TestSharedIsFound(t *testing.T) {
	x, cost := sharedLaws()[0].cost(t, tensor.Float32)
	grads, err := G.Grad(cost, x[0], x[2], x[3])
	check(t, err)
	p, err := Compile(append(grads, cost)...)
	check(t, err)
	found := countSteps(p)
	for _, name := range []string{"op.sharedConvOp", "op.sharedConvGradWeightOp", "op.partConvGradInputOp"} {
		if found[name] != 1 {
			t.Errorf("%d steps of %s, want 1: %v", found[name], name, found)
		}
	}
	for _, name := range []string{"op.ConcatOp", "op.ConvGradInputOp", "op.SliceOp"} {
		if found[name] != 0 {
			t.Errorf("a step of %s is left: %v", name, found)
		}
	}
}
