package conformance

import (
	"errors"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gorgoniaLaws are graphs of Gorgonia's own ops, those that G.Grad makes and that subnets of one's own are written with.
func gorgoniaLaws() []law {
	return append(append(gorgoniaPointwise(), gorgoniaShapes()...), gorgoniaLinear()...)
}

func gorgoniaPointwise() []law {
	all := []law{
		{name: "G times a constant", in: [][]int{{2, 3}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Mul(x, G.NewConstant(float32(0.3))) })},
		{name: "G constant minus", in: [][]int{{2, 3}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Sub(G.NewConstant(float32(0.3)), x) })},
		{name: "G power", in: [][]int{{2, 3}}, lo: 0.2, hi: 2, build: one(func(x *G.Node) (*G.Node, error) { return G.Pow(x, G.NewConstant(float32(3))) })},
		{name: "G divided by a scalar", in: [][]int{{2, 3}, {}}, lo: 0.5, hi: 2, build: func(x []*G.Node) (*G.Node, error) { return G.HadamardDiv(x[0], x[1]) }},
		{name: "G rectify", in: [][]int{{2, 3}}, build: one(G.Rectify)},
		{name: "G comparison", in: [][]int{{2, 3}, {2, 3}}, step: true, build: func(x []*G.Node) (*G.Node, error) { return G.Gt(x[0], x[1], true) }},
		{name: "G comparison to booleans", in: [][]int{{2, 3}, {2, 3}}, step: true, build: func(x []*G.Node) (*G.Node, error) { return G.Lt(x[0], x[1], false) }},
		{name: "G mask", in: [][]int{{2, 3}, {2, 3}}, step: true, build: func(x []*G.Node) (*G.Node, error) {
			return G.HadamardProd(x[0], G.Must(G.Lte(x[0], x[1], true)))
		}},
		{name: "G sign", in: [][]int{{2, 3}}, step: true, build: one(G.Sign)},
		{name: "G ceil", in: [][]int{{2, 3}}, step: true, build: one(G.Ceil)},
		{name: "G floor", in: [][]int{{2, 3}}, step: true, build: one(G.Floor)},
	}
	for name, f := range map[string]func(*G.Node) (*G.Node, error){
		"exp": G.Exp, "log": G.Log, "log2": G.Log2, "tanh": G.Tanh, "sigmoid": G.Sigmoid, "softplus": G.Softplus, "neg": G.Neg, "square": G.Square,
		"sqrt": G.Sqrt, "cube": G.Cube, "sin": G.Sin, "cos": G.Cos, "abs": G.Abs, "inverse": G.Inverse, "inverse sqrt": G.InverseSqrt,
		"log1p": G.Log1p, "expm1": G.Expm1,
	} {
		all = append(all, law{name: "G " + name, in: [][]int{{2, 3}}, lo: 0.2, hi: 1.5, build: one(f)})
	}
	return all
}

func gorgoniaShapes() []law {
	return []law{
		{name: "G transpose", in: [][]int{{2, 3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Transpose(x, 2, 0, 1) })},
		{name: "G reshape", in: [][]int{{2, 6}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Reshape(x, tensor.Shape{3, 4}) })},
		{name: "G slice", in: [][]int{{4, 5}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Slice(x, nil, G.S(1, 4)) })},
		{name: "G slice of one", in: [][]int{{4, 5}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Slice(x, G.S(2)) })},
		{name: "G concatenation", in: [][]int{{2, 3}, {2, 2}}, build: func(x []*G.Node) (*G.Node, error) { return G.Concat(1, x...) }},
		{name: "G sum along", in: [][]int{{2, 3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Sum(x, 1) })},
		{name: "G sum", in: [][]int{{2, 3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Sum(x) })},
		{name: "G max along", in: [][]int{{3, 4}}, step: true, build: one(func(x *G.Node) (*G.Node, error) { return G.Max(x, 1) })},
		{name: "G mean along", in: [][]int{{3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Mean(x, 0) })},
		{name: "G mean", in: [][]int{{3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.Mean(x) })},
		{name: "G norm", in: [][]int{{3, 4}}, step: true, build: one(func(x *G.Node) (*G.Node, error) { return G.Norm(x, 0, 2) })},
		{name: "G broadcast", in: [][]int{{3, 4}, {4}}, build: func(x []*G.Node) (*G.Node, error) { return G.BroadcastAdd(x[0], x[1], nil, []byte{0}) }},
		{name: "G softmax", in: [][]int{{3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.SoftMax(x, 1) })},
		{name: "G log softmax", in: [][]int{{3, 4}}, build: one(func(x *G.Node) (*G.Node, error) { return G.LogSoftMax(x, 1) })},
		{name: "G upsampling", in: [][]int{{1, 2, 3, 3}}, step: true, build: one(func(x *G.Node) (*G.Node, error) { return G.Upsample2D(x, 2) })},
		{name: "G global average", in: [][]int{{2, 3, 4, 5}}, step: true, build: one(G.GlobalAveragePool2D)},
	}
}

