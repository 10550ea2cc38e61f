package flow

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/op"
	"gorgonia.org/tensor"
)

// Param is one named tensor of a block. Its name is that of the reference's state dict, so that checkpoints fit.
//
// A block names its parameters for itself. A composition such as [Sequence] gives them longer names without touching the
// block's, see [Param.Named], so that one block may stand in several compositions.
//
// A tape's graph refers to Value's memory. Write new numbers into it (as [Param.Set] does) and every graph sees them;
// after replacing Value itself, or after changing an integer Value, build a new tape.
type Param struct {
	Name string
	*Content
}

// Content is what a parameter has under all of its names.
type Content struct {
	Value  *tensor.Dense // float32 unless [Cast]; int64 for permutations
	Frozen bool          // state rather than a learned parameter: permutations, fixed matrices, running statistics
}

// NewParam is a float32 parameter over data, which must hold as many values as the shape says.
func NewParam(name string, data []float32, shape ...int) *Param {
	return newParam(name, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data)))
}

func newParam(name string, v *tensor.Dense) *Param { return &Param{name, &Content{Value: v}} }

// Named is the same parameter under another name: both have one Content.
func (p *Param) Named(name string) *Param { return &Param{name, p.Content} }

// frozen marks p as state.
func frozen(p *Param) *Param {
	p.Frozen = true
	return p
}

// newIntParam is integer state, such as a permutation.
func newIntParam(name string, data []int) *Param {
	v := make([]int64, len(data))
	for i, d := range data {
		v[i] = int64(d)
	}
	return frozen(newParam(name, tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(v))))
}

// Len is the number of values.
func (p *Param) Len() int { return p.Value.Shape().TotalSize() }

// IsInt tells whether the parameter is integer state.
func (p *Param) IsInt() bool { return p.Value.Dtype() == tensor.Int64 }

// Float32s is the value as float32: the parameter's own memory when it is float32, a converted copy otherwise.
func (p *Param) Float32s() []float32 {
	switch v := p.Value.Data().(type) {
	case []float32:
		return v
	case []float64:
		return convert[float32](v)
	case []int64:
		return convert[float32](v)
	}
	panic(fmt.Sprintf("flow: parameter %s has dtype %v", p.Name, p.Value.Dtype()))
}

// Ints is a copy of an integer parameter. Asking it of a floating-point one is the caller's mistake and panics.
func (p *Param) Ints() []int {
	v, ok := p.Value.Data().([]int64)
	if !ok {
		panic(fmt.Sprintf("flow: parameter %s has dtype %v, not int64", p.Name, p.Value.Dtype()))
	}
	return convert[int](v)
}

// Set writes data into the parameter's memory, converting to its dtype. The lengths must agree, or it returns an error
// that names the parameter.
func (p *Param) Set(data []float32) error {
	if len(data) != p.Len() {
		return fmt.Errorf("parameter %s: %d values for shape %v", p.Name, len(data), p.Value.Shape())
	}
	switch v := p.Value.Data().(type) {
	case []float32:
		copy(v, data)
	case []float64:
		copy(v, convert[float64](data))
	case []int64:
		copy(v, convert[int64](data))
	}
	return nil
}

type number interface {
	~int | ~int64 | ~float32 | ~float64
}

func convert[To, From number](v []From) []To {
	out := make([]To, len(v))
	for i, x := range v {
		out[i] = To(x)
	}
	return out
}

// Trainable is the learned parameters of b, without its state.
func Trainable(b Block) []*Param {
	var out []*Param
	for _, p := range b.Params() {
		if !p.Frozen {
			out = append(out, p)
		}
	}
	return out
}

// Cast changes b's floating-point parameters to dt, tensor.Float32 or tensor.Float64; precision that float32 has lost does
// not come back, so a fixed orthogonal matrix stays orthogonal to float32's rounding only. Tapes built before keep the old
// values. Any other dtype is the caller's mistake and panics.
func Cast(b Block, dt tensor.Dtype) {
	for _, p := range b.Params() {
		if !p.IsInt() {
			p.Value = castDense(p.Value, dt)
		}
	}
}

// castDense is v as dt, float32 or float64: v itself if it already is.
func castDense(v *tensor.Dense, dt tensor.Dtype) *tensor.Dense {
	if v.Dtype() == dt {
		return v
	}
	var back any
	switch d := v.Data().(type) {
	case []float32:
		back = convert[float64](d)
	case []float64:
		back = convert[float32](d)
	}
	out := tensor.New(tensor.WithShape(v.Shape().Clone()...), tensor.WithBacking(back))
	if out.Dtype() != dt {
		panic(fmt.Sprintf("flow: cannot cast %v to %v", v.Dtype(), dt))
	}
	return out
}

// withPrefix gives the parts' parameters the names that they have in a composition: prefix(k) before those of part k. One
// that several parts share is listed once, under its first name.
func withPrefix[B interface{ Params() []*Param }](parts []B, prefix func(k int) string) []*Param {
	var ps []*Param
	seen := map[*Content]bool{}
	for k, b := range parts {
		for _, p := range b.Params() {
			if !seen[p.Content] {
				seen[p.Content] = true
				ps = append(ps, p.Named(prefix(k)+p.Name))
			}
		}
	}
	return ps
}

// uniformParam starts as PyTorch starts a convolution: uniform ±1/√fanIn.
func uniformParam(name string, rng *rand.Rand, fanIn int, shape ...int) *Param {
	bound := 1 / math.Sqrt(float64(fanIn))
	return NewParam(name, fill(tensor.Shape(shape).TotalSize(), func() float64 { return bound * (2*rng.Float64() - 1) }), shape...)
}

// normalParam starts as N(0, σ²).
func normalParam(name string, rng *rand.Rand, sigma float64, shape ...int) *Param {
	return NewParam(name, fill(tensor.Shape(shape).TotalSize(), func() float64 { return sigma * rng.NormFloat64() }), shape...)
}

// constParam starts at one value everywhere.
func constParam(name string, v float64, shape ...int) *Param {
	return NewParam(name, fill(tensor.Shape(shape).TotalSize(), func() float64 { return v }), shape...)
}

func fill(n int, next func() float64) []float32 {
	v := op.Floats(n)
	for i := range v {
		v[i] = float32(next())
	}
	return v
}

// scaleParam multiplies a parameter by k.
func scaleParam(p *Param, k float32) {
	v := p.Float32s()
	for i := range v {
		v[i] *= k
	}
}
