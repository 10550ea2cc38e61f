package detector

import (
	"errors"
	"math"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
	"gorgonia.org/tensor"
)

// The blocks' log-determinants add up to the flow's, and the latents are those whose log-likelihood Predict gives.
func TestLatentsAndLogDetsAgreeWithTheFlow(t *testing.T) {
	if d, err := New(Config{}); err != nil {
		t.Fatal(err)
	} else if _, err := d.Latents(t.Context(), nil); !errors.Is(err, ErrUntrained) {
		t.Errorf("latents of a detector without an input size: %v", err)
	}
	d, data := fitted(t)
	set := data.Test[:3]
	z, err := d.Latents(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	predictions, err := d.Predict(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	for s, m := range d.Maps() {
		if len(z[s]) != len(set)*m.Len() {
			t.Fatalf("scale %d: %d latents of %d maps %v", s, len(z[s]), len(set), m)
		}
		square := 0.0
		for c := range m.C { // at the second image's first pixel
			v := float64(z[s][m.Len()+c*m.H*m.W])
			square += v * v
		}
		if want := float64(predictions[1].LogP[s][0]); math.Abs(-square/2/float64(m.C)-want) > 1e-5*(1+math.Abs(want)) {
			t.Errorf("scale %d: the latents have %v nats per channel, the prediction %v", s, -square/2/float64(m.C), want)
		}
	}
	blocks, logdet, err := d.LogDets(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	if blocks[0] != "scale 1.1" || blocks[len(blocks)-1] != "fusion.1" {
		t.Errorf("blocks %v", blocks)
	}
	var whole []float64
	err = d.eachTensor(t.Context(), set, func(x []*tensor.Dense) (err error) {
		_, whole, err = flow.Run(d.Model(), x...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range whole {
		sum := 0.0
		for _, l := range logdet {
			sum += l[i]
		}
		if math.Abs(sum-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("image %d: the blocks' log-determinants add up to %v, not %v", i, sum, want)
		}
	}
}