func gorgoniaLinear() []law {
	mul := func(x []*G.Node) (*G.Node, error) { return G.Mul(x[0], x[1]) }
	return []law{
		{name: "G matrix product", in: [][]int{{2, 3}, {3, 4}}, build: mul},
		{name: "G product with a transpose", in: [][]int{{2, 3}, {4, 3}}, build: func(x []*G.Node) (*G.Node, error) {
			return G.Mul(x[0], G.Must(G.Transpose(x[1])))
		}},
		{name: "G matrix times vector", in: [][]int{{2, 3}, {3}}, build: mul},
		{name: "G outer product", in: [][]int{{3}, {4}}, step: true, build: func(x []*G.Node) (*G.Node, error) { return G.OuterProd(x[0], x[1]) }},
		{name: "G inner product", in: [][]int{{4}, {4}}, step: true, build: mul},
		{name: "G batched product", in: [][]int{{2, 3, 2}, {2, 2, 3}}, build: func(x []*G.Node) (*G.Node, error) { return G.BatchedMatMul(x[0], x[1]) }},
		{name: "G tensor product", in: [][]int{{2, 3, 4}, {4, 3, 5}}, step: true, build: func(x []*G.Node) (*G.Node, error) {
			return G.Tensordot([]int{2, 1}, []int{0, 1}, x[0], x[1])
		}},
		{name: "G convolution", in: [][]int{{2, 3, 5, 4}, {4, 3, 3, 3}}, build: func(x []*G.Node) (*G.Node, error) {
			return G.Conv2d(x[0], x[1], tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1})
		}},
		{name: "G convolution with stride", in: [][]int{{2, 3, 7, 8}, {4, 3, 3, 2}}, build: func(x []*G.Node) (*G.Node, error) {
			return G.Conv2d(x[0], x[1], tensor.Shape{3, 2}, []int{1, 0}, []int{2, 2}, []int{1, 1})
		}},
		{name: "G max pool", in: [][]int{{1, 2, 4, 4}}, build: one(func(x *G.Node) (*G.Node, error) {
			return G.MaxPool2D(x, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
		})},
		{name: "G researcher's subnet", in: [][]int{{2, 3, 2, 2}, {12, 5}, {5, 12}, {4, 3, 1, 1}}, build: researcherSubnet},
	}
}

// researcherSubnet is a subnet as a user writes it, half in Gorgonia's terms and half in ours.
func researcherSubnet(x []*G.Node) (*G.Node, error) {
	flat := G.Must(G.Reshape(x[0], tensor.Shape{2, 12}))
	hidden := G.Must(G.Tanh(G.Must(G.Mul(flat, x[1]))))
	back := G.Must(G.Reshape(G.Must(G.Mul(hidden, x[2])), tensor.Shape{2, 3, 2, 2}))
	sum := G.Must(G.Add(G.Must(G.HadamardProd(back, G.NewConstant(float32(0.5)))), x[0]))
	y, err := op.Conv2D(sum, x[3], nil, op.Conv{})
	if err != nil {
		return nil, err
	}
	return op.Permute(G.Must(G.Sigmoid(y)), []int{3, 1, 0, 2})
}

// TestNoLowering: an op without translation is an error that names it and its node, not a panic.
func TestNoLowering(t *testing.T) {
	g := G.NewGraph()
	x := G.NewMatrix(g, tensor.Float32, G.WithShape(3, 3), G.WithName("x"), G.WithValue(tensor.New(tensor.WithShape(3, 3), tensor.Of(tensor.Float32))))
	y, err := G.Sparsemax(x)
	check(t, err)
	_, err = xla.Lower("test", []*G.Node{x}, []*G.Node{y}, xla.Float32)
	if !errors.Is(err, xla.ErrNoLowering) || !strings.Contains(err.Error(), "Sparsemax") || !strings.Contains(err.Error(), "node") {
		t.Errorf("error %v", err)
	}
	_, err = xla.Lower("test", nil, []*G.Node{x}, xla.Float32)
	if err == nil || !strings.Contains(err.Error(), "leaf x") {
		t.Errorf("a leaf that is not given: error %v", err)
	}
}
