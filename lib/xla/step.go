package xla

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/xla/hlo"
	G "gorgonia.org/gorgonia"
)

// Step describes a training step: what a batch consists of, the loss, and what the loss is to be lowered by.
type Step struct {
	Inputs  []Input   // a batch
	Loss    *G.Node   // scalar
	Params  []*G.Node // leaves with values
	Grads   []*G.Node // of the loss, by each parameter
	Updates []Update
	Watched []*G.Node // further values that a step returns
	Clip    float64   // largest norm of all gradients together; 0 or less: no limit
}

// Update is the new value that a leaf takes after each step, such as a running mean.
type Update struct{ Leaf, Next *G.Node }

// Adam's constants as in Kingma and Ba, arXiv 1412.6980.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// stepProgram is the layout of a step's program. The arguments are the parameters, Adam's two moments of each, the number of
// steps taken, the updated leaves, then (what lives on) the learning rates of all epochs and the other leaves, then (what
// comes with each step) the epoch and the batch. The results are the new values of what stands before the rates, then the
// loss, the gradients' norm and what is watched.
type stepProgram struct {
	Step
	f       *hlo.Func
	fixed   []*G.Node // leaves that no step changes
	inputs  []hlo.Type
	results []hlo.Type // after the changing ones
}

// changing is the number of arguments that every step replaces.
func (s *stepProgram) changing() int { return 3*len(s.Params) + 1 + len(s.Updates) }

// newStepProgram translates a step. rates is the number of epochs that have a learning rate.
func newStepProgram(step Step, rates int, p Precision) (*stepProgram, error) {
	if len(step.Grads) != len(step.Params) {
		return nil, fmt.Errorf("xla: %d gradients for %d parameters", len(step.Grads), len(step.Params))
	}
	s := &stepProgram{Step: step}
	l := newLowering("step", p)
	s.f = l.f
	args, given, err := s.arguments(l, rates)
	if err != nil {
		return nil, err
	}
	l.convert(given)
	outputs := append([]*G.Node{step.Loss}, step.Grads...)
	for _, u := range step.Updates {
		outputs = append(outputs, u.Next)
	}
	values, err := l.nodes(append(outputs, step.Watched...))
	if err != nil {
		return nil, err
	}
	n := 1 + len(step.Params)
	adam := s.adam(args, values[0], values[1:n])
	results := append(adam.results, args.keepUnless(s.f, adam.finite, values[n:n+len(step.Updates)])...)
	results = append(results, values[0], adam.norm)
	results = append(results, values[n+len(step.Updates):]...)
	s.f.Return(results...)
	for i := range s.changing() {
		s.f.Donate(i, i)
	}
	for _, r := range results[s.changing():] {
		s.results = append(s.results, r.Type)
	}
	return s, nil
}

// stepArguments are a step's arguments but the batch.
type stepArguments struct {
	params, m, v, updated []*hlo.Value
	count, rates, epoch   *hlo.Value
}

func (s *stepProgram) arguments(l *lowering, rates int) (a stepArguments, given []pending, err error) {
	leaves := func(nodes []*G.Node) ([]*hlo.Value, error) {
		var out []*hlo.Value
		for _, n := range nodes {
			if err := l.argument(n); err != nil {
				return nil, err
			}
			out = append(out, l.values[n])
		}
		return out, nil
	}
	if a.params, err = leaves(s.Params); err != nil {
		return a, nil, err
	}
	for _, moment := range []*[]*hlo.Value{&a.m, &a.v} {
		for _, p := range a.params {
			*moment = append(*moment, l.f.Arg(p.Type))
		}
	}
	a.count = l.f.Arg(hlo.Of(hlo.I32))
	taken := append([]*G.Node{}, s.Params...)
	var updated []*G.Node
	for _, u := range s.Updates {
		updated, taken = append(updated, u.Leaf), append(taken, u.Leaf)
	}
	if a.updated, err = leaves(updated); err != nil {
		return a, nil, err
	}
	a.rates = l.f.Arg(hlo.Of(hlo.F32, rates))
	for _, in := range s.Inputs {
		taken = append(taken, in.Node)
	}
	s.fixed = Leaves(s.outputs(), taken...)
	if _, err = leaves(s.fixed); err != nil {
		return a, nil, err
	}
	a.epoch = l.f.Arg(hlo.Of(hlo.I32))
	for _, in := range s.Inputs {
		p, err := l.input(in)
		if err != nil {
			return a, nil, err
		}
		given, s.inputs = append(given, p), append(s.inputs, p.raw.Type)
		l.f.BatchArgs[len(l.f.Args)-1] = true
	}
	return a, given, nil
}

