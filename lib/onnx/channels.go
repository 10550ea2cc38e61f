package onnx

import (
	"slices"

	"github.com/msflow-go/msflow/lib/op"
	"gorgonia.org/tensor"
)

func init() {
	always(func(l *lowering, p op.AffineOp, a args) Value { return l.affine(p, a) })
	always(func(l *lowering, _ op.ConcatOp, a args) Value { return l.concat(a) })
	always(func(l *lowering, p op.SliceOp, a args) Value { return l.slice(a.x[0], 1, p.Lo, p.Hi) })
	always(func(l *lowering, p op.EmbedOp, a args) Value { return l.embed(p, a) })
	always(func(l *lowering, p op.PermuteOp, a args) Value { return l.Take(a.x[0], 1, p.Perm) })
	always(func(l *lowering, p op.SpaceToDepthOp, a args) Value {
		c, h, w, n := a.shapes[0][1], a.shapes[0][2]/p.N, a.shapes[0][3]/p.N, p.N
		blocks := l.Transpose(l.Reshape(a.x[0], kept(c, h, n, w, n)...), 0, 1, 3, 5, 2, 4)
		return l.Reshape(blocks, kept(c*n*n, h, w)...)
	})
	always(func(l *lowering, p op.DepthToSpaceOp, a args) Value {
		return l.Op("DepthToSpace", a.x, Int("blocksize", p.N), Text("mode", "CRD"))
	})
}

// perChannel is the shape (C,1,1) of C values that meet (B,C,H,W).
func perChannel(rank, channels int) []int {
	dims := make([]int, rank-1)
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = channels
	return dims
}

// affine is x⊙g + δ.
func (l *lowering) affine(p op.AffineOp, a args) Value {
	dims := perChannel(len(a.out), a.out[1])
	y := a.x[0]
	if p.Gain {
		y = l.Op("Mul", On(y, l.Reshape(a.x[1], dims...)))
	}
	if p.Offset {
		y = l.Op("Add", On(y, l.Reshape(a.x[len(a.x)-1], dims...)))
	}
	return y
}

// concat joins along the channels. Inputs of one sample are repeated to the batch of the others.
func (l *lowering) concat(a args) Value {
	whole := slices.IndexFunc(a.shapes, func(s tensor.Shape) bool { return s[0] != 1 })
	parts := slices.Clone(a.x)
	for i, s := range a.shapes {
		if whole >= 0 && s[0] == 1 {
			batch := l.Op("Shape", On(a.x[whole]), Int("start", 0), Int("end", 1))
			parts[i] = l.Op("Expand", On(parts[i], l.Op("Concat", On(batch, l.Integers(s[1:]...)), Int("axis", 0))))
		}
	}
	return l.Op("Concat", parts, Int("axis", 1))
}

// embed puts x among zero channels.
func (l *lowering) embed(p op.EmbedOp, a args) Value {
	pads := make([]int, 2*len(a.out))
	pads[1], pads[len(a.out)+1] = p.Lo, p.Channels-p.Lo-a.shapes[0][1]
	return l.Op("Pad", On(a.x[0], l.Integers(pads...)))
}
