package flow

import (
	"fmt"
	"math/rand/v2"

	G "gorgonia.org/gorgonia"

	"github.com/msflow-go/msflow/lib/op"
)

// latentLimit bounds the fusion flow's outputs, against overflow in a diverging run.
const latentLimit = 1e6

// Fusion lets the scales of a pyramid inform each other: a coupling whose halves span all scales.
//
//	p_i = x_i in the order of scale i's fixed permutation = [p¹_i; p²_i], ⌊C/2⌋ channels and the rest
//	ℓ(s) = α·0.636·atan(s/α), the clamp
//	(s², t²) = ST₂(p²)    q¹_i = p¹_i⊙exp(ℓ(s²_i)) + t²_i
//	(s¹, t¹) = ST₁(q¹)    q²_i = p²_i⊙exp(ℓ(s¹_i)) + t¹_i
//	z_i = [q¹_i; q²_i] held within ±10⁶
//	ln|det ∂z/∂x| = Σ_i Σ (ℓ(s¹_i) + ℓ(s²_i))
//
// Beyond ±10⁶ the block is not invertible; a model that reaches it has diverged.
type Fusion struct {
	channels []int
	α        float64
	π        []hardMixing
	st1, st2 *crossSubnet
}

// NewFusion fuses maps of the given channels, each at least 2, with the clamp α (0 means 1.9). The permutations are
// integer state permute.I; the learned parameters are those of subnet_1 and subnet_2.
func NewFusion(channels []int, α float64, rng *rand.Rand) (*Fusion, error) {
	if len(channels) == 0 {
		return nil, fmt.Errorf("Fusion of no maps")
	}
	if err := (Clamp{Atan, α}).check(); err != nil {
		return nil, fmt.Errorf("Fusion: %w", err)
	}
	f := &Fusion{channels: channels, α: α}
	var firsts, rests []int
	for i, c := range channels {
		if c < 2 {
			return nil, fmt.Errorf("Fusion: map %d has %d channels: a coupling needs two halves", i, c)
		}
		rest, first := halve(c)
		firsts, rests = append(firsts, first), append(rests, rest)
		f.π = append(f.π, newHardMixing(fmt.Sprintf("permute.%d", i), c, rng))
	}
	f.st1 = newCrossSubnet("subnet_1", firsts, rests, rng)
	f.st2 = newCrossSubnet("subnet_2", rests, firsts, rng)
	return f, nil
}

// Out keeps the shapes.
func (f *Fusion) Out(in []Map) ([]Map, error) {
	if len(in) != len(f.channels) {
		return nil, fmt.Errorf("Fusion takes %d maps, not %d: %v", len(f.channels), len(in), in)
	}
	for i, m := range in {
		if m.C != f.channels[i] || m.H < 1 || m.W < 1 {
			return nil, fmt.Errorf("Fusion was built for %v channels, not for the maps %v", f.channels, in)
		}
	}
	return append([]Map(nil), in...), nil
}

// Forward couples the first halves of all scales by the rests, then the rests by the first halves.
func (f *Fusion) Forward(t *Tape, x []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := f.Out(mapsOf(x)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	p1, p2 := f.split(c, x, true)
	s2, t2 := f.st2.apply(c, p2)
	q1, l2 := f.couple(c, p1, s2, t2)
	s1, t1 := f.st1.apply(c, q1)
	q2, l1 := f.couple(c, p2, s1, t1)

	z := make([]*G.Node, len(x))
	for i := range x {
		z[i] = c.unary(func(n *G.Node) (*G.Node, error) { return op.Clamp(n, -latentLimit, latentLimit) }, c.concat(q1[i], q2[i]))
	}
	return z, c.plus(append(l1, l2...)...), c.fail("Fusion")
}

// Inverse undoes the two couplings in reverse order.
func (f *Fusion) Inverse(t *Tape, z []*G.Node) ([]*G.Node, *G.Node, error) {
	if _, err := f.Out(mapsOf(z)); err != nil {
		return nil, nil, err
	}
	c := t.calc()
	q1, q2 := f.split(c, z, false)
	s1, t1 := f.st1.apply(c, q1)
	p2, l1 := f.decouple(c, q2, s1, t1)
	s2, t2 := f.st2.apply(c, p2)
	p1, l2 := f.decouple(c, q1, s2, t2)

	x := make([]*G.Node, len(z))
	for i := range z {
		x[i] = f.π[i].undo(c, c.concat(p1[i], p2[i]))
	}
	return x, c.neg(c.plus(append(l1, l2...)...)), c.fail("Fusion")
}

// couple is p⊙exp(ℓ(s)) + t for every scale, with the scales' log-determinants.
func (f *Fusion) couple(c *calc, p, s, t []*G.Node) (q, logdets []*G.Node) {
	for i := range p {
		ℓ := f.clampFor(c, s[i])
		q = append(q, c.couple(p[i], ℓ, t[i]))
		logdets = append(logdets, c.sum(ℓ))
	}
	return q, logdets
}

// decouple is (q − t)⊙exp(−ℓ(s)) for every scale, with the log-determinants of couple.
func (f *Fusion) decouple(c *calc, q, s, t []*G.Node) (p, logdets []*G.Node) {
	for i := range q {
		ℓ := f.clampFor(c, s[i])
		p = append(p, c.decouple(q[i], ℓ, t[i]))
		logdets = append(logdets, c.sum(ℓ))
	}
	return p, logdets
}

func (f *Fusion) clampFor(c *calc, s *G.Node) *G.Node {
	return Clamp{Form: Atan, Alpha: f.α}.apply(c, s)
}

// split gives the halves of all scales, permuted first where asked.
func (f *Fusion) split(c *calc, x []*G.Node, permute bool) (first, rest []*G.Node) {
	for i, n := range x {
		if permute {
			n = f.π[i].apply(c, n)
		}
		_, k := halve(f.channels[i])
		first = append(first, c.slice(n, 0, k))
		rest = append(rest, c.slice(n, k, f.channels[i]))
	}
	return first, rest
}

// Params are the permutations and both subnets'.
func (f *Fusion) Params() []*Param {
	var ps []*Param
	for _, π := range f.π {
		ps = append(ps, π.params()...)
	}
	ps = append(ps, f.st1.params()...)
	return append(ps, f.st2.params()...)
}

// silence makes the fusion flow a permutation until it is trained.
func (f *Fusion) silence() {
	f.st1.silence()
	f.st2.silence()
}
