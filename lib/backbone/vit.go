package backbone

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/weights"
)

// Vision transformers (arXiv 2010.11929) as timm has them: supervised and DINO, DINOv2 (2304.07193) with and without
// registers (2309.16588), and DINOv3 (2508.10104). The maps are the patches after blocks 3, 6 and 9 of 12, each under the
// network's last layer normalisation, which is how DINOv2 reads maps from the middle; so all three have the same size.
// Blocks behind the ninth are neither needed nor read.
//
// Tensors have timm's names. The names of the authors' files of DINOv2 and DINOv3 do as well.

// vit describes one of them.
type vit struct {
	patch, dim, heads int // patch in pixels
	registers         int
	codes             int  // side of the grid that learnt position codes were trained on; 0: rotary position codes
	classCode         bool // the class token has a position code too
	layerScale        bool
	signed            bool // trained on images in −1…1 instead of ImageNet's normalisation
	eps               float64
	taps              [3]int
}

const vitEps, dinov3Eps = 1e-6, 1e-5

var vitTaps = [3]int{2, 5, 8}

func vitSmall(v vit) vit { v.dim, v.heads, v.taps = 384, 6, vitTaps; return v }
func vitBase(v vit) vit  { v.dim, v.heads, v.taps = 768, 12, vitTaps; return v }

var (
	vit224     = vit{patch: 16, codes: 14, classCode: true, signed: true, eps: vitEps}
	vitDINO    = vit{patch: 16, codes: 14, classCode: true, eps: vitEps}
	dinov2     = vit{patch: 14, codes: 37, classCode: true, layerScale: true, eps: vitEps}
	dinov2Reg4 = vit{patch: 14, codes: 37, registers: 4, layerScale: true, eps: vitEps}
	dinov3     = vit{patch: 16, registers: 4, layerScale: true, eps: dinov3Eps}
)

func (v vit) build(b *builder) network {
	n := &transformer{vit: v}
	n.embed = conv{in: 3, out: v.dim, k: v.patch, stride: v.patch, groups: 1,
		w: b.floats("patch_embed.proj.weight", v.dim, 3, v.patch, v.patch), bias: b.floats("patch_embed.proj.bias", v.dim)}
	if v.signed {
		n.input = fromImageNet(2, -1)
	}
	v.buildTokens(b, n)
	for i := range v.taps[2] + 1 {
		n.blocks = append(n.blocks, v.buildBlock(b, fmt.Sprintf("blocks.%d.", i)))
	}
	n.norm = b.layerNorm("norm", v.dim, v.eps)
	return n
}

// buildTokens reads the tokens that precede the patches and the learnt position codes. The authors' DINOv2 with registers
// has a code for its class token, which timm's file has added to that token.
func (v vit) buildTokens(b *builder, n *transformer) {
	class := append([]float32(nil), b.floats("cls_token", 1, 1, v.dim)...)
	registers := b.one("reg_token", "register_tokens", "storage_tokens")
	extra := class
	if v.registers > 0 {
		extra = append(extra, b.floats(registers, 1, v.registers, v.dim)...)
	}
	if v.codes > 0 {
		classCode := v.classCode || registers == "register_tokens"
		codes, grid := v.buildCodes(b, classCode)
		if b.err != nil {
			return
		}
		if classCode {
			for c := range v.dim {
				extra[c] += codes[c]
			}
			codes = codes[v.dim:]
		}
		n.grid, n.codes = grid, byChannel(codes, v.dim)
	}
	if b.err == nil {
		n.extra = byChannel(extra, v.dim)
	}
}

// buildCodes reads pos_embed (1,tokens,dim), whose grid is square but of any size.
func (v vit) buildCodes(b *builder, class bool) (codes []float32, grid int) {
	grid, more := v.codes, 0
	if class {
		more = 1
	}
	const name = "pos_embed"
	if shape := b.shape(name); len(shape) == 3 {
		grid = int(math.Round(math.Sqrt(float64(shape[1] - more))))
	}
	return b.floats(name, 1, grid*grid+more, v.dim), grid
}

// byChannel turns (tokens,dim) into (dim,tokens).
func byChannel(v []float32, dim int) []float32 {
	out, tokens := make([]float32, len(v)), len(v)/dim
	for t := range tokens {
		for c := range dim {
			out[c*tokens+t] = v[t*dim+c]
		}
	}
	return out
}

