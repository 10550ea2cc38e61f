package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// lnEps is the ε under the root of the normalizations.
const lnEps = 1e-5

// convNet is conv3×3 (in→in), a normalization, ReLU, conv3×3 (in→out), all with zero padding. With a position code in its
// input it is the subnet of MSFlow's parallel flows.
type convNet struct {
	weight1, bias1, weight2, bias2 *Param
	norm                           norm // nil: none
}

// norm is what stands between the convolutions.
type norm interface {
	apply(c *calc, x *G.Node) *G.Node
	params() []*Param
}

// ConvLN is conv3×3, LayerNorm over channels at each pixel, ReLU, conv3×3: the paper's choice.
func ConvLN(name string, in, out int, rng *rand.Rand) (Net, error) {
	n := newConvNet(name, in, out, 3, rng)
	n.norm = newLayerNorm(name+".ln", in)
	return n, nil
}

// ConvOnly is ConvLN without the normalization.
func ConvOnly(name string, in, out int, rng *rand.Rand) (Net, error) {
	return newConvNet(name, in, out, 3, rng), nil
}

// ConvBN is ConvLN with batch normalization in LayerNorm's place.
func ConvBN(name string, in, out int, rng *rand.Rand) (Net, error) {
	n := newConvNet(name, in, out, 3, rng)
	n.norm = newBatchNorm(name+".bn", in)
	return n, nil
}

func newConvNet(name string, in, out, k int, rng *rand.Rand) *convNet {
	fan := in * k * k
	return &convNet{
		weight1: uniformParam(name+".conv1.weight", rng, fan, in, in, k, k),
		bias1:   uniformParam(name+".conv1.bias", rng, fan, in),
		weight2: uniformParam(name+".conv2.weight", rng, fan, out, in, k, k),
		bias2:   uniformParam(name+".conv2.bias", rng, fan, out),
	}
}

func (n *convNet) Apply(t *Tape, x *G.Node) (*G.Node, error) {
	c := t.calc()
	y := c.conv(x, n.weight1, n.bias1)
	if n.norm != nil {
		y = n.norm.apply(c, y)
	}
	y = c.conv(c.relu(y), n.weight2, n.bias2)
	return y, c.err
}

func (n *convNet) Params() []*Param {
	ps := []*Param{n.weight1, n.bias1}
	if n.norm != nil {
		ps = append(ps, n.norm.params()...)
	}
	return append(ps, n.weight2, n.bias2)
}

// layerNorm is (x − mean)/√(var + ε)·gain + bias over the channels of each pixel.
type layerNorm struct{ gain, bias *Param }

func newLayerNorm(name string, c int) *layerNorm {
	return &layerNorm{gain: constParam(name+".weight", 1, c), bias: constParam(name+".bias", 0, c)}
}

func (l *layerNorm) apply(c *calc, x *G.Node) *G.Node {
	if c.err != nil {
		return nil
	}
	return c.note(op.LayerNorm(x, c.t.Node(l.gain), c.t.Node(l.bias), lnEps))
}

func (l *layerNorm) params() []*Param { return []*Param{l.gain, l.bias} }

// Pointwise makes subnets of 1×1 convolutions with the given hidden widths and ReLU between: a perceptron at every pixel,
// for vectors (C,1,1) and for mixing channels only.
func Pointwise(hidden ...int) Subnet {
	return func(name string, in, out int, rng *rand.Rand) (Net, error) {
		n := &pointwiseNet{}
		widths := append(append([]int{in}, hidden...), out)
		for i := range len(widths) - 1 {
			a, b := widths[i], widths[i+1]
			layer := fmt.Sprintf("%s.fc%d", name, i+1)
			n.weights = append(n.weights, uniformParam(layer+".weight", rng, a, b, a, 1, 1))
			n.biases = append(n.biases, uniformParam(layer+".bias", rng, a, b))
		}
		return n, nil
	}
}

type pointwiseNet struct{ weights, biases []*Param }

func (n *pointwiseNet) Apply(t *Tape, x *G.Node) (*G.Node, error) {
	c := t.calc()
	for i := range n.weights {
		if i > 0 {
			x = c.relu(x)
		}
		x = c.conv(x, n.weights[i], n.biases[i])
	}
	return x, c.err
}

func (n *pointwiseNet) Params() []*Param {
	var ps []*Param
	for i := range n.weights {
		ps = append(ps, n.weights[i], n.biases[i])
	}
	return ps
}

// softenNets multiplies what the nets give by k, of those that are this package's convolutional ones.
func softenNets(k float32, nets ...Net) {
	for _, n := range nets {
		if n, ok := n.(*convNet); ok {
			scaleParam(n.weight2, k)
			scaleParam(n.bias2, k)
		}
	}
}
