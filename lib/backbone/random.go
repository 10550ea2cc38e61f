package backbone

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/lib/fixture"
	"github.com/msflow-go/msflow/lib/weights"
)

// RandomWeights makes weights for the backbone called name without training, for tests. Seed 0 gives those of the
// reference fixtures.
func RandomWeights(name string, seed uint64) (*weights.StateDict, error) {
	r := &recorder{seed: seed}
	if _, err := build(name, r, Options{}); err != nil {
		return nil, fmt.Errorf("backbone %s: %w", name, err)
	}
	return weights.NewStateDict(fmt.Sprintf("random weights of %s", name), r.tensors...), nil
}

// Random is New with RandomWeights.
func Random(name string, seed uint64, opts Options) (*Backbone, error) {
	sd, err := RandomWeights(name, seed)
	if err != nil {
		return nil, err
	}
	return New(name, sd, opts)
}

// recorder is a source that makes up every tensor it is asked for.
type recorder struct {
	seed    uint64
	tensors []weights.Tensor
}

func (r *recorder) Floats(name string, shape ...int) ([]float32, error) {
	lo, hi := randomRange(name, shape)
	n := 1
	for _, d := range shape {
		n *= d
	}
	key := name
	if r.seed != 0 {
		key = fmt.Sprintf("%d/%s", r.seed, name)
	}
	t := weights.Tensor{Name: name, Shape: slices.Clone(shape), DType: "F32", Data: fixture.Fill(key, lo, hi, n)}
	r.tensors = append(r.tensors, t)
	return t.Data, nil
}

// randomRange keeps activations about as large as they come in.
func randomRange(name string, shape []int) (lo, hi float64) {
	switch {
	case len(shape) == 4:
		bound := math.Sqrt(6 / float64(shape[1]*shape[2]*shape[3]))
		return -bound, bound
	case len(shape) == 2:
		bound := math.Sqrt(3 / float64(shape[1]))
		return -bound, bound
	case len(shape) == 3: // tokens
		return -1, 1
	case strings.HasSuffix(name, ".running_var"):
		return 0.8, 1.2
	case strings.HasSuffix(name, ".weight"), strings.Contains(name, "gamma"):
		return 0.5, 0.9
	}
	return -0.1, 0.1
}
