package flow

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"
)

// Condition is what a coupling's subnet sees beside the passive half: extra channels that tell where or what it looks at.
// They stay outside the Jacobian. Implement it for conditions of your own.
type Condition interface {
	// Channels is the number of channels D that the condition adds.
	Channels() int
	// At returns the condition for maps of shape m: a node (1,D,H,W), or (B,D,H,W) when it differs between samples.
	At(t *Tape, m Map) (*G.Node, error)
}

// PositionCode is the two-dimensional sine and cosine code of D channels. With d = D/2, k = 0..d/2−1 and ω_k = 10⁴^(−2k/d):
//
//	P[2k]   = sin(x·ω_k)   P[2k+1]   = cos(x·ω_k)
//	P[d+2k] = sin(y·ω_k)   P[d+2k+1] = cos(y·ω_k)
func PositionCode(D int) (Condition, error) {
	if D < 4 || D%4 != 0 {
		return nil, fmt.Errorf("position code of %d channels: must be a positive multiple of 4", D)
	}
	return positionCode(D), nil
}

type positionCode int

func (p positionCode) Channels() int { return int(p) }

func (p positionCode) At(t *Tape, m Map) (*G.Node, error) {
	key := fmt.Sprintf("position(%d,%d,%d)", int(p), m.H, m.W)
	return t.Const(key, func() []float64 { return positions(int(p), m.H, m.W) }, 1, int(p), m.H, m.W), nil
}

// positions is the code as D planes of H×W.
func positions(D, h, w int) []float64 {
	code := make([]float64, D*h*w)
	d := D / 2
	for k := range d / 2 {
		ω := math.Exp(-2 * float64(k) * math.Log(1e4) / float64(d))
		for y := range h {
			for x := range w {
				i := y*w + x
				code[(2*k)*h*w+i], code[(2*k+1)*h*w+i] = math.Sincos(float64(x) * ω)
				code[(d+2*k)*h*w+i], code[(d+2*k+1)*h*w+i] = math.Sincos(float64(y) * ω)
			}
		}
	}
	return code
}

// Given is a condition of c channels that the builder of the graph hands to the tape under a name, with [Tape.Give]: a
// class embedding, another model's features, anything that is fed at run time.
func Given(name string, c int) Condition { return givenCondition{name, c} }

type givenCondition struct {
	name string
	c    int
}

func (g givenCondition) Channels() int { return g.c }

func (g givenCondition) At(t *Tape, m Map) (*G.Node, error) {
	n, ok := t.given[g.name]
	if !ok {
		return nil, fmt.Errorf("condition %q was not given to the tape", g.name)
	}
	s := n.Shape()
	if len(s) != 4 || (s[0] != 1 && s[0] != t.batch) || MapOf(n) != (Map{g.c, m.H, m.W}) {
		return nil, fmt.Errorf("condition %q is %v, but a map %v in a batch of %d needs (1 or %d,%d,%d,%d)", g.name, s, m, t.batch, t.batch, g.c, m.H, m.W)
	}
	return n, nil
}

// conditioned is the map x with its condition's channels behind it.
func conditioned(c *calc, x *G.Node, cond Condition) *G.Node {
	if c.err != nil || cond == nil {
		return x
	}
	p := c.note(cond.At(c.t, MapOf(x)))
	return c.concat(x, p)
}

// condChannels is the number of channels of a condition that may be absent.
func condChannels(cond Condition) int {
	if cond == nil {
		return 0
	}
	return cond.Channels()
}
