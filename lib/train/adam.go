package train

import (
	"fmt"
	"math"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/internal/simd"
)

// Adam's constants as in Kingma and Ba, arXiv 1412.6980.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-8
)

// Adam keeps the running moments of the gradients of a list of parameters.
type Adam struct {
	params []*flow.Param
	m, v   [][]float32
	t      int
}

// NewAdam starts the moments of params at zero. Frozen parameters must not be among them.
func NewAdam(params []*flow.Param) *Adam {
	a := &Adam{params: params}
	for _, p := range params {
		n := p.Value.DataSize()
		a.m = append(a.m, simd.Floats(n))
		a.v = append(a.v, simd.Floats(n))
	}
	return a
}

// Step moves every parameter against its gradient after scaling all gradients together so that their norm is at most
// clip (no clipping when clip ≤ 0): scale = clip/(norm+1e-6) when that is below one. It returns the norm before
// clipping. Gradients lie in the order of the parameters and are overwritten. After an error no parameter has changed.
func (a *Adam) Step(grads [][]float32, lr, clip float64) (norm float64, err error) {
	if len(grads) != len(a.params) {
		return 0, fmt.Errorf("adam: %d gradients for %d parameters", len(grads), len(a.params))
	}
	if err := checkStep(lr, clip); err != nil {
		return 0, fmt.Errorf("adam: %w", err)
	}
	norm = globalNorm(grads)
	scale := 1.0
	if clip > 0 {
		scale = min(1, clip/(norm+1e-6))
	}
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return norm, fmt.Errorf("adam: the gradient norm is %v", norm)
	}
	a.t++
	c1 := 1 - math.Pow(beta1, float64(a.t))
	c2 := 1 - math.Pow(beta2, float64(a.t))
	for i, p := range a.params {
		simd.AdamStep(p.Value.Float32s(), grads[i], a.m[i], a.v[i],
			float32(scale), float32(lr), beta1, beta2, epsilon, float32(c1), float32(c2))
	}
	return norm, nil
}

// globalNorm is the Euclidean norm of all gradients laid end to end.
func globalNorm(grads [][]float32) float64 {
	sum := 0.0
	for _, g := range grads {
		sum += simd.SumSquares(g)
	}
	return math.Sqrt(sum)
}
