package flow_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/flow/fixture"
	"github.com/msflow-go/msflow/lib/op"
)

const fixtures = "../../testdata/fixtures"

// results are the reference's tensors of a case.
type results map[string][]float64

// readResults reads a .safetensors file: a JSON header that places each tensor in the bytes behind it.
func readResults(t *testing.T, path string) results {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(data)
	var header map[string]struct {
		DType   string `json:"dtype"`
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(data[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	out := results{}
	for name, h := range header {
		raw := data[8+n:][h.Offsets[0]:h.Offsets[1]]
		switch h.DType {
		case "F32":
			for ; len(raw) > 0; raw = raw[4:] {
				out[name] = append(out[name], float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
			}
		case "F64":
			for ; len(raw) > 0; raw = raw[8:] {
				out[name] = append(out[name], math.Float64frombits(binary.LittleEndian.Uint64(raw)))
			}
		}
	}
	return out
}

// step is the graph of one training step of a case's flow.
type step struct {
	model    *flow.MSFlow
	params   []*flow.Param
	named    map[string]*G.Node // forward results by the fixture's names
	loss     *G.Node
	grads    []*G.Node
	program  *op.Program
	moment1  [][]float64
	moment2  [][]float64
	finished int
}

func newStep(t *testing.T, c fixture.FlowCase) *step {
	t.Helper()
	m, err := c.Model()
	if err != nil {
		t.Fatal(err)
	}
	s := &step{model: m, params: flow.Trainable(m), named: map[string]*G.Node{}}
	tape := flow.NewTape(c.Batch, flow.Training())
	var in []*G.Node
	for i, v := range c.Inputs() {
		n := tape.Input(fmt.Sprintf("input.%d", i), m.Maps()[i])
		if err := G.Let(n, v); err != nil {
			t.Fatal(err)
		}
		in = append(in, n)
	}
	if err := s.forward(tape, in); err != nil {
		t.Fatal(err)
	}
	var wrt []*G.Node
	for _, p := range s.params {
		wrt = append(wrt, tape.Node(p))
		s.moment1 = append(s.moment1, make([]float64, p.Len()))
		s.moment2 = append(s.moment2, make([]float64, p.Len()))
	}
	if s.grads, err = G.Grad(s.loss, wrt...); err != nil {
		t.Fatal(err)
	}
	outputs := append([]*G.Node{s.loss}, s.grads...)
	for _, n := range s.named {
		outputs = append(outputs, n)
	}
	if s.program, err = op.Compile(outputs...); err != nil {
		t.Fatal(err)
	}
	return s
}

// forward writes the flow and its loss, naming what the fixture names.
func (s *step) forward(tape *flow.Tape, in []*G.Node) error {
	y, logdets, err := s.model.Parallel(tape, in)
	if err != nil {
		return err
	}
	z, logdet, err := s.model.Forward(tape, in) // Gorgonia finds the parallel flows' nodes again
	if err != nil {
		return err
	}
	for i := range z {
		s.named[fmt.Sprintf("parallel_z.%d", i)] = y[i]
		s.named[fmt.Sprintf("parallel_logdet.%d", i)] = logdets[i]
		s.named[fmt.Sprintf("z.%d", i)] = z[i]
		if s.named[fmt.Sprintf("logp.%d", i)], err = flow.LogP(tape, z[i]); err != nil {
			return err
		}
	}
	if s.loss, err = flow.Loss(tape, z, logdet); err != nil {
		return err
	}
	s.named["logdet"], s.named["loss"] = logdet, s.loss
	return nil
}

func (s *step) run(t *testing.T) {
	t.Helper()
	if err := s.program.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// norm is the gradients' norm over all parameters together.
func (s *step) norm() float64 {
	var sum float64
	for _, g := range s.grads {
		sum += math.Pow(norm(numbers(s.program.Value(g))), 2)
	}
	return math.Sqrt(sum)
}

// update is Adam (β 0.9 and 0.999, ε 1e-8) on gradients clipped to norm 2.
func (s *step) update(lr float64) {
	s.finished++
	c1, c2 := 1-math.Pow(0.9, float64(s.finished)), 1-math.Pow(0.999, float64(s.finished))
	clip := min(1, 2/(s.norm()+1e-6))
	for k, p := range s.params {
		v, m1, m2 := p.Float32s(), s.moment1[k], s.moment2[k]
		for i, g := range numbers(s.program.Value(s.grads[k])) {
			g *= clip
			m1[i] = 0.9*m1[i] + 0.1*g
			m2[i] = 0.999*m2[i] + 0.001*g*g
			v[i] -= float32(lr * (m1[i] / c1) / (math.Sqrt(m2[i]/c2) + 1e-8))
		}
	}
}

func numbers(v *tensor.Dense) []float64 {
	switch d := v.Data().(type) {
	case float32:
		return []float64{float64(d)}
	case []float32:
		out := make([]float64, len(d))
		for i, x := range d {
			out[i] = float64(x)
		}
		return out
	}
	panic("not float32")
}

func norm(v []float64) float64 {
	var s float64
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s)
}

// comparison collects relative errors ‖a−b‖/‖b‖ and the largest of each kind.
type comparison struct {
	t       *testing.T
	want    results
	largest map[string]float64
}

func (c *comparison) check(name string, got []float64, tolerance float64) {
	c.t.Helper()
	want, ok := c.want[name]
	if !ok || len(got) != len(want) {
		c.t.Fatalf("%s: %d values, the reference has %d", name, len(got), len(want))
	}
	d := make([]float64, len(got))
	for i := range d {
		d[i] = got[i] - want[i]
	}
	e := norm(d) / norm(want)
	kind, _, _ := strings.Cut(name, ".")
	c.largest[kind] = max(c.largest[kind], e)
	if !(e <= tolerance) {
		c.t.Errorf("%s: relative error %.3g > %g", name, e, tolerance)
	}
}

// TestReference holds the whole flow to the authors' program: values, gradients and training steps.
func TestReference(t *testing.T) {
	for _, name := range []string{"flow_tiny", "flow_lite0"} {
		t.Run(name, func(t *testing.T) {
			c, err := fixture.ReadFlowCase(filepath.Join(fixtures, name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			cmp := &comparison{t, readResults(t, filepath.Join(fixtures, name+".safetensors")), map[string]float64{}}
			s := newStep(t, c)
			s.run(t)
			for name, n := range s.named {
				cmp.check(name, numbers(s.program.Value(n)), 1e-4)
			}
			s.checkGradients(cmp)
			s.checkTraining(cmp, c)
			t.Logf("largest relative errors: %v", cmp.largest)
		})
	}
}

func (s *step) checkGradients(cmp *comparison) {
	for k, p := range s.params {
		g := numbers(s.program.Value(s.grads[k]))
		if _, ok := cmp.want["grad."+p.Name]; ok {
			cmp.check("grad."+p.Name, g, 1e-3)
		} else {
			cmp.check("gradnorm."+p.Name, []float64{norm(g)}, 1e-3)
		}
	}
}

// checkTraining repeats the reference's steps; after3 are the parameters after three of them, where stored.
func (s *step) checkTraining(cmp *comparison, c fixture.FlowCase) {
	var losses, norms []float64
	for k := range c.Steps {
		s.run(cmp.t)
		losses = append(losses, numbers(s.program.Value(s.loss))[0])
		norms = append(norms, s.norm())
		s.update(c.LR)
		if k != 2 {
			continue
		}
		for _, p := range s.params {
			if _, ok := cmp.want["after3."+p.Name]; ok {
				cmp.check("after3."+p.Name, numbers(p.Value), 1e-3)
			}
		}
	}
	cmp.check("loss_trace", losses, 1e-3)
	cmp.check("gradnorm_trace", norms, 1e-3)
}
