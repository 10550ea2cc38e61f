package op

import (
	"github.com/msflow-go/msflow/lib/internal/simd"
	"gorgonia.org/tensor"
)

// A Program computes element functions of arrays of one size that stand near each other as one step, block by block: of a
// coupling's s = α·tanh(a/α), x⊙exp(s) + t only the first input comes from memory and not from the nearest cache. Nodes are
// taken out of turn for this, but not from further ahead than chainWindow, so that few values wait for their last use.
const chainWindow = 24

// elementOf is u as an element function of arrays of one size.
func (u *use) elementOf() (l simd.Link, ok bool) {
	if u.leaf || u.dtype() != tensor.Float32 {
		return l, false
	}
	for _, in := range u.in {
		if in.size != u.size {
			return l, false
		}
	}
	switch p := u.prim.(type) {
	case UnaryOp:
		if p.Func == "square" {
			l.Func, ok = simd.ElementNamed("mul")
			return l, ok
		}
		l.Func, ok = simd.ElementNamed(p.Func)
		l.K, l.L = float32(p.A), float32(p.B)
	case BinaryOp:
		l.Func, ok = simd.ElementNamed(p.Func)
	}
	return l, ok
}

// joinChains moves element functions of one size together, and names the first of its chain to each other one.
func joinChains(order []*use) []*use {
	emitted := map[*use]bool{}
	var out []*use
	emit := func(u *use) {
		emitted[u] = true
		out = append(out, u)
	}
	for i, u := range order {
		if emitted[u] {
			continue
		}
		emit(u)
		if _, ok := u.elementOf(); !ok {
			continue
		}
		for _, v := range order[i+1 : min(len(order), i+1+chainWindow)] {
			if _, ok := v.elementOf(); ok && !emitted[v] && v.size == u.size && v.ready(emitted) {
				v.chainedTo = u
				emit(v)
			}
		}
	}
	return out
}

// ready tells whether all that u reads has been computed.
func (u *use) ready(computed map[*use]bool) bool {
	for _, in := range u.in {
		if !computed[in] {
			return false
		}
	}
	return true
}

// chainStep computes the element functions of a chain.
type chainStep struct {
	steps []*primitiveStep
	links []simd.Link
}

func (st *chainStep) slot() *slot { return st.steps[0].out }

func (st *chainStep) add(s *primitiveStep, l simd.Link) {
	st.steps, st.links = append(st.steps, s), append(st.links, l)
}

func (st *chainStep) run() error {
	for i, s := range st.steps {
		s.load()
		l := &st.links[i]
		l.Y, l.A = s.c32.Y.Data, s.c32.X[0].Data
		switch {
		case len(s.in) > 1:
			l.B = s.c32.X[1].Data
		case s.prim.(UnaryOp).Func == "square":
			l.B = l.A
		}
	}
	simd.Chain(st.links)
	return nil
}
