package reference

import (
	"context"
	"fmt"
	"slices"

	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// verifyBackbone computes the pyramid of a backbone whose weights follow from their names.
func verifyBackbone(ctx context.Context, f *Case) ([]Comparison, error) {
	var c struct {
		Arch   string `json:"arch"`
		Batch  int    `json:"batch"`
		Height int    `json:"height"`
		Width  int    `json:"width"`
	}
	if err := f.decode(&c); err != nil {
		return nil, err
	}
	b, err := backbone.Random(c.Arch, 0, backbone.Options{})
	if err != nil {
		return nil, err
	}
	image := fixture.Fill("image", -2, 2, c.Batch, 3, c.Height, c.Width)
	features, pooled, err := f.pyramid(ctx, b, image, c.Batch, c.Height, c.Width)
	if err != nil {
		return nil, err
	}
	var out []Comparison
	hold := func(kind string, maps []backbone.Feature) error {
		for i, m := range maps {
			name := fmt.Sprintf("%s.%d", kind, i)
			found, err := f.compare(name, m.Data, valueTolerance)
			if err != nil {
				return err
			}
			out = append(out, found)
		}
		return nil
	}
	if err := hold("feature", features); err != nil {
		return out, err
	}
	return out, hold("pooled", pooled)
}

// pyramid is the maps of a batch and the same pooled, where the case is to be computed.
func (f *Case) pyramid(ctx context.Context, b *backbone.Backbone, image []float32, batch, h, w int) (maps, pooled []backbone.Feature, err error) {
	if f.device != nil {
		return f.pyramidOnDevice(ctx, b, image, batch, h, w)
	}
	if maps, err = b.Features(image, batch, h, w); err != nil {
		return nil, nil, err
	}
	for i := range maps { // the pyramid's memory may be used again by Pool
		maps[i].Data = slices.Clone(maps[i].Data)
	}
	return maps, backbone.Pool(maps, batch, "avg"), nil
}

func (f *Case) pyramidOnDevice(ctx context.Context, b *backbone.Backbone, image []float32, batch, h, w int) (maps, pooled []backbone.Feature, err error) {
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(batch, 3, h, w), G.WithName("image"))
	nodes, err := b.Graph(x)
	if err != nil {
		return nil, nil, err
	}
	more, err := backbone.PoolGraph(nodes, "avg")
	if err != nil {
		return nil, nil, err
	}
	g, err := xla.Compile(ctx, f.device, slices.Concat(nodes, more), xla.Inputs(x), f.precision)
	if err != nil {
		return nil, nil, err
	}
	defer g.Free()
	values, err := g.Run(ctx, image)
	if err != nil {
		return nil, nil, err
	}
	features := func(nodes []*G.Node, values []any) (out []backbone.Feature) {
		for i, n := range nodes {
			s := n.Shape()
			out = append(out, backbone.Feature{C: s[1], H: s[2], W: s[3], Data: values[i].([]float32)})
		}
		return out
	}
	return features(nodes, values), features(more, values[len(nodes):]), nil
}