func (v vit) buildBlock(b *builder, name string) vitBlock {
	d := v.dim
	block := vitBlock{
		norm1: b.layerNorm(name+"norm1", d, v.eps), norm2: b.layerNorm(name+"norm2", d, v.eps),
		proj: b.linear(name+"attn.proj", d, d), fc1: b.linear(name+"mlp.fc1", d, 4*d), fc2: b.linear(name+"mlp.fc2", 4*d, d),
	}
	// The scores' factor 1/√(dim of a head) goes into the queries.
	gain := make([]float32, 3*d)
	for i := range gain {
		gain[i] = 1
		if i < d {
			gain[i] = float32(1 / math.Sqrt(float64(d/v.heads)))
		}
	}
	block.qkv = b.scaled(v.buildQKV(b, name), gain)
	if v.layerScale {
		block.proj = b.scaled(block.proj, b.floats(v.gamma(b, name, 1), d))
		block.fc2 = b.scaled(block.fc2, b.floats(v.gamma(b, name, 2), d))
	}
	return block
}

// gamma is the name of a LayerScale: timm's DINOv3 calls it differently.
func (v vit) gamma(b *builder, block string, i int) string {
	names := []string{fmt.Sprintf("%sls%d.gamma", block, i), fmt.Sprintf("%sgamma_%d", block, i)}
	if v.codes == 0 {
		names[0], names[1] = names[1], names[0]
	}
	return b.one(names...)
}

// buildQKV reads the projection to queries, keys and values. DINOv3's has no bias, or one without the keys' part, which is
// zero in timm's files and masked in the authors'.
func (v vit) buildQKV(b *builder, block string) conv {
	d, name := v.dim, block+"attn.qkv"
	if v.codes > 0 {
		return b.linear(name, d, 3*d)
	}
	c := pointwise(d, 3*d)
	c.w, c.bias = b.floats(name+".weight", 3*d, d), make([]float32, 3*d)
	switch {
	case b.has(name + ".bias"):
		bias := b.floats(name+".bias", 3*d)
		if b.err == nil {
			copy(c.bias[:d], bias[:d])
			copy(c.bias[2*d:], bias[2*d:])
		}
	case b.has(block + "attn.q_bias"):
		copy(c.bias[:d], b.floats(block+"attn.q_bias", d))
		copy(c.bias[2*d:], b.floats(block+"attn.v_bias", d))
	}
	return c
}

func pointwise(in, out int) conv { return conv{in: in, out: out, k: 1, stride: 1, groups: 1} }

// linear reads a layer of weights (out,in), which is a convolution of 1×1 on tokens.
func (b *builder) linear(name string, in, out int) conv {
	c := pointwise(in, out)
	c.w, c.bias = b.floats(name+".weight", out, in), b.floats(name+".bias", out)
	return c
}

// scaled is c with output channel o multiplied by gain[o].
func (b *builder) scaled(c conv, gain []float32) conv {
	if b.err != nil {
		return c
	}
	w, bias := make([]float32, len(c.w)), make([]float32, c.out)
	for o, g := range gain {
		bias[o] = g * c.bias[o]
		for i := o * c.in; i < (o+1)*c.in; i++ {
			w[i] = g * c.w[i]
		}
	}
	c.w, c.bias = w, bias
	return c
}

func (b *builder) layerNorm(name string, dim int, eps float64) layerNorm {
	return layerNorm{b.floats(name+".weight", dim), b.floats(name+".bias", dim), float32(eps)}
}

// one is the first of the names that the weights have, or the first.
func (b *builder) one(names ...string) string {
	for _, n := range names {
		if b.has(n) {
			return n
		}
	}
	return names[0]
}

// has tells whether stored weights have a tensor.
func (b *builder) has(name string) bool {
	stored, ok := b.src.(interface{ Has(string) bool })
	return ok && stored.Has(name)
}

// shape is that of a stored tensor, or nil.
func (b *builder) shape(name string) []int {
	if stored, ok := b.src.(*weights.StateDict); ok {
		if t, err := stored.Get(name); err == nil {
			return t.Shape
		}
	}
	return nil
}
