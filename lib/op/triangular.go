package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TriangularPartOp is w (C,C,1,1) with everything but its strict lower (or upper) triangle set to zero.
type TriangularPartOp struct{ Upper bool }

// TriangularSolveOp is y with T·y = x at every pixel, T the identity plus the strict lower (or upper) triangle of w, or
// Tᵀ·y = x if Transpose. Its inputs are x (B,C,H,W) and w (C,C,1,1).
type TriangularSolveOp struct{ Upper, Transpose bool }

// TriangularPart is the strict lower, or upper, triangle of w (C,C,1,1) among zeros.
func TriangularPart(w *G.Node, upper bool) (*G.Node, error) {
	return apply(TriangularPartOp{upper}, w)
}

// SolveTriangular undoes the 1×1 convolution by T, the identity plus the strict lower (or upper) triangle of w (C,C,1,1):
// at every pixel of x (B,C,H,W) it solves T·y = x by substitution.
func SolveTriangular(x, w *G.Node, upper bool) (*G.Node, error) {
	return apply(TriangularSolveOp{Upper: upper}, x, w)
}

func (p TriangularPartOp) String() string { return "TriangularPart " + triangleName(p.Upper) }
func (p TriangularSolveOp) String() string {
	if p.Transpose {
		return "SolveTriangular transposed " + triangleName(p.Upper)
	}
	return "SolveTriangular " + triangleName(p.Upper)
}

func triangleName(upper bool) string {
	if upper {
		return "upper"
	}
	return "lower"
}

// Shape is w's.
func (p TriangularPartOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	if err := squareKernel(in[0]); err != nil {
		return nil, err
	}
	return in[0].Clone(), nil
}

// Shape is x's.
func (p TriangularSolveOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x, w := in[0], in[1]
	if err := squareKernel(w); err != nil {
		return nil, err
	}
	if len(x) != 4 || x[1] != w[0] {
		return nil, fmt.Errorf("x is %s and w is %s; want (B,C,H,W) and (C,C,1,1)", shapeText(x), shapeText(w))
	}
	return x.Clone(), nil
}

func squareKernel(w tensor.Shape) error {
	if len(w) != 4 || w[0] != w[1] || w[2] != 1 || w[3] != 1 {
		return fmt.Errorf("w is %s; want (C,C,1,1)", shapeText(w))
	}
	return nil
}

func (p TriangularPartOp) Float32(c *Call[float32]) { trianglePart(p, c) }
func (p TriangularPartOp) Float64(c *Call[float64]) { trianglePart(p, c) }

func trianglePart[T Float](p TriangularPartOp, c *Call[T]) {
	n, w, y := c.Y.Shape[0], c.X[0].Data, c.Y.Data
	for i := range n {
		for j := range n {
			y[i*n+j] = 0
			if j != i && (j > i) == p.Upper {
				y[i*n+j] = w[i*n+j]
			}
		}
	}
}

func (p TriangularSolveOp) Float32(c *Call[float32]) { triangularSolve(p, c) }
func (p TriangularSolveOp) Float64(c *Call[float64]) { triangularSolve(p, c) }

// triangularSolve substitutes channel by channel: y_i = x_i − Σ_j T[i,j]·y_j over the channels j that are already known.
func triangularSolve[T Float](p TriangularSolveOp, c *Call[T]) {
	channels, size := c.Y.planes()
	w := c.X[1].Data
	backwards := p.Upper != p.Transpose
	rows(c.Y.Shape[0], channels*channels*size/2, func(b int) {
		y := c.Y.Data[b*channels*size : (b+1)*channels*size]
		copy(y, c.X[0].Data[b*channels*size:])
		for k := range channels {
			i := k
			if backwards {
				i = channels - 1 - k
			}
			for done := range k {
				j := done
				if backwards {
					j = channels - 1 - done
				}
				at := i*channels + j
				if p.Transpose {
					at = j*channels + i
				}
				subtract(y[i*size:(i+1)*size], y[j*size:(j+1)*size], w[at])
			}
		}
	})
}

// subtract is y −= k·x.
func subtract[T Float](y, x []T, k T) {
	x = x[:len(y)]
	for i := range y {
		y[i] -= k * x[i]
	}
}

// Grad keeps the same part of dy.
func (p TriangularPartOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(TriangularPart(dy, p.Upper)))
}

// Grad: with Tᵀ·r = dy, dx = r and dT = −Σ r·yᵀ over batch and pixels; transposed, dT = −Σ y·rᵀ.
func (p TriangularSolveOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	r := c.do(apply(TriangularSolveOp{p.Upper, !p.Transpose}, dy, x[1]))
	in, out := y, r
	if p.Transpose {
		in, out = r, y
	}
	outer := c.do(apply(ConvGradWeightOp{Conv{}.resolved(), 1, 1}, in, out))
	return c.nodes(r, c.do(Neg(c.do(TriangularPart(outer, p.Upper)))))
}
