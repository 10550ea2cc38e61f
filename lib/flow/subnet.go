package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"

	G "gorgonia.org/gorgonia"
)

// Net is the free-form function inside a coupling: it need not be invertible. Apply takes (B,in,H,W) and MUST return
// (B,out,H,W); any Gorgonia op will do, and parameters are reached through Tape.Node.
type Net interface {
	Apply(t *Tape, x *G.Node) (*G.Node, error)
	Params() []*Param
}

// Subnet makes the nets of a block. The net's parameters MUST be named name + "." + something; rng is where initial values
// come from, so that a seed fixes the whole model.
type Subnet func(name string, in, out int, rng *rand.Rand) (Net, error)

// subnets are those that can be asked for by name.
var subnets = map[string]Subnet{"conv_ln": ConvLN, "conv": ConvOnly, "conv_bn": ConvBN}

// SubnetByName finds conv_ln (the paper's), conv or conv_bn; the empty name is conv_ln.
func SubnetByName(name string) (Subnet, error) {
	if name == "" {
		return ConvLN, nil
	}
	if s, ok := subnets[name]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("subnet %q is none of %s", name, strings.Join([]string{"conv_ln", "conv", "conv_bn"}, ", "))
}

// orDefault is the subnet of a zero config.
func (s Subnet) orDefault() Subnet {
	if s == nil {
		return ConvLN
	}
	return s
}

// applyNet runs a net on x and checks the promise of its output's shape.
func applyNet(c *calc, n Net, x *G.Node, out int) *G.Node {
	if c.err != nil {
		return nil
	}
	y := c.note(applyGuarded(n, c.t, x))
	if c.err != nil {
		return nil
	}
	m := MapOf(x)
	want := Map{out, m.H, m.W}
	if MapOf(y) != want || y.Shape()[0] != c.t.batch {
		return c.note(nil, fmt.Errorf("the subnet turned %v into %v instead of %d samples of %v", x.Shape(), y.Shape(), c.t.batch, want))
	}
	return y
}

// applyGuarded turns a panic of a user's net, such as one of gorgonia.Must, into an error.
func applyGuarded(n Net, t *Tape, x *G.Node) (y *G.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			y, err = nil, fmt.Errorf("subnet %T on %v: %v", n, x.Shape(), r)
		}
	}()
	return n.Apply(t, x)
}