// outputs are all nodes that the step needs.
func (s *stepProgram) outputs() []*G.Node {
	out := append([]*G.Node{s.Loss}, s.Grads...)
	for _, u := range s.Updates {
		out = append(out, u.Next)
	}
	return append(out, s.Watched...)
}

// keepUnless gives the new values of the updated leaves, or the old ones after a step that did not end in numbers.
func (a stepArguments) keepUnless(f *hlo.Func, finite *hlo.Value, next []*hlo.Value) []*hlo.Value {
	out := make([]*hlo.Value, len(next))
	for i, v := range next {
		out[i] = f.Select(finite, f.Reshape(v, a.updated[i].Dims...), a.updated[i])
	}
	return out
}

// adamResult is what the optimiser makes.
type adamResult struct {
	results      []*hlo.Value // parameters, first and second moments, number of steps
	norm, finite *hlo.Value
}

// adam writes the update
//
//	g ← g·min(1, clip/(‖g‖+10⁻⁶)),  m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²
//	p ← p − lr·(m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)
//
// with the learning rate of the epoch. Where the loss or the norm is not finite, everything stays as it was.
func (s *stepProgram) adam(a stepArguments, loss *hlo.Value, grads []*hlo.Value) adamResult {
	f := s.f
	norm := f.Unary("sqrt", sumOfSquares(f, grads))
	finite := f.Binary("and", f.IsFinite(norm), f.IsFinite(loss))
	scale := f.Scalar(hlo.F32, 1)
	if s.Clip > 0 {
		limit := f.Div(f.Scalar(hlo.F32, s.Clip), f.AddConst(norm, 1e-6))
		scale = f.Binary("minimum", scale, limit)
	}
	count := f.Add(a.count, f.Scalar(hlo.I32, 1))
	t := f.Convert(count, hlo.F32)
	// 1 − βᵗ as −expm1(t·ln β), which is exact for small t
	correction := func(beta float64) *hlo.Value {
		return f.Unary("negate", f.Unary("exponential_minus_one", f.Scale(t, math.Log(beta))))
	}
	u := adamUpdate{f: f, finite: finite, scale: scale, rate: f.Element(a.rates, a.epoch), c1: correction(beta1), c2: correction(beta2)}
	n := len(grads)
	out := make([]*hlo.Value, 3*n, 3*n+1)
	for i, g := range grads {
		out[i], out[n+i], out[2*n+i] = u.apply(a.params[i], f.Reshape(g, a.params[i].Dims...), a.m[i], a.v[i])
	}
	return adamResult{append(out, f.Select(finite, count, a.count)), norm, finite}
}

// adamUpdate are the scalars that all parameters share.
type adamUpdate struct {
	f                           *hlo.Func
	finite, scale, rate, c1, c2 *hlo.Value
}

func (u adamUpdate) apply(p, g, m, v *hlo.Value) (p2, m2, v2 *hlo.Value) {
	f := u.f
	over := func(x *hlo.Value) *hlo.Value { return f.Broadcast(x, p.Dims) }
	g = f.Mul(g, over(u.scale))
	m2 = f.Add(f.Scale(m, beta1), f.Scale(g, 1-beta1))
	v2 = f.Add(f.Scale(v, beta2), f.Scale(f.Mul(g, g), 1-beta2))
	down := f.AddConst(f.Unary("sqrt", f.Div(v2, over(u.c2))), epsilon)
	p2 = f.Sub(p, f.Mul(over(u.rate), f.Div(f.Div(m2, over(u.c1)), down)))
	keep := func(next, old *hlo.Value) *hlo.Value { return f.Select(u.finite, next, old) }
	return keep(p2, p), keep(m2, m), keep(v2, v)
}

func sumOfSquares(f *hlo.Func, grads []*hlo.Value) *hlo.Value {
	total := f.Scalar(hlo.F32, 0)
	for _, g := range grads {
		total = f.Add(total, f.Sum(f.Mul(g, g), indices(g.Rank())...))
	}
	return total
}
