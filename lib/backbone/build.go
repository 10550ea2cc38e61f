package backbone

import (
	"fmt"
	"math"
)

// architectures lists the networks by name, the default first.
var architectures = []struct {
	name  string
	build func(b *builder) network
}{
	{"efficientnet_lite0", buildLite0},
	{"resnet18", resnet{depth: [3]int{2, 2, 2}}.build},
	{"resnet34", resnet{depth: [3]int{3, 4, 6}}.build},
	{"resnet50", resnet{depth: [3]int{3, 4, 6}, bottleneck: true, groups: 1, width: 64}.build},
	{"resnext50_32x4d", resnet{depth: [3]int{3, 4, 6}, bottleneck: true, groups: 32, width: 4}.build},
	{"wide_resnet50_2", resnet{depth: [3]int{3, 4, 6}, bottleneck: true, groups: 1, width: 128}.build},
	{"vit_small_patch16_224", vitSmall(vit224).build},
	{"vit_base_patch16_224", vitBase(vit224).build},
	{"vit_small_patch16_224.dino", vitSmall(vitDINO).build},
	{"vit_base_patch16_224.dino", vitBase(vitDINO).build},
	{"vit_small_patch14_dinov2", vitSmall(dinov2).build},
	{"vit_base_patch14_dinov2", vitBase(dinov2).build},
	{"vit_small_patch14_reg4_dinov2", vitSmall(dinov2Reg4).build},
	{"vit_base_patch14_reg4_dinov2", vitBase(dinov2Reg4).build},
	{"vit_small_patch16_dinov3", vitSmall(dinov3).build},
	{"vit_base_patch16_dinov3", vitBase(dinov3).build},
}

// source gives the tensor called name, whose shape must be the given one;
// *weights.StateDict is one.
type source interface {
	Floats(name string, shape ...int) ([]float32, error)
}

// builder reads weights; after the first error it does nothing.
type builder struct {
	src source
	pad padding // of the ResNets
	err error
}

func (b *builder) floats(name string, shape ...int) []float32 {
	if b.err != nil {
		return nil
	}
	v, err := b.src.Floats(name, shape...)
	b.err = err
	return v
}

// conv completes c with the weights of the convolution called name and the batch normalisation called norm that follows
// it:
//
//	norm(y) = gain·(y−mean)/√(var+eps) + offset
func (b *builder) conv(c conv, name, norm string, eps float64) conv {
	w := b.floats(name+".weight", c.out, c.in/c.groups, c.k, c.k)
	gain := b.floats(norm+".weight", c.out)
	offset := b.floats(norm+".bias", c.out)
	mean := b.floats(norm+".running_mean", c.out)
	variance := b.floats(norm+".running_var", c.out)
	if b.err != nil {
		return c
	}
	c.w, c.bias = make([]float32, len(w)), make([]float32, c.out)
	n := len(w) / c.out
	for o := range c.out {
		if !(variance[o] >= 0) {
			b.err = fmt.Errorf("tensor %s.running_var: element %d is %g, which no variance can be", norm, o, variance[o])
			return c
		}
		g := float64(gain[o]) / math.Sqrt(float64(variance[o])+eps)
		c.bias[o] = float32(float64(offset[o]) - float64(mean[o])*g)
		for i := o * n; i < (o+1)*n; i++ {
			c.w[i] = float32(float64(w[i]) * g)
		}
	}
	return c
}
