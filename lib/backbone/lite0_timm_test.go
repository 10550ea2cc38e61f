package backbone

import (
	"fmt"
	"testing"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/weights"
)

// The published weights in timm's tf_efficientnet_lite0, layer by layer and on a photograph's pixels (bench/lite0_timm.py).

func timmFixture(t *testing.T) *weights.StateDict {
	t.Helper()
	sd, err := weights.Load("testdata/lite0_timm.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return sd
}

func everyNth(v []float32, n int) []float32 {
	var out []float32
	for i := 0; i < len(v); i += n {
		out = append(out, v[i])
	}
	return out
}

func holdThinned(t *testing.T, sd *weights.StateDict, name string, got []float32, step int) {
	t.Helper()
	want, err := sd.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	if e := relative(everyNth(got, step), want.Data); !(e <= 1e-5) {
		t.Errorf("%s is off by %.2g", name, e)
	}
}

func TestLite0LayersEqualTimm(t *testing.T) {
	sd := timmFixture(t)
	n, err := build("efficientnet_lite0", weights.EmbeddedLite0(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	lite0 := n.(*convNet)
	for _, size := range [][2]int{{64, 64}, {50, 37}} {
		h, w := size[0], size[1]
		s := &scratch{}
		f := lite0.enter(s, Feature{C: 3, H: h, W: w, Data: fixture.Fill("image", -2, 2, 3, h, w)})
		holdThinned(t, sd, fmt.Sprintf("%dx%d.layer.0", h, w), f.Data, 13)
		for i := range lite0.blocks {
			f = lite0.blocks[i].run(s, f)
			holdThinned(t, sd, fmt.Sprintf("%dx%d.layer.%d", h, w, i+1), f.Data, 13)
		}
	}
}

// Here the input is scaled as a program would do it: ImageNet's normalisation of the pixels first.
func TestLite0MapsOfPhotographEqualTimm(t *testing.T) {
	sd := timmFixture(t)
	pixels, err := sd.Get("photo.pixels")
	if err != nil {
		t.Fatal(err)
	}
	h, w := pixels.Shape[0], pixels.Shape[1]
	mean, dev := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	var x []float32
	for c := range 3 {
		for _, level := range pixels.Data {
			x = append(x, (level/255-mean[c])/dev[c])
		}
	}
	maps, err := published(t, "efficientnet_lite0", Options{}).Features(x, 1, h, w)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range maps {
		holdThinned(t, sd, fmt.Sprintf("photo.map.%d", i), f.Data, 7)
	}
}
