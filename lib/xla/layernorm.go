package xla

import (
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/xla/hlo"
)

func init() {
	always(func(l *lowering, p op.LayerNormOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.layerNorm(x[0], x[1], x[2], p.Eps)
	})
	always(func(l *lowering, p op.LayerNormStatsOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.layerNormStats(x[0], p.Eps)
	})
	always(func(l *lowering, _ op.LayerNormGradInputOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.layerNormGradInput(x[0], x[1], x[2], x[3])
	})
	always(func(l *lowering, _ op.LayerNormGradGainOp, x []*hlo.Value, _ hlo.Type) *hlo.Value {
		return l.layerNormGradGain(x[0], x[2], x[3])
	})
}

// Letters as in lib/op: μ and r = 1/√(σ²+eps) of every pixel over its channels, x̂ = (x−μ)·r.

// channelMean is the mean over the channels, (B,...), and its repetition over them.
func (l *lowering) channelMean(x *hlo.Value) (mean, repeated *hlo.Value) {
	mean = l.f.Scale(l.f.Sum(x, 1), 1/float64(x.Dims[1]))
	return mean, l.overChannels(mean, x.Type)
}

// overChannels repeats (B,...) over the channels of (B,C,...).
func (l *lowering) overChannels(v *hlo.Value, like hlo.Type) *hlo.Value {
	axes := []int{0}
	for i := 2; i < like.Rank(); i++ {
		axes = append(axes, i)
	}
	return l.f.Broadcast(v, like.Dims, axes...)
}

// perChannel repeats C values over the batch and the pixels of (B,C,...).
func (l *lowering) perChannel(v *hlo.Value, like hlo.Type) *hlo.Value {
	return l.f.Broadcast(l.f.Reshape(v, like.Dims[1]), like.Dims, 1)
}

// moments are μ (B,...), r (B,...) and x − μ (B,C,...).
func (l *lowering) moments(x *hlo.Value, eps float64) (mean, rstd, centred *hlo.Value) {
	mean, repeated := l.channelMean(x)
	centred = l.f.Sub(x, repeated)
	variance, _ := l.channelMean(l.f.Mul(centred, centred))
	return mean, l.f.Unary("rsqrt", l.f.AddConst(variance, eps)), centred
}

func (l *lowering) layerNorm(x, gain, bias *hlo.Value, eps float64) *hlo.Value {
	f := l.f
	_, rstd, centred := l.moments(x, eps)
	normal := f.Mul(centred, l.overChannels(rstd, x.Type))
	return f.Add(f.Mul(normal, l.perChannel(gain, x.Type)), l.perChannel(bias, x.Type))
}

// layerNormStats is μ and r, (2,B,...).
func (l *lowering) layerNormStats(x *hlo.Value, eps float64) *hlo.Value {
	mean, rstd, _ := l.moments(x, eps)
	one := append([]int{1}, mean.Dims...)
	return l.f.Concat(0, l.f.Reshape(mean, one...), l.f.Reshape(rstd, one...))
}

// normalised is x̂ and r, both (B,C,...), from the statistics.
func (l *lowering) normalised(x, stats *hlo.Value) (normal, rstd *hlo.Value) {
	f := l.f
	half := func(i int) *hlo.Value {
		v := f.Reshape(f.SliceAxis(stats, 0, i, i+1), stats.Dims[1:]...)
		return l.overChannels(v, x.Type)
	}
	rstd = half(1)
	return f.Mul(f.Sub(x, half(0)), rstd), rstd
}

// layerNormGradInput: with u = g⊙dy, dx = r·(u − mean_C(u) − x̂·mean_C(u⊙x̂)).
func (l *lowering) layerNormGradInput(x, gain, dy, stats *hlo.Value) *hlo.Value {
	f := l.f
	normal, rstd := l.normalised(x, stats)
	u := f.Mul(dy, l.perChannel(gain, x.Type))
	_, meanU := l.channelMean(u)
	_, meanUX := l.channelMean(f.Mul(u, normal))
	return f.Mul(rstd, f.Sub(f.Sub(u, meanU), f.Mul(normal, meanUX)))
}

// layerNormGradGain is Σ dy⊙x̂ over batch and pixels.
func (l *lowering) layerNormGradGain(x, dy, stats *hlo.Value) *hlo.Value {
	normal, _ := l.normalised(x, stats)
	return l.f.Sum(l.f.Mul(dy, normal), allBut(x.Type, 1)...)
}

// allBut are the axes of a tensor but one.
func allBut(t hlo.Type, but int) []int {
	var axes []int
	for i := range t.Rank() {
		if i != but {
			axes = append(axes, i)
		}
	}
	return axes
}
