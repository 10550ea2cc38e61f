// Package backbone turns images into the feature pyramid that the flow models: three maps of a network trained on many
// other images. A convolutional network's are at strides 4, 8 and 16; a vision transformer's are its patches at three
// depths. The network is frozen: batch normalisation is folded into the convolutions and there is no gradient.
//
// A Backbone is built by name from a state dict, so weights published for PyTorch fit as they are:
//
//	sd, err := weights.Backbone("efficientnet_lite0")
//	b, err := backbone.New("efficientnet_lite0", sd, backbone.Options{})
//	maps, err := b.Features(x, batch, 256, 256)
//	pooled := backbone.Pool(maps, batch, "avg") // strides 8, 16, 32
package backbone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/internal/simd"
	"github.com/msflow-go/msflow/lib/weights"
)

// MinSize is the smallest height and width of an image, in pixels.
const MinSize = 32

// Feature is one map of the pyramid for a whole batch: Data is (B,C,H,W).
type Feature struct {
	C, H, W int
	Data    []float32
}

// Options chooses variants; the zero value is what the published results use.
type Options struct {
	// Padding of the ResNets' 3×3 and 7×7 convolutions: "reflect" (also "") mirrors the map without repeating its edge, as
	// the reference program does; "zero" is how the weights were trained. EfficientNet-Lite0 always pads with zeros, as
	// TensorFlow's "SAME".
	Padding string
}

// Backbone computes feature pyramids. It reuses its memory from call to call and uses all threads of one call, so it MUST
// NOT be used by two goroutines at once.
type Backbone struct {
	name     string
	net      network
	out      []Feature
	scratchs []*scratch
}

// Names lists the backbones that New can build.
func Names() []string {
	names := make([]string, len(architectures))
	for i, a := range architectures {
		names[i] = a.name
	}
	return names
}

// New builds the backbone called name from its weights under the names that PyTorch's model has for them. Weights beyond
// what the pyramid needs are ignored; a missing or misshapen tensor is an error that names it and its file.
func New(name string, sd *weights.StateDict, opts Options) (*Backbone, error) {
	net, err := build(name, sd, opts)
	if err != nil {
		return nil, fmt.Errorf("backbone %s: %w", name, err)
	}
	return &Backbone{name: name, net: net}, nil
}

func build(name string, src source, opts Options) (network, error) {
	pad := map[string]padding{"": padReflect, "reflect": padReflect, "zero": padZero}
	p, ok := pad[opts.Padding]
	if !ok {
		return nil, fmt.Errorf("padding %q: want reflect or zero", opts.Padding)
	}
	for _, a := range architectures {
		if a.name == name {
			b := &builder{src: src, pad: p}
			net := a.build(b)
			return net, b.err
		}
	}
	return nil, fmt.Errorf("unknown; there are %s", strings.Join(Names(), ", "))
}

// Name is the name given to New.
func (b *Backbone) Name() string { return b.name }

// Channels of the maps, from the shallowest to the deepest.
func (b *Backbone) Channels() []int { c := b.net.channels(); return c[:] }

// Strides of the maps in pixels: 4, 8 and 16, or three times a transformer's patch.
func (b *Backbone) Strides() []int { s := b.net.strides(); return s[:] }

// Features computes the pyramid of a batch: x is (batch,3,h,w), RGB scaled to 0…1 and normalised with ImageNet's mean and
// standard deviation. A map at stride s has ⌈h/s⌉ × ⌈w/s⌉ pixels. h and w may be any from MinSize on, but for a vision
// transformer they must be multiples of its patch.
//
// The maps are valid until the next call, which overwrites them.
func (b *Backbone) Features(x []float32, batch, h, w int) ([]Feature, error) {
	if h < MinSize || w < MinSize {
		return nil, fmt.Errorf("backbone %s: image of %d×%d pixels, need at least %d×%d", b.name, h, w, MinSize, MinSize)
	}
	shapes, err := b.net.shapes(h, w)
	if err != nil {
		return nil, fmt.Errorf("backbone %s: %w", b.name, err)
	}
	if batch < 1 || len(x) != batch*3*h*w {
		return nil, fmt.Errorf("backbone %s: %d values are no batch of %d images (3,%d,%d)", b.name, len(x), batch, h, w)
	}
	b.shapeOutput(batch, shapes)
	one := func(i int) { b.image(x[i*3*h*w:(i+1)*3*h*w], i, h, w) }
	threads := simd.Threads()
	b.growScratch(min(threads, batch))
	// Whole images side by side keep every thread busy without waiting for one another; what is left over is shared out
	// within each layer.
	together := batch - batch%threads
	simd.Parallel(together, func(i int) { one(i) })
	for i := together; i < batch; i++ {
		one(i)
	}
	return slices.Clone(b.out), nil
}

// shapeOutput makes room for the maps of the whole batch.
func (b *Backbone) shapeOutput(batch int, shapes [3]Feature) {
	if b.out == nil {
		b.out = make([]Feature, len(shapes))
	}
	for i, f := range shapes {
		n := batch * f.C * f.H * f.W
		f.Data = slices.Grow(b.out[i].Data[:0], n)[:n]
		b.out[i] = f
	}
}
