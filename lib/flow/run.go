package flow

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

// Compiled is a block's forward or inverse direction, ready to run on the CPU for batch after batch. It is not safe for
// concurrent runs.
type Compiled struct {
	tape    *Tape
	in, out []*G.Node
	logdet  *G.Node
	program *op.Program
}

// Compile builds the graph of b.Forward for batches of maps x and compiles it.
func Compile(b Block, batch int, x []Map, opts ...TapeOption) (*Compiled, error) {
	return compile(b, batch, x, opts)
}

// CompileInverse is Compile for b.Inverse; maps are the latents'.
func CompileInverse(b Block, batch int, z []Map, opts ...TapeOption) (*Compiled, error) {
	return compile(NewInverse(b), batch, z, opts)
}

func compile(b Block, batch int, maps []Map, opts []TapeOption) (*Compiled, error) {
	t := NewTape(batch, opts...)
	if err := checkDtype(b, t.dtype); err != nil {
		return nil, err
	}
	r := &Compiled{tape: t}
	for i, m := range maps {
		r.in = append(r.in, t.Input(fmt.Sprintf("input.%d", i), m))
	}
	var err error
	if r.out, r.logdet, err = b.Forward(t, r.in); err != nil {
		return nil, err
	}
	outputs := append(append([]*G.Node{}, r.out...), r.logdet)
	if r.program, err = op.Compile(outputs...); err != nil {
		return nil, fmt.Errorf("compiling %T: %w", b, err)
	}
	return r, nil
}

// checkDtype returns an error for what Tape.Node would panic at.
func checkDtype(b Block, dt tensor.Dtype) error {
	for _, p := range b.Params() {
		if !p.IsInt() && p.Value.Dtype() != dt {
			return fmt.Errorf("parameter %s is %v and the input %v: cast one of them (flow.Cast)", p.Name, p.Value.Dtype(), dt)
		}
	}
	return nil
}

// Tape is the graph's tape, to reach its conditions.
func (r *Compiled) Tape() *Tape { return r.tape }

// Settle waits for a Run that was interrupted; until then its x are in use.
func (r *Compiled) Settle() { r.program.Settle() }

// Run computes the outputs and the log-determinant of each sample, in nats. The results are the caller's. It returns within
// about 100 ms of ctx's end; see Settle.
func (r *Compiled) Run(ctx context.Context, x ...*tensor.Dense) ([]*tensor.Dense, []float64, error) {
	r.Settle()
	if len(x) != len(r.in) {
		return nil, nil, fmt.Errorf("the flow takes %d maps, not %d", len(r.in), len(x))
	}
	for i, v := range x {
		if err := G.Let(r.in[i], v); err != nil {
			return nil, nil, fmt.Errorf("input %d: %w", i, err)
		}
	}
	if err := r.program.RunPromptly(ctx); err != nil {
		return nil, nil, err
	}
	out := make([]*tensor.Dense, len(r.out))
	for i, n := range r.out {
		out[i] = r.program.Value(n).Clone().(*tensor.Dense)
	}
	return out, values(r.program.Value(r.logdet)), nil
}

// Run computes z = f(x) and each sample's log-determinant in nats. x are batches (B,C,H,W) of one dtype, that of b's
// parameters. For many batches, [Compile] once.
func Run(b Block, x ...*tensor.Dense) (z []*tensor.Dense, logdet []float64, err error) {
	return runOnce(b, x)
}

// Invert computes x = f⁻¹(z) and the log-determinant of the inverse.
func Invert(b Block, z ...*tensor.Dense) (x []*tensor.Dense, logdet []float64, err error) {
	return runOnce(NewInverse(b), z)
}

func runOnce(b Block, x []*tensor.Dense) ([]*tensor.Dense, []float64, error) {
	batch, maps, err := batchOf(x)
	if err != nil {
		return nil, nil, err
	}
	r, err := compile(b, batch, maps, []TapeOption{Dtype(x[0].Dtype())})
	if err != nil {
		return nil, nil, err
	}
	return r.Run(context.Background(), x...)
}

