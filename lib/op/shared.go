package op

import (
	"github.com/msflow-go/msflow/lib/internal/simd"
	"gorgonia.org/tensor"
)

// A convolution is linear in its input's channels. Of an input [x; P] in which all samples share P, such as a position
// code,
//
//	y[b] = w_x ∗ x[b] + (w_P ∗ P + bias)          the bracket once for the batch
//	∂w_x = Σ_b dy[b] ⋆ x[b],  ∂w_P = (Σ_b dy[b]) ⋆ P
//	∂x is w_x's part of the gradient by [x; P]; nobody asks for the gradient by P
//
// A Program finds these forms in the graph, which stays as it was written, and computes them so: with 64 channels of
// position code beside 12 of 24 channels and a batch of 8, in a quarter of the time.

// sharedConvOp is Conv2DOp of Concat(x, P). Its inputs are x (B,C,H,W), P (1,D,H,W), w and, optionally, b.
type sharedConvOp struct{ Conv2DOp }

// sharedConvGradWeightOp is ConvGradWeightOp of Concat(x, P). Its inputs are x, P and dy.
type sharedConvGradWeightOp struct{ ConvGradWeightOp }

// partConvGradInputOp is channels Lo to Hi−1 of ConvGradInputOp, from the same inputs.
type partConvGradInputOp struct {
	ConvGradInputOp
	SliceOp
}

func (p partConvGradInputOp) String() string {
	return p.ConvGradInputOp.String() + " " + p.SliceOp.String()
}

// Shape is the part's.
func (p partConvGradInputOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, err := p.ConvGradInputOp.Shape(in)
	if err != nil {
		return nil, err
	}
	return p.SliceOp.Shape([]tensor.Shape{x})
}

// simplify rewrites the uses that compute such convolutions.
func simplify(order []*use, outputs map[*use]bool) {
	readers := map[*use][]*use{}
	for _, u := range order {
		for _, in := range u.in {
			readers[in] = append(readers[in], u)
		}
	}
	for _, u := range order {
		switch p := u.prim.(type) {
		case Conv2DOp:
			if u.joinsShared(p.Conv) {
				u.prim, u.in = sharedConvOp{p}, append(append([]*use(nil), u.in[0].in...), u.in[1:]...)
			}
		case ConvGradWeightOp:
			if u.joinsShared(p.Conv) {
				u.prim, u.in = sharedConvGradWeightOp{p}, append(append([]*use(nil), u.in[0].in...), u.in[1:]...)
			}
		case ConvGradInputOp:
			if !outputs[u] && p.Groups == 1 {
				u.cut(p, readers[u])
			}
		}
	}
}

// joinsShared tells whether the convolution's first input joins maps of several samples with one that all share.
func (u *use) joinsShared(c Conv) bool {
	joined := u.in[0]
	if _, ok := joined.prim.(ConcatOp); !ok || c.Groups != 1 || len(joined.in) != 2 {
		return false
	}
	return joined.in[0].node.Shape()[0] > 1 && joined.in[1].node.Shape()[0] == 1
}

// cut makes the readers of a gradient compute their parts of it themselves, if all take parts of channels and those do not
// amount to more than the whole.
func (u *use) cut(p ConvGradInputOp, readers []*use) {
	channels := 0
	for _, r := range readers {
		s, ok := r.prim.(SliceOp)
		if !ok {
			return
		}
		channels += s.Hi - s.Lo
	}
	if channels > u.node.Shape()[1] {
		return
	}
	for _, r := range readers {
		r.prim, r.in = partConvGradInputOp{p, r.prim.(SliceOp)}, u.in
	}
}

// halves are the shapes of the convolutions of x and of P.
func (c Conv) halves(x, p, w []int) (own, shared simd.ConvShape) {
	own, shared = c.geometry(x, w), c.geometry(p, w)
	own.RowW = (own.Cin + shared.Cin) * own.KH * own.KW
	shared.RowW = own.RowW
	return own, shared
}

func (p sharedConvOp) Float32(c *Call[float32]) {
	x, code, w := c.X[0], c.X[1], c.X[2].Data
	var bias []float32
	if len(c.X) > 3 {
		bias = c.X[3].Data
	}
	own, shared := p.halves(x.Shape, code.Shape, c.X[2].Shape)
	n := len(c.Y.Data) / own.B
	base := borrow[float32](n)
	defer giveBack(base)
	simd.Conv2D(*base, code.Data, w[own.Cin*own.KH*own.KW:], bias, shared)
	simd.Conv2D(c.Y.Data, x.Data, w, nil, own)
	spans(n, func(lo, hi int) {
		for b := range own.B {
			y := c.Y.Data[b*n+lo : b*n+hi]
			simd.Add(y, y, (*base)[lo:hi])
		}
	})
}

func (p sharedConvGradWeightOp) Float32(c *Call[float32]) {
	x, code, dy, dw := c.X[0], c.X[1], c.X[2].Data, c.Y.Data
	own, shared := p.halves(x.Shape, code.Shape, c.Y.Shape)
	n := len(dy) / own.B
	total := borrow[float32](n)
	defer giveBack(total)
	spans(n, func(lo, hi int) {
		sum := (*total)[lo:hi]
		simd.Add(sum, dy[lo:hi], dy[n+lo:n+hi])
		for b := 2; b < own.B; b++ {
			simd.Add(sum, sum, dy[b*n+lo:b*n+hi])
		}
	})
	simd.ConvGradWeight(dw, x.Data, dy, own)
	simd.ConvGradWeight(dw[own.Cin*own.KH*own.KW:], code.Data, *total, shared)
}

func (p partConvGradInputOp) Float32(c *Call[float32]) {
	s := p.geometry(c.Y.Shape, c.X[1].Shape)
	s.RowW = c.X[1].Shape[1] * s.KH * s.KW
	simd.ConvGradInput(c.Y.Data, c.X[0].Data, c.X[1].Data[p.Lo*s.KH*s.KW:], s)
}

// Float64 joins the inputs.
func (p sharedConvOp) Float64(c *Call[float64]) {
	joined, back := join2(c.X[0], c.X[1])
	defer back()
	p.Conv2DOp.Float64(&Call[float64]{c.Y, append([]Array[float64]{joined}, c.X[2:]...)})
}

// Float64 joins the inputs.
func (p sharedConvGradWeightOp) Float64(c *Call[float64]) {
	joined, back := join2(c.X[0], c.X[1])
	defer back()
	p.ConvGradWeightOp.Float64(&Call[float64]{c.Y, []Array[float64]{joined, c.X[2]}})
}

// join2 is Concat of two arrays, in memory to be given back.
func join2(x, shared Array[float64]) (joined Array[float64], back func()) {
	shape := append([]int(nil), x.Shape...)
	shape[1] += shared.Shape[1]
	memory := borrow[float64](tensor.Shape(shape).TotalSize())
	joined = Array[float64]{shape, *memory}
	concat(&Call[float64]{joined, []Array[float64]{x, shared}})
	return joined, func() { giveBack(memory) }
}

// Float64 computes the whole gradient and takes the part.
func (p partConvGradInputOp) Float64(c *Call[float64]) {
	shape := append([]int(nil), c.Y.Shape...)
	shape[1] = c.X[1].Shape[1]
	memory := borrow[float64](tensor.Shape(shape).TotalSize())
	defer giveBack(memory)
	whole := Array[float64]{shape, *memory}
	p.ConvGradInputOp.Float64(&Call[float64]{whole, c.X})
	slice(p.SliceOp, &Call[float64]{c.Y, []Array[float64]{whole}})
}
