package xla

import (
	"slices"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	always(func(l *lowering, p op.AffineOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.affine(p, x)
	})
	always(func(l *lowering, _ op.BatchVarOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.batchVar(x[0], x[1])
	})
	always(func(l *lowering, _ op.ConcatOp, x []*hlo.Value, out hlo.Type) *hlo.Value {
		return l.concat(x, out)
	})
	always(func(l *lowering, p op.SliceOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.f.SliceAxis(x[0], 1, p.Lo, p.Hi)
	})
	always(func(l *lowering, p op.EmbedOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.embed(p, x[0])
	})
	always(func(l *lowering, p op.PermuteOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.f.Take(x[0], 1, p.Perm)
	})
	always(func(l *lowering, p op.SpaceToDepthOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.spaceToDepth(p.N, x[0])
	})
	always(func(l *lowering, p op.DepthToSpaceOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.depthToSpace(p.N, x[0])
	})
}

// affine is x⊙g + δ.
func (l *lowering) affine(p op.AffineOp, in []*hlo.Value) *hlo.Value {
	x := in[0]
	y := x
	if p.Gain {
		y = l.f.Mul(y, l.perChannel(in[1], x.Type))
	}
	if p.Offset {
		y = l.f.Add(y, l.perChannel(in[len(in)-1], x.Type))
	}
	return y
}

// batchVar is the mean of (x−m)² over batch and pixels.
func (l *lowering) batchVar(x, mean *hlo.Value) *hlo.Value {
	d := l.f.Sub(x, l.perChannel(mean, x.Type))
	sum := l.f.Sum(l.f.Mul(d, d), allBut(x.Type, 1)...)
	return l.f.Scale(sum, float64(x.Dims[1])/float64(x.Size()))
}

// concat repeats inputs of batch 1 and joins along the channels.
func (l *lowering) concat(xs []*hlo.Value, out hlo.Type) *hlo.Value {
	parts := make([]*hlo.Value, len(xs))
	for i, x := range xs {
		dims := slices.Clone(x.Dims)
		dims[0] = out.Dims[0]
		parts[i] = l.f.Broadcast(x, dims, indices(x.Rank())...)
	}
	return l.f.Concat(1, parts...)
}

// embed puts x among zero channels.
func (l *lowering) embed(p op.EmbedOp, x *hlo.Value) *hlo.Value {
	low, high, none := make([]int, x.Rank()), make([]int, x.Rank()), make([]int, x.Rank())
	low[1], high[1] = p.Lo, p.Channels-p.Lo-x.Dims[1]
	return l.f.Pad(x, 0, low, high, none)
}

// indices are 0, 1 ... n−1.
func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (l *lowering) spaceToDepth(n int, x *hlo.Value) *hlo.Value {
	b, c, h, w := x.Dims[0], x.Dims[1], x.Dims[2]/n, x.Dims[3]/n
	blocks := l.f.Transpose(l.f.Reshape(x, b, c, h, n, w, n), 0, 1, 3, 5, 2, 4)
	return l.f.Reshape(blocks, b, c*n*n, h, w)
}

func (l *lowering) depthToSpace(n int, x *hlo.Value) *hlo.Value {
	b, c, h, w := x.Dims[0], x.Dims[1]/(n*n), x.Dims[2], x.Dims[3]
	blocks := l.f.Transpose(l.f.Reshape(x, b, c, n, n, h, w), 0, 1, 4, 2, 5, 3)
	return l.f.Reshape(blocks, b, c, h*n, w*n)
}
