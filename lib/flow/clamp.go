package flow

import (
	"fmt"
	"math"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// ClampForm is how a coupling keeps its log-scale within ±α: a is what the subnet says, s the log-scale that is used.
type ClampForm int

// The forms. Tanh is that of MSFlow's parallel flows and of FrEIA since August 2023, TanhUndivided that of FrEIA before,
// Atan that of MSFlow's fusion flow.
const (
	Tanh          ClampForm = iota // s = α·tanh(a/α)
	TanhUndivided                  // s = α·tanh(a)
	Atan                           // s = α·0.636·atan(a/α)
	Unclamped                      // s = a
)

var clampNames = [...]string{"tanh", "tanh_undivided", "atan", "none"}

func (f ClampForm) String() string {
	if f < 0 || int(f) >= len(clampNames) {
		return fmt.Sprintf("ClampForm(%d)", int(f))
	}
	return clampNames[f]
}

// ParseClampForm finds a form by its name: tanh, tanh_undivided, atan or none.
func ParseClampForm(name string) (ClampForm, error) {
	for i, n := range clampNames {
		if n == name {
			return ClampForm(i), nil
		}
	}
	return 0, fmt.Errorf("clamp form %q is none of %s", name, strings.Join(clampNames[:], ", "))
}

// Clamp bounds a coupling's log-scale. The zero value is α·tanh(a/α) at the paper's α = 1.9.
type Clamp struct {
	Form  ClampForm
	Alpha float64 // α; 0 means 1.9
}

func (k Clamp) alpha() float64 {
	if k.Alpha == 0 {
		return 1.9
	}
	return k.Alpha
}

// check returns an error for an α that bounds nothing.
func (k Clamp) check() error {
	if !(k.Alpha >= 0 && k.Alpha <= math.MaxFloat32) {
		return fmt.Errorf("a clamp of α = %v: it must be positive and finite, or 0 for 1.9", k.Alpha)
	}
	if k.Form < 0 || int(k.Form) >= len(clampNames) {
		return fmt.Errorf("%v is not a clamp form", k.Form)
	}
	return nil
}

// apply turns the subnet's a into the log-scale s, element-wise.
func (k Clamp) apply(c *calc, a *G.Node) *G.Node {
	α := k.alpha()
	switch k.Form {
	case Tanh:
		return c.scale(c.unary(op.Tanh, c.scale(a, 1/α)), α)
	case TanhUndivided:
		return c.scale(c.unary(op.Tanh, a), α)
	case Atan:
		return c.scale(c.unary(op.Atan, c.scale(a, 1/α)), α*0.636)
	case Unclamped:
		return a
	}
	return c.note(nil, fmt.Errorf("%v is not a clamp form", k.Form))
}
