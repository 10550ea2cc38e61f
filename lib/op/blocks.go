package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// SpaceToDepthOp moves the pixels of each N×N block into channels: y[b, c·N²+i·N+j, r, s] = x[b, c, r·N+i, s·N+j].
type SpaceToDepthOp struct{ N int }

// DepthToSpaceOp is SpaceToDepthOp's inverse and transpose.
type DepthToSpaceOp struct{ N int }

// SpaceToDepth turns x (B,C,H,W) into (B,C·n²,H/n,W/n): channel c·n²+i·n+j holds the pixels at row i and column j of
// every n×n block of channel c. It panics unless n > 0.
func SpaceToDepth(x *G.Node, n int) (*G.Node, error) {
	checkBlock(n)
	return apply(SpaceToDepthOp{n}, x)
}

// DepthToSpace is the inverse of SpaceToDepth: (B,C,H,W) becomes (B,C/n²,H·n,W·n). It panics unless n > 0.
func DepthToSpace(x *G.Node, n int) (*G.Node, error) {
	checkBlock(n)
	return apply(DepthToSpaceOp{n}, x)
}

func checkBlock(n int) {
	if n < 1 {
		panic(fmt.Sprintf("op: blocks of %d×%d pixels", n, n))
	}
}

func (p SpaceToDepthOp) String() string { return fmt.Sprintf("SpaceToDepth %d", p.N) }
func (p DepthToSpaceOp) String() string { return fmt.Sprintf("DepthToSpace %d", p.N) }

// Shape is (B,C·N²,H/N,W/N).
func (p SpaceToDepthOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) != 4 || x[2]%p.N != 0 || x[3]%p.N != 0 {
		return nil, fmt.Errorf("x %s does not divide into blocks of %d×%d pixels", shapeText(x), p.N, p.N)
	}
	return tensor.Shape{x[0], x[1] * p.N * p.N, x[2] / p.N, x[3] / p.N}, nil
}

// Shape is (B,C/N²,H·N,W·N).
func (p DepthToSpaceOp) Shape(in []tensor.Shape) (tensor.Shape, error) {
	x := in[0]
	if len(x) != 4 || x[1]%(p.N*p.N) != 0 {
		return nil, fmt.Errorf("the channels of x %s do not make blocks of %d×%d pixels", shapeText(x), p.N, p.N)
	}
	return tensor.Shape{x[0], x[1] / (p.N * p.N), x[2] * p.N, x[3] * p.N}, nil
}

func (p SpaceToDepthOp) Float32(c *Call[float32]) { spaceToDepth(p.N, c) }
func (p SpaceToDepthOp) Float64(c *Call[float64]) { spaceToDepth(p.N, c) }
func (p DepthToSpaceOp) Float32(c *Call[float32]) { depthToSpace(p.N, c) }
func (p DepthToSpaceOp) Float64(c *Call[float64]) { depthToSpace(p.N, c) }

func spaceToDepth[T Float](n int, c *Call[T]) {
	eachBlockRow(n, c.Y.Shape, func(deep, flat int) {
		for s := range c.Y.Shape[3] {
			c.Y.Data[deep+s] = c.X[0].Data[flat+s*n]
		}
	})
}

func depthToSpace[T Float](n int, c *Call[T]) {
	eachBlockRow(n, c.X[0].Shape, func(deep, flat int) {
		for s := range c.X[0].Shape[3] {
			c.Y.Data[flat+s*n] = c.X[0].Data[deep+s]
		}
	})
}

// eachBlockRow calls fn for every row of the deep array (B,C·n²,h,w), which starts at offset deep, with the offset in
// the flat array of its first pixel; the following ones are n apart.
func eachBlockRow(n int, shape []int, fn func(deep, flat int)) {
	h, w := shape[2], shape[3]
	rows(shape[0]*shape[1], h*w, func(plane int) {
		block := plane % (n * n)
		i, j := block/n, block%n
		base := plane/(n*n)*(h*n)*(w*n) + i*(w*n) + j
		for r := range h {
			fn((plane*h+r)*w, base+r*n*(w*n))
		}
	})
}

// Grad moves dy back.
func (p SpaceToDepthOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(DepthToSpace(dy, p.N)))
}

// Grad moves dy back.
func (p DepthToSpaceOp) Grad(x G.Nodes, y, dy *G.Node) (G.Nodes, error) {
	var c chain
	return c.nodes(c.do(SpaceToDepth(dy, p.N)))
}
