package op

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/internal/simd"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Conv is the geometry of a two-dimensional convolution. The zero value is stride 1, no padding, dilation 1, 1 group.
type Conv struct {
	Stride   [2]int // rows, columns; 0 means 1
	Pad      [4]int // zeros added at top, bottom, left, right
	Dilation [2]int // rows, columns; 0 means 1
	Groups   int    // 0 means 1
}

// Conv2DOp is y = w ∗ x + b. Its inputs are x (B,Cin,H,W), w (Cout,Cin/Groups,KH,KW) and, optionally, b (Cout).
type Conv2DOp struct{ Conv }

// ConvGradInputOp is ∂/∂x of a Conv2DOp: its inputs are dy and w, its result is x's gradient with H rows and W columns.
type ConvGradInputOp struct {
	Conv
	H, W int
}

// ConvGradWeightOp is ∂/∂w of a Conv2DOp: its inputs are x and dy, its result is w's gradient with KH rows and KW columns.
type ConvGradWeightOp struct {
	Conv
	KH, KW int
}

// Conv2D is the convolution (cross-correlation, as the field uses the word) of x (B,Cin,H,W) with w
// (Cout,Cin/groups,KH,KW), plus bias (Cout) unless that is nil. The result is (B,Cout,OH,OW) with
// OH = ⌊(H+top+bottom−dilation·(KH−1)−1)/stride⌋+1. It panics on negative numbers in c.
func Conv2D(x, w, bias *G.Node, c Conv) (*G.Node, error) {
	p := Conv2DOp{c.resolved()}
	if bias == nil {
		return apply(p, x, w)
	}
	return apply(p, x, w, bias)
}

// resolved replaces zeros by what they mean, so that equal convolutions are equal values.
func (c Conv) resolved() Conv {
	for _, v := range [...]int{c.Stride[0], c.Stride[1], c.Dilation[0], c.Dilation[1], c.Groups, c.Pad[0], c.Pad[1], c.Pad[2], c.Pad[3]} {
		if v < 0 {
			panic(fmt.Sprintf("op: negative number in %+v", c))
		}
	}
	for _, v := range [...]*int{&c.Stride[0], &c.Stride[1], &c.Dilation[0], &c.Dilation[1], &c.Groups} {
		*v = max(*v, 1)
	}
	return c
}

func (c Conv) text() string {
	return fmt.Sprintf("{stride %d,%d pad %d,%d,%d,%d dilation %d,%d groups %d}", c.Stride[0], c.Stride[1],
		c.Pad[0], c.Pad[1], c.Pad[2], c.Pad[3], c.Dilation[0], c.Dilation[1], c.Groups)
}

func (p Conv2DOp) String() string         { return "Conv2D" + p.text() }
func (p ConvGradInputOp) String() string  { return "ConvGradInput" + p.text() }
func (p ConvGradWeightOp) String() string { return "ConvGradWeight" + p.text() }

// geometry joins c with the shapes of x and w.
func (c Conv) geometry(x, w []int) simd.ConvShape {
	return simd.ConvShape{
		B: x[0], Cin: x[1], H: x[2], W: x[3], Cout: w[0], KH: w[2], KW: w[3],
		StrideH: c.Stride[0], StrideW: c.Stride[1],
		Top: c.Pad[0], Bottom: c.Pad[1], Left: c.Pad[2], Right: c.Pad[3],
		DilationH: c.Dilation[0], DilationW: c.Dilation[1], Groups: c.Groups,
	}
}

// Shape is (B,Cout,OH,OW).
func (p Conv2DOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	switch {
	case len(x) != 4 || len(w) != 4:
		return nil, fmt.Errorf("x is %s and w is %s; want (B,Cin,H,W) and (Cout,Cin/groups,KH,KW)", shapeText(x), shapeText(w))
	case x[1] != w[1]*p.Groups:
		return nil, fmt.Errorf("x %s has %d channels but w %s takes %d in %d groups", shapeText(x), x[1], shapeText(w), w[1]*p.Groups, p.Groups)
	case w[0]%p.Groups != 0:
		return nil, fmt.Errorf("w %s makes %d channels, which are not divisible into %d groups", shapeText(w), w[0], p.Groups)
	case len(in) > 2 && (len(in[2]) != 1 || in[2][0] != w[0]):
		return nil, fmt.Errorf("bias is %s but w %s makes %d channels", shapeText(in[2]), shapeText(w), w[0])
	}
	g := p.geometry(x, w)
	if g.H+g.Top+g.Bottom <= g.DilationH*(g.KH-1) || g.W+g.Left+g.Right <= g.DilationW*(g.KW-1) {
		return nil, fmt.Errorf("the kernel of w %s does not fit into x %s", shapeText(w), shapeText(x))
	}
	oh, ow := g.Out()
	return tensor.Shape{x[0], w[0], oh, ow}, nil
}

// Shape is x's.
func (p ConvGradInputOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	dy, w := in[0], in[1]
	if len(dy) != 4 || len(w) != 4 {
		return nil, fmt.Errorf("dy is %s and w is %s; want four dimensions each", shapeText(dy), shapeText(w))
	}
	x := tensor.Shape{dy[0], w[1] * p.Groups, p.H, p.W}
	return x, p.agree(dy, x, w)
}

