package backbone

import (
	"fmt"

	"github.com/msflow-go/msflow/lib/internal/simd"
)

// EfficientNet-Lite0: inverted bottlenecks (expand 1×1, depthwise k×k, project 1×1) with ReLU6, without
// squeeze-and-excitation, SAME padding. The names are those of the published PyTorch conversion.
//
// It computes what timm's tf_efficientnet_lite0 computes with the same weights: bench/lite0_timm.py finds no difference in
// any layer for the same input, and the tests hold this package's layers against timm's. Whoever sees features of a
// photograph differ has fed another picture or built another network. Mean absolute differences of the maps at strides 4,
// 8 and 16, whose mean absolute values are 5.0, 4.5 and 3.4, on six photographs of magnetic tiles at 192²:
//
//	same pixels                                   0     0     0
//	1 level off in 1 of 50 pixels, as by libjpeg  0.09  0.10  0.07
//	resized by Pillow 13 (columns before rows)    0.27  0.26  0.19
//	resized bicubically                           0.44  0.43  0.33
//	batch normalisation with eps 1e-5             0.01  0.01  0.17
//	ImageNet's mean and deviation                 3.86  3.44  2.08
//	symmetric padding (timm's efficientnet_lite0) 4.81  4.69  4.18
//
// Package datasets resizes as Pillow does up to version 12.3, bit for bit.

const lite0Eps = 1e-3

// lite0Stages lists the stages up to stride 16; repeat counts their blocks, of which the first has the stride.
var lite0Stages = []struct{ expand, k, out, repeat, stride int }{
	{1, 3, 16, 1, 1},
	{6, 3, 24, 2, 2},
	{6, 5, 40, 2, 2},
	{6, 3, 80, 3, 2},
	{6, 5, 112, 3, 1},
}

// lite0Input turns an image normalised with ImageNet's mean m and deviation s into what the network was trained on,
// (p−127)/128 of the 8-bit level p = 255·(x·s + m).
//
// The port's page shows ImageNet's normalisation instead. Measured with the whole network and its classifier on 24 random
// crops each of six photographs that come with scikit-image and scikit-learn (cat, cup of espresso, scooter, rocket,
// palace, flower): with (p−127)/128 the right class comes first in 90 % with mean probability 0.60, with ImageNet's
// normalisation in 76 % with 0.53. What settles it are the stem's running variances, which training recorded: the variance
// that these photographs cause there is 0.8 of them (median over channels) with (p−127)/128 and 4.1 with ImageNet's
// normalisation.
func lite0Input() *affine { return fromImageNet(255./128, -127./128) }

func buildLite0(b *builder) network {
	n := &convNet{input: lite0Input(), taps: [3]int{2, 4, 10}, widths: [3]int{24, 40, 112}}
	n.stem = b.conv(conv{in: 3, out: 32, k: 3, stride: 2, groups: 1, pad: padSame, act: relu6}, "_conv_stem", "_bn0", lite0Eps)
	in := 32
	for _, st := range lite0Stages {
		stride := st.stride
		for range st.repeat {
			name := fmt.Sprintf("_blocks.%d.", len(n.blocks))
			n.blocks = append(n.blocks, lite0Block(b, name, in, in*st.expand, st.out, st.k, stride))
			in, stride = st.out, 1
		}
	}
	return n
}

func lite0Block(b *builder, name string, in, wide, out, k, stride int) residual {
	block := residual{add: stride == 1 && in == out}
	step := func(c conv, convName, norm string) {
		c.pad = padSame
		block.body = append(block.body, b.conv(c, name+convName, name+norm, lite0Eps))
	}
	if wide != in {
		step(conv{in: in, out: wide, k: 1, stride: 1, groups: 1, act: relu6}, "_expand_conv", "_bn0")
	}
	step(conv{in: wide, out: wide, k: k, stride: stride, groups: wide, act: relu6}, "_depthwise_conv", "_bn1")
	step(conv{in: wide, out: out, k: 1, stride: 1, groups: 1}, "_project_conv", "_bn2")
	block.inverted = invert(block.body)
	block.inverted.Add = block.add
	return block
}

// invert describes the body of an inverted bottleneck: expand, which may be missing, depthwise and project.
func invert(body []conv) *simd.Bottleneck {
	depth, project := &body[len(body)-2], &body[len(body)-1]
	limits := depth.act.finish()
	b := &simd.Bottleneck{In: body[0].in, Wide: depth.in, Out: project.out, Lo: limits.Lo, Hi: limits.Hi,
		Depth: depth.w, DepthBias: depth.bias, Project: project.w, OutputBias: project.bias}
	if len(body) > 2 {
		b.Expand, b.ExpandBias = body[0].w, body[0].bias
	}
	return b
}
