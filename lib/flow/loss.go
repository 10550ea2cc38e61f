package flow

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// Loss is the mean negative log-likelihood of a batch in nats, up to the constant ½·ln 2π per value that does not depend on
// the parameters:
//
//	loss = mean_B( Σ_i ½‖z_i‖² − logdet )
//
// z are (B,C,H,W), logdet (B), the result is a scalar.
func Loss(t *Tape, z []*G.Node, logdet *G.Node) (*G.Node, error) {
	c := t.calc()
	each, err := SampleLoss(t, z, logdet)
	if err != nil {
		return nil, err
	}
	loss := c.unary(op.MeanAll, each)
	return loss, c.fail("loss")
}

// SampleLoss is each sample's part of [Loss], Σ_i ½‖z_i‖² − logdet, of shape (B).
func SampleLoss(t *Tape, z []*G.Node, logdet *G.Node) (*G.Node, error) {
	if len(z) == 0 {
		return nil, fmt.Errorf("loss of no latents")
	}
	c := t.calc()
	nll := c.scale(c.sum(c.square(z[0])), 0.5)
	for _, n := range z[1:] {
		nll = c.add(nll, c.scale(c.sum(c.square(n)), 0.5))
	}
	return c.sub(nll, logdet), c.fail("loss")
}

// LogP is each pixel's log-likelihood of one scale, up to a constant: −½·mean_C(z²), (B,C,H,W) to (B,1,H,W).
func LogP(t *Tape, z *G.Node) (*G.Node, error) {
	c := t.calc()
	m := MapOf(z)
	mean := t.Const(fmt.Sprintf("channel mean(%d)", m.C), func() []float64 {
		w := make([]float64, m.C)
		for i := range w {
			w[i] = -0.5 / float64(m.C)
		}
		return w
	}, 1, m.C, 1, 1)
	return c.convNode(c.square(z), mean, nil, 1), c.fail("log-likelihood map")
}