// Shape is w's.
func (p ConvGradWeightOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, dy := in[0], in[1]
	if len(x) != 4 || len(dy) != 4 {
		return nil, fmt.Errorf("x is %s and dy is %s; want four dimensions each", shapeText(x), shapeText(dy))
	}
	w := tensor.Shape{dy[1], x[1] / p.Groups, p.KH, p.KW}
	return w, p.agree(dy, x, w)
}

// agree checks that the convolution of x with w has dy's shape.
func (c Conv) agree(dy, x, w tensor.Shape) error {
	y, err := Conv2DOp{c}.Shape([]tensor.Shape{x, w})
	if err == nil && !y.Eq(dy) {
		err = fmt.Errorf("dy is %s, but x %s and w %s make %s", shapeText(dy), shapeText(x), shapeText(w), shapeText(y))
	}
	return err
}

func (p Conv2DOp) Float32(c *Call[float32]) {
	var bias []float32
	if len(c.X) > 2 {
		bias = c.X[2].Data
	}
	simd.Conv2D(c.Y.Data, c.X[0].Data, c.X[1].Data, bias, p.geometry(c.X[0].Shape, c.X[1].Shape))
}

func (p ConvGradInputOp) Float32(c *Call[float32]) {
	simd.ConvGradInput(c.Y.Data, c.X[0].Data, c.X[1].Data, p.geometry(c.Y.Shape, c.X[1].Shape))
}

func (p ConvGradWeightOp) Float32(c *Call[float32]) {
	simd.ConvGradWeight(c.Y.Data, c.X[0].Data, c.X[1].Data, p.geometry(c.X[0].Shape, c.Y.Shape))
}

func (p Conv2DOp) Float64(c *Call[float64]) {
	y, x, w := c.Y.Data, c.X[0].Data, c.X[1].Data
	clear(y)
	if len(c.X) > 2 {
		plane := c.Y.Shape[2] * c.Y.Shape[3]
		for i := range y {
			y[i] = c.X[2].Data[i/plane%c.Y.Shape[1]]
		}
	}
	eachTap(p.geometry(c.X[0].Shape, c.X[1].Shape), func(i, j, k int) { y[i] += x[j] * w[k] })
}

func (p ConvGradInputOp) Float64(c *Call[float64]) {
	dx, dy, w := c.Y.Data, c.X[0].Data, c.X[1].Data
	clear(dx)
	eachTap(p.geometry(c.Y.Shape, c.X[1].Shape), func(i, j, k int) { dx[j] += dy[i] * w[k] })
}

func (p ConvGradWeightOp) Float64(c *Call[float64]) {
	dw, x, dy := c.Y.Data, c.X[0].Data, c.X[1].Data
	clear(dw)
	eachTap(p.geometry(c.X[0].Shape, c.Y.Shape), func(i, j, k int) { dw[k] += x[j] * dy[i] })
}

// eachTap calls f(i,j,k) for every product y[i] += x[j]·w[k] of the convolution.
func eachTap(s simd.ConvShape, f func(i, j, k int)) {
	oh, ow := s.Out()
	cin, cout := s.Cin/s.Groups, s.Cout/s.Groups
	for i := range s.B * s.Cout * oh * ow {
		ox, oy, o, b := i%ow, i/ow%oh, i/ow/oh%s.Cout, i/ow/oh/s.Cout
		for k := range cin * s.KH * s.KW {
			ix := ox*s.StrideW - s.Left + k%s.KW*s.DilationW
			iy := oy*s.StrideH - s.Top + k/s.KW%s.KH*s.DilationH
			if ix < 0 || ix >= s.W || iy < 0 || iy >= s.H {
				continue
			}
			channel := o/cout*cin + k/s.KW/s.KH
			f(i, ((b*s.Cin+channel)*s.H+iy)*s.W+ix, o*cin*s.KH*s.KW+k)
		}
	}
}

// Grad: a convolution is linear in x, in w and in b.
func (p Conv2DOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	xs, ws := x[0].Shape(), x[1].Shape()
	dx := c.do(apply(ConvGradInputOp{p.Conv, xs[2], xs[3]}, dy, x[1]))
	dw := c.do(apply(ConvGradWeightOp{p.Conv, ws[2], ws[3]}, x[0], dy))
	if len(x) == 2 {
		return c.nodes(dx, dw)
	}
	return c.nodes(dx, dw, c.do(ChannelSum(dy)))
}

// Grad: the result is linear in dy and in w, and the two products are again convolutions.
func (p ConvGradInputOp) Grad(x G.Nodes, y, g *G.Node) (G.Nodes, error) {
	var c chain
	w := x[1].Shape()
	return c.nodes(c.do(apply(Conv2DOp{p.Conv}, g, x[1])), c.do(apply(ConvGradWeightOp{p.Conv, w[2], w[3]}, g, x[0])))
}

// Grad: the result is linear in x and in dy.
func (p ConvGradWeightOp) Grad(x G.Nodes, y, g *G.Node) (G.Nodes, error) {
	var c chain
	s := x[0].Shape()
	return c.nodes(c.do(apply(ConvGradInputOp{p.Conv, s[2], s[3]}, x[1], g)), c.do(apply(Conv2DOp{p.Conv}, x[0], g)))
}
