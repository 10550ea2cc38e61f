package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/flow"
	cases "github.com/msflow-go/msflow/lib/flow/fixture"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/weights"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// fixtures is the folder of the reference's cases; MSFLOW_FIXTURES names it where the suite runs from a carried binary.
func fixtures() string {
	if dir := os.Getenv("MSFLOW_FIXTURES"); dir != "" {
		return dir
	}
	return "../../../testdata/fixtures"
}

// reference is a case's results.
type reference struct {
	t    *testing.T
	dict *weights.StateDict
}

func openReference(t *testing.T, name string) reference {
	t.Helper()
	d, err := weights.Load(filepath.Join(fixtures(), name+".safetensors"))
	check(t, err)
	return reference{t, d}
}

// hold compares values with the reference's tensor.
func (r reference) hold(name string, got any, tol float64) {
	r.t.Helper()
	want, err := r.dict.Get(name)
	check(r.t, err)
	near(r.t, name, floats(got), floats(want.Data), tol)
}

// TestFlowFixtures holds forward pass, gradients and training traces on the device against the reference program's.
func TestFlowFixtures(t *testing.T) {
	for _, name := range []string{"flow_tiny", "flow_lite0"} {
		t.Run(name, func(t *testing.T) {
			if name != "flow_tiny" {
				isFast(t)
			}
			c, err := cases.ReadFlowCase(filepath.Join(fixtures(), name+".json"))
			check(t, err)
			r := openReference(t, name)
			forward(t, c, r)
			steps(t, c, r)
		})
	}
}

func forward(t *testing.T, c cases.FlowCase, r reference) {
	t.Helper()
	m, err := c.Model()
	check(t, err)
	tape := flow.NewTape(c.Batch)
	var x []*G.Node
	for i, v := range c.Inputs() {
		s := v.Shape()
		n := tape.Input(fmt.Sprintf("input.%d", i), flow.Map{C: s[1], H: s[2], W: s[3]})
		check(t, G.Let(n, v))
		x = append(x, n)
	}
	y, logdets, err := m.Parallel(tape, x)
	check(t, err)
	z, logdet, err := m.Forward(tape, x)
	check(t, err)
	loss, err := flow.Loss(tape, z, logdet)
	check(t, err)
	names, nodes := []string{"logdet", "loss"}, []*G.Node{logdet, loss}
	for i := range z {
		p, err := flow.LogP(tape, z[i])
		check(t, err)
		names = append(names, fmt.Sprint("parallel_z.", i), fmt.Sprint("parallel_logdet.", i), fmt.Sprint("z.", i), fmt.Sprint("logp.", i))
		nodes = append(nodes, y[i], logdets[i], z[i], p)
	}
	for i, v := range onDevice(t, nodes) {
		r.hold(names[i], v, 1e-4)
	}
}

// steps compares the gradients of the first step, the parameters after the third, and the traces.
func steps(t *testing.T, c cases.FlowCase, r reference) {
	t.Helper()
	m, err := c.Model()
	check(t, err)
	s, err := train.NewDeviceStepper(context.Background(), device(t), xla.Float32, m, m.Maps(), c.Batch)
	check(t, err)
	for i, v := range c.Inputs() {
		copy(s.Inputs()[i], v.Float32s())
	}
	var losses, norms []float64
	for step := range c.Steps {
		loss, err := s.Loss(context.Background())
		check(t, err)
		if step == 0 {
			gradients(r, s.Gradients())
		}
		norm, err := s.Update(c.LR, 2)
		check(t, err)
		losses, norms = append(losses, loss), append(norms, norm)
		if step == 2 {
			for _, p := range m.Params() {
				if name := "after3." + p.Name; r.dict.Has(name) {
					r.hold(name, p.Float32s(), 1e-3)
				}
			}
		}
	}
	r.hold("loss_trace", losses, 1e-3)
	r.hold("gradnorm_trace", norms, 1e-3)
}

func gradients(r reference, got map[string][]float32) {
	for _, name := range r.dict.Names() {
		if p, ok := strings.CutPrefix(name, "grad."); ok {
			r.hold(name, got[p], 1e-3)
		}
		if p, ok := strings.CutPrefix(name, "gradnorm."); ok {
			r.hold(name, []float64{distance(floats(got[p]), make([]float64, len(got[p])))}, 1e-3)
		}
	}
}

// TestBackboneFixtures holds feature pyramids on the device against the reference's.
func TestBackboneFixtures(t *testing.T) {
	for _, arch := range []string{"resnet18", "wide_resnet50_2"} {
		t.Run(arch, func(t *testing.T) {
			isFast(t)
			var c struct{ Batch, Height, Width int }
			text, err := os.ReadFile(filepath.Join(fixtures(), "backbone_"+arch+".json"))
			check(t, err)
			check(t, json.Unmarshal(text, &c))
			b, err := backbone.Random(arch, 0, backbone.Options{})
			check(t, err)
			image := fixture.Fill("image", -2, 2, c.Batch, 3, c.Height, c.Width)
			x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(c.Batch, 3, c.Height, c.Width), G.WithName("image"),
				G.WithValue(tensor.New(tensor.WithShape(c.Batch, 3, c.Height, c.Width), tensor.WithBacking(image))))
			maps, err := b.Graph(x)
			check(t, err)
			pooled, err := backbone.PoolGraph(maps, "avg")
			check(t, err)
			r := openReference(t, "backbone_"+arch)
			values := onDevice(t, append(maps, pooled...))
			for i := range maps {
				r.hold(fmt.Sprint("feature.", i), values[i], 1e-4)
				r.hold(fmt.Sprint("pooled.", i), values[len(maps)+i], 1e-4)
			}
		})
	}
}

// TestPixels: 8-bit images that the device normalises give what normalised images give.
func TestPixels(t *testing.T) {
	const batch, h, w = 2, 5, 4
	levels := make([]uint8, batch*h*w*3)
	for i := range levels {
		levels[i] = uint8(i * 37)
	}
	x := G.NewTensor(G.NewGraph(), tensor.Float32, 4, G.WithShape(batch, 3, h, w), G.WithName("images"))
	y, err := G.Mul(x, G.NewConstant(float32(2)))
	check(t, err)
	pixels := &xla.Pixels{Gain: []float64{0.5, 1, 2}, Offset: []float64{-1, 0, 3}}
	g, err := xla.Compile(context.Background(), device(t), []*G.Node{y}, []xla.Input{{Node: x, Pixels: pixels}}, xla.Float32)
	check(t, err)
	out, err := g.Run(context.Background(), levels)
	check(t, err)
	want := make([]float64, len(levels))
	for i, v := range levels { // (B,H,W,C) to (B,C,H,W)
		b, pixel, c := i/(h*w*3), i/3%(h*w), i%3
		want[(b*3+c)*h*w+pixel] = 2 * (float64(v)*pixels.Gain[c] + pixels.Offset[c])
	}
	near(t, "normalised images", floats(out[0]), want, 1e-6)
}
