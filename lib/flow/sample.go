package flow

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Sample draws n samples from the flow's distribution: z ~ N(0, T²·I), x = f⁻¹(z). x lists the shapes of the maps in data
// space; temperature is T, finite and not negative: 1 is the model's own distribution, less is nearer to its mode. The dtype is that of b's parameters.
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
