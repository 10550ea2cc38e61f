package backbone

import "fmt"

// resnet describes a residual network of He et al. (arXiv 1512.03385) and its relatives ResNeXt (1611.05431) and Wide
// ResNet (1605.07146), as torchvision has them: stem 7×7 at stride 2, max-pool, then layer1 to layer3. Bottlenecks have
// their stride on the 3×3 convolution.
type resnet struct {
	depth         [3]int // blocks of layer1…3
	bottleneck    bool
	groups, width int // of the bottlenecks: groups, and channels per group for 64 planes
}

const resnetEps = 1e-5

func (r resnet) build(b *builder) network {
	n := &convNet{maxPool: true}
	n.stem = b.conv(conv{in: 3, out: 64, k: 7, stride: 2, groups: 1, pad: b.pad, act: relu}, "conv1", "bn1", resnetEps)
	in := 64
	for layer, depth := range r.depth {
		planes, stride := 64<<layer, min(2, 1+layer)
		for i := range depth {
			block := r.block(b, fmt.Sprintf("layer%d.%d.", layer+1, i), in, planes, stride)
			n.blocks = append(n.blocks, block)
			in, stride = r.out(planes), 1
		}
		n.taps[layer] = len(n.blocks) - 1
		n.widths[layer] = in
	}
	return n
}

// out is the number of channels that a block of the given planes ends with.
func (r resnet) out(planes int) int {
	if r.bottleneck {
		return 4 * planes
	}
	return planes
}

func (r resnet) block(b *builder, name string, in, planes, stride int) residual {
	block := residual{add: true, relu: true}
	out := r.out(planes)
	step := func(i, from, to, k, stride, groups int, act activation) {
		c := conv{in: from, out: to, k: k, stride: stride, groups: groups, pad: b.pad, act: act}
		block.body = append(block.body, b.conv(c, fmt.Sprintf("%sconv%d", name, i), fmt.Sprintf("%sbn%d", name, i), resnetEps))
	}
	if r.bottleneck {
		width := planes / 64 * r.width * r.groups
		step(1, in, width, 1, 1, 1, relu)
		step(2, width, width, 3, stride, r.groups, relu)
		step(3, width, out, 1, 1, 1, linear)
	} else {
		step(1, in, out, 3, stride, 1, relu)
		step(2, out, out, 3, 1, 1, linear)
	}
	if in != out || stride != 1 {
		c := b.conv(conv{in: in, out: out, k: 1, stride: stride, groups: 1}, name+"downsample.0", name+"downsample.1", resnetEps)
		block.shortcut = &c
	}
	return block
}
