package reference

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/flow"
	cases "github.com/msflow-go/msflow/lib/flow/fixture"
	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/xla"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const (
	valueTolerance    = 1e-4
	gradientTolerance = 1e-3
	// referenceClip is the gradient norm that the reference's steps are clipped to.
	referenceClip = 2
)

// flowCheck holds one flow case against the reference.
type flowCheck struct {
	*Case
	c     cases.FlowCase
	model *flow.MSFlow
	found []Comparison
	err   error
}

// verifyFlow computes a flow's values, its gradients, and some steps of its training.
func verifyFlow(ctx context.Context, f *Case) ([]Comparison, error) {
	c, err := cases.ReadFlowCase(filepath.Join(f.folder, f.name+".json"))
	if err != nil {
		return nil, err
	}
	model, err := c.Model()
	if err != nil {
		return nil, err
	}
	k := &flowCheck{Case: f, c: c, model: model}
	if err := k.values(ctx); err != nil {
		return k.found, err
	}
	if err := k.training(ctx); err != nil {
		return k.found, err
	}
	return k.found, k.err
}

// hold compares a tensor and keeps the first error.
func (k *flowCheck) hold(name string, got []float32, tolerance float64) {
	found, err := k.compare(name, got, tolerance)
	if err != nil && k.err == nil {
		k.err = err
	}
	if err == nil {
		k.found = append(k.found, found)
	}
}

// values compares the forward pass: latents, log-determinants, likelihoods and scores.
func (k *flowCheck) values(ctx context.Context) error {
	t := flow.NewTape(k.c.Batch)
	var x []*G.Node
	for i, v := range k.c.Inputs() {
		s := v.Shape()
		n := t.Input(fmt.Sprintf("input.%d", i), flow.Map{C: s[1], H: s[2], W: s[3]})
		if err := G.Let(n, v); err != nil {
			return err
		}
		x = append(x, n)
	}
	named, z, err := k.forward(t, x)
	if err != nil {
		return err
	}
	var outputs []*G.Node
	for _, n := range named {
		outputs = append(outputs, n.node)
	}
	values, err := k.compute(ctx, outputs)
	if err != nil {
		return err
	}
	for i, n := range named {
		k.hold(n.name, values[i], valueTolerance)
	}
	latents := make([][]float32, len(z))
	for i, n := range z {
		latents[i] = values[slices.Index(outputs, n)]
	}
	k.scores(latents)
	return nil
}

// compute runs a graph where the case is to be computed.
func (k *flowCheck) compute(ctx context.Context, outputs []*G.Node) ([][]float32, error) {
	out := make([][]float32, len(outputs))
	if k.device != nil {
		g, err := xla.Compile(ctx, k.device, outputs, nil, k.precision)
		if err != nil {
			return nil, err
		}
		defer g.Free()
		values, err := g.Run(ctx)
		for i, v := range values {
			out[i] = v.([]float32)
		}
		return out, err
	}
	program, err := op.Compile(outputs...)
	if err != nil {
		return nil, err
	}
	err = program.Run(ctx)
	for i, n := range outputs {
		out[i] = floats(program.Value(n))
	}
	return out, err
}

// stepper takes the case's training steps where they are to be computed.
func (k *flowCheck) stepper(ctx context.Context) (*train.Stepper, error) {
	if k.device != nil {
		return train.NewDeviceStepper(ctx, k.device, k.precision, k.model, k.model.Maps(), k.c.Batch)
	}
	return train.NewStepper(k.model, k.model.Maps(), k.c.Batch)
}

// namedNode is a node and what the reference calls it.
type namedNode struct {
	name string
	node *G.Node
}

func (k *flowCheck) forward(t *flow.Tape, x []*G.Node) (named []namedNode, z []*G.Node, err error) {
	y, logdets, err := k.model.Parallel(t, x)
	if err != nil {
		return nil, nil, err
	}
	z, logdet, err := k.model.Forward(t, x)
	if err != nil {
		return nil, nil, err
	}
	loss, err := flow.Loss(t, z, logdet)
	if err != nil {
		return nil, nil, err
	}
	for i := range z {
		named = append(named,
			namedNode{fmt.Sprintf("parallel_z.%d", i), y[i]}, namedNode{fmt.Sprintf("parallel_logdet.%d", i), logdets[i]},
			namedNode{fmt.Sprintf("z.%d", i), z[i]})
	}
	return append(named, namedNode{"logdet", logdet}, namedNode{"loss", loss}), z, nil
}

// scores compares the likelihood maps, the fused maps and the image scores.
func (k *flowCheck) scores(z [][]float32) {
	b, h, w := k.c.Batch, k.c.InputSize[0], k.c.InputSize[1]
	logp := make([][]float32, len(z))
	for i, v := range z {
		s := k.c.Sizes[i]
		logp[i] = score.LogP(v, b, k.c.Channels[i], s[0], s[1])
		k.hold(fmt.Sprintf("logp.%d", i), logp[i], valueTolerance)
	}
	var add, mul, scores []float32
	for image := range b {
		one := make([][]float32, len(z))
		for i, s := range k.c.Sizes {
			n := s[0] * s[1]
			one[i] = logp[i][image*n : (image+1)*n]
		}
		m := score.Fuse(one, k.c.Sizes, h, w)
		add, mul = append(add, m.Add...), append(mul, m.Mul...)
		scores = append(scores, float32(score.ImageScore(m.Mul, k.c.TopK)))
	}
	k.hold("map_add", add, valueTolerance)
	k.hold("map_mul", mul, valueTolerance)
	k.hold("score", scores, valueTolerance)
}

// training compares the gradients of the first step, the parameters after the third, and the traces of loss and gradient
// norm.
func (k *flowCheck) training(ctx context.Context) error {
	s, err := k.stepper(ctx)
	if err != nil {
		return err
	}
	for i, v := range k.c.Inputs() {
		copy(s.Inputs()[i], floats(v))
	}
	var losses, norms []float32
	for step := range k.c.Steps {
		loss, err := s.Loss(ctx)
		if err != nil {
			return err
		}
		if step == 0 {
			k.gradients(s.Gradients())
		}
		norm, err := s.Update(k.c.LR, referenceClip)
		if err != nil {
			return err
		}
		losses, norms = append(losses, float32(loss)), append(norms, float32(norm))
		if step == 2 {
			k.parameters()
		}
	}
	k.hold("loss_trace", losses, gradientTolerance)
	k.hold("gradnorm_trace", norms, gradientTolerance)
	return nil
}

// gradients compares those that the reference kept, in whole or as a norm.
func (k *flowCheck) gradients(got map[string][]float32) {
	for _, name := range k.results.Names() {
		if p, ok := strings.CutPrefix(name, "grad."); ok {
			k.hold(name, got[p], gradientTolerance)
		}
		if p, ok := strings.CutPrefix(name, "gradnorm."); ok {
			sum := 0.0
			for _, g := range got[p] {
				sum += float64(g) * float64(g)
			}
			k.hold(name, []float32{float32(math.Sqrt(sum))}, gradientTolerance)
		}
	}
}

func (k *flowCheck) parameters() {
	for _, p := range k.model.Params() {
		if name := "after3." + p.Name; k.results.Has(name) {
			k.hold(name, p.Float32s(), gradientTolerance)
		}
	}
}

func floats(v *tensor.Dense) []float32 {
	if x, ok := v.Data().(float32); ok {
		return []float32{x}
	}
	return v.Data().([]float32)
}