// batchOf is the common batch size and the maps' shapes.
func batchOf(x []*tensor.Dense) (int, []Map, error) {
	if len(x) == 0 {
		return 0, nil, fmt.Errorf("no input map")
	}
	maps := make([]Map, len(x))
	for i, v := range x {
		s := v.Shape()
		if len(s) != 4 || s[0] < 1 {
			return 0, nil, fmt.Errorf("input %d has shape %v, not (B,C,H,W)", i, s)
		}
		if s[0] != x[0].Shape()[0] {
			return 0, nil, fmt.Errorf("input %d has %d samples, input 0 has %d", i, s[0], x[0].Shape()[0])
		}
		if dt := v.Dtype(); dt != x[0].Dtype() || dt != tensor.Float32 && dt != tensor.Float64 {
			return 0, nil, fmt.Errorf("input %d is %v: all must be float32 or all float64", i, dt)
		}
		maps[i] = Map{s[1], s[2], s[3]}
	}
	return x[0].Shape()[0], maps, nil
}

// values is a tensor's numbers as float64.
func values(v *tensor.Dense) []float64 {
	switch d := v.Data().(type) {
	case []float32:
		return convert[float64](d)
	case []float64:
		return append([]float64(nil), d...)
	case float32: // a tensor of one value
		return []float64{float64(d)}
	case float64:
		return []float64{d}
	}
	panic(fmt.Sprintf("flow: a value of dtype %v", v.Dtype()))
}

// Initializer is a block that sets parameters from a first batch.
type Initializer interface {
	Initialize(x []*tensor.Dense) error
}

// Initialize shows a first batch to b, so that blocks with data-dependent initial values ([ActNorm]), however deep inside,
// set them. It leaves everything else alone.
func Initialize(b Block, x ...*tensor.Dense) error {
	if _, _, err := batchOf(x); err != nil {
		return err
	}
	if i, ok := b.(Initializer); ok {
		return i.Initialize(x)
	}
	return nil
}

// initializeThrough initializes b and returns what it then makes of the batch.
func initializeThrough(b Block, x []*tensor.Dense) ([]*tensor.Dense, error) {
	if err := Initialize(b, x...); err != nil {
		return nil, err
	}
	z, _, err := Run(b, x...)
	return z, err
}

// Sample draws n samples from the flow's distribution: z ~ N(0, T²·I), x = f⁻¹(z). x lists the shapes of the maps in data
// space; temperature is T, finite and not negative: 1 is the model's own distribution, less is nearer to its mode. The
// dtype is that of b's parameters.
func Sample(b Block, x []Map, n int, temperature float64, rng *rand.Rand) ([]*tensor.Dense, error) {
	if n < 1 {
		return nil, fmt.Errorf("sampling %d samples", n)
	}
	if !(temperature >= 0 && temperature <= math.MaxFloat32) {
		return nil, fmt.Errorf("sampling at temperature %g", temperature)
	}
	latent, err := b.Out(x)
	if err != nil {
		return nil, fmt.Errorf("sampling: %w", err)
	}
	dt := DtypeOf(b)
	z := make([]*tensor.Dense, len(latent))
	for i, m := range latent {
		z[i] = gaussian(n, m, temperature, dt, rng)
	}
	out, _, err := Invert(b, z...)
	if err != nil {
		return nil, fmt.Errorf("sampling: %w", err)
	}
	return out, nil
}

// DtypeOf is the dtype of b's floating-point parameters, float32 if it has none.
func DtypeOf(b Block) tensor.Dtype {
	for _, p := range b.Params() {
		if !p.IsInt() {
			return p.Value.Dtype()
		}
	}
	return tensor.Float32
}

// gaussian is a batch of N(0, σ²) numbers.
func gaussian(n int, m Map, σ float64, dt tensor.Dtype, rng *rand.Rand) *tensor.Dense {
	v := make([]float64, n*m.Len())
	for i := range v {
		v[i] = σ * rng.NormFloat64()
	}
	var back any = v
	if dt == tensor.Float32 {
		back = convert[float32](v)
	}
	return tensor.New(tensor.WithShape(n, m.C, m.H, m.W), tensor.WithBacking(back))
}
