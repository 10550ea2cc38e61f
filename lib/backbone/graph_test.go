package backbone

import (
	"context"
	"fmt"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/op"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestGraph: the network as a graph gives the maps of Features, for both families, paddings and poolings.
func TestGraph(t *testing.T) {
	for _, c := range []struct{ name, padding, pool string }{
		{"efficientnet_lite0", "", "avg"}, {"resnet18", "reflect", "max"}, {"resnext50_32x4d", "zero", "none"},
		{"resnet34", "zero", "mean"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Random(c.name, 0, Options{Padding: c.padding})
			if err != nil {
				t.Fatal(err)
			}
			const batch, h, w = 2, 37, 32
			image := fixture.Fill("image", -2, 2, batch, 3, h, w)
			features, err := b.Features(image, batch, h, w)
			if err != nil {
				t.Fatal(err)
			}
			want := Pool(features, batch, c.pool)
			x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(batch, 3, h, w), G.WithName("image"),
				G.WithValue(tensor.New(tensor.WithShape(batch, 3, h, w), tensor.WithBacking(image))))
			for i, m := range graphMaps(t, b, x, c.pool) {
				if worst := farthest(m.Float32s(), want[i].Data); worst > 1e-4 {
					t.Errorf("map %d of shape %v: off by %g", i, m.Shape(), worst)
				}
				if s := []int{batch, want[i].C, want[i].H, want[i].W}; fmt.Sprint([]int(m.Shape())) != fmt.Sprint(s) {
					t.Errorf("map %d is %v, want %v", i, m.Shape(), s)
				}
			}
		})
	}
}

func graphMaps(t *testing.T, b *Backbone, x *G.Node, pool string) []*tensor.Dense {
	t.Helper()
	maps, err := b.Graph(x)
	if err == nil {
		maps, err = PoolGraph(maps, pool)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := op.Compile(maps...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var out []*tensor.Dense
	for _, m := range maps {
		out = append(out, p.Value(m))
	}
	return out
}

// farthest is the largest difference relative to the largest value.
func farthest(got, want []float32) (worst float64) {
	if len(got) != len(want) {
		return 1
	}
	scale := float32(0)
	for i, v := range want {
		scale = max(scale, v, -v)
		worst = max(worst, float64(max(got[i]-v, v-got[i])))
	}
	return worst / float64(scale)
}
