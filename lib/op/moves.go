package op

import "slices"

// Concat, SliceChannels, EmbedChannels, Permute, ChannelAffine, Scale and the sum of arrays whose channels are zero where
// the other's are not do the same thing: each channel of the result is one channel of an input, perhaps scaled and shifted,
// or zero. A Program finds those that follow each other, such as a block's
//
//	z = permute(concat(x₁, u₂)⊙g + δ) and the next one's x₁ = z[:, :C/2], x₂ = z[:, C/2:]
//
// and computes only the last ones of each such chain, straight from the first one's inputs. A ChannelSum or DotOp at the
// end of a chain reads these inputs itself.

// move is a use as a selection of channels.
type move struct {
	maps         []*use // (B,·,...) each, of one batch and one size
	gain, offset *use   // of the channels with a coef; nil: 1 and 0
	rows         []moved
}

// moved is one channel of the result: channel of maps[in], times k, or times gain[coef] plus offset[coef].
type moved struct {
	in      int // −1: the channel is zero
	channel int
	k       float64
	coef    int // −1: none; k is 1 otherwise
}

// plain tells whether the channel is a mere copy, or zero.
func (r moved) plain() bool { return r.coef < 0 && r.k == 1 }

// moveOf is u as a selection of channels of its inputs, or nil if it is none.
func (u *use) moveOf() *move {
	if u.prim == nil || len(u.node.Shape()) < 2 {
		return nil
	}
	channels := u.node.Shape()[1]
	switch p := u.prim.(type) {
	case ConcatOp:
		return u.concatMove()
	case SliceOp:
		return selection(u.in[0], channels, func(j int) int { return p.Lo + j })
	case EmbedOp:
		return selection(u.in[0], channels, func(j int) int { return j - p.Lo })
	case PermuteOp:
		return selection(u.in[0], channels, func(j int) int { return p.Perm[j] })
	case AffineOp:
		return u.affineMove(p)
	case UnaryOp:
		if p.Func == "scale" {
			return u.scaleMove(p.A)
		}
	case BinaryOp:
		if p.Func == "add" {
			return u.sumMove()
		}
	}
	return nil
}

// selection has channel from(j) of one input, where it has that, and zero elsewhere.
func selection(in *use, channels int, from func(j int) int) *move {
	m := &move{maps: []*use{in}, rows: make([]moved, channels)}
	for j := range m.rows {
		m.rows[j] = moved{channel: from(j), k: 1, coef: -1}
		if c := m.rows[j].channel; c < 0 || c >= in.node.Shape()[1] {
			m.rows[j].in = -1
		}
	}
	return m
}

func identity(j int) int { return j }

func (u *use) scaleMove(k float64) *move {
	m := selection(u.in[0], u.node.Shape()[1], identity)
	for j := range m.rows {
		m.rows[j].k = k
	}
	return m
}

func (u *use) concatMove() *move {
	m := &move{maps: slices.Clone(u.in)}
	for i, in := range u.in {
		if in.node.Shape()[0] != u.node.Shape()[0] {
			return nil
		}
		for c := range in.node.Shape()[1] {
			m.rows = append(m.rows, moved{in: i, channel: c, k: 1, coef: -1})
		}
	}
	return m
}

func (u *use) affineMove(p AffineOp) *move {
	m := selection(u.in[0], u.node.Shape()[1], identity)
	for j := range m.rows {
		m.rows[j].coef = j
	}
	if p.Gain {
		m.gain = u.in[1]
	}
	if p.Offset {
		m.offset = u.in[len(u.in)-1]
	}
	return m
}

// sumMove is the sum of two selections if no channel needs adding.
func (u *use) sumMove() *move {
	a, b := u.in[0].move, u.in[1].move
	if a == nil || b == nil || a.scales() || b.scales() || len(a.rows) != len(b.rows) {
		return nil
	}
	m := &move{maps: append(slices.Clone(a.maps), b.maps...), rows: slices.Clone(a.rows)}
	for j, r := range b.rows {
		switch {
		case r.in < 0:
		case m.rows[j].in < 0:
			m.rows[j] = r
			m.rows[j].in += len(a.maps)
		default:
			return nil
		}
	}
	u.moves = true
	return m
}

// scales tells whether some channel is more than a copy.
func (m *move) scales() bool {
	return slices.ContainsFunc(m.rows, func(r moved) bool { return !r.plain() })
}

// inputs are all that the selection reads.
func (m *move) inputs() []*use {
	in := slices.Clone(m.maps)
	for _, u := range []*use{m.gain, m.offset} {
		if u != nil {
			in = append(in, u)
		}
	}
	return in
}

// reads are what u reads as things stand.
func (u *use) reads() []*use {
	switch {
	case u.move != nil:
		return u.move.inputs()
	case u.from == nil:
		return u.in
	}
	var in []*use
	for _, m := range u.from {
		in = append(in, m.maps...)
	}
	return in
}

// joinMoves makes chains of moves of order into single ones. The uses in wanted must stay.
func joinMoves(order []*use, wanted map[*use]bool) {
	readers := map[*use][]*use{}
	for _, u := range order {
		u.move = u.moveOf()
		u.from = u.reduction()
	}
	for _, u := range order {
		for _, in := range u.reads() {
			readers[in] = append(readers[in], u)
		}
	}
	for _, v := range order {
		if v.move == nil || wanted[v] || len(readers[v]) == 0 || !v.vanishes(readers[v]) {
			continue
		}
		for _, r := range readers[v] {
			r.absorb(v)
		}
		for _, in := range v.move.inputs() {
			readers[in] = append(readers[in], readers[v]...)
		}
	}
	for _, u := range order {
		u.settle()
	}
}

// reduction is the inputs of a ChannelSum or DotOp, each as a selection of itself; nil for other uses.
func (u *use) reduction() (from []*move) {
	sum, isSum := u.prim.(SumOp)
	if _, isDot := u.prim.(DotOp); !isDot && (!isSum || sum.Over != OverChannel) {
		return nil
	}
	for _, in := range u.in {
		from = append(from, selection(in, in.node.Shape()[1], identity))
	}
	return from
}

// vanishes tells whether all readers of v can read v's inputs instead.
func (v *use) vanishes(readers []*use) bool {
	for _, r := range readers {
		switch {
		case r.from != nil:
			if v.move.scales() {
				return false
			}
		case r.move == nil || r.move.gain == v || r.move.offset == v || !r.move.takes(v):
			return false
		}
	}
	return true
}

// takes tells whether the selection stays one if v is replaced by its own: no channel is scaled twice, no zero is shifted,
// and there is one gain and one offset.
func (m *move) takes(v *use) bool {
	w := v.move
	if w.scales() && (w.gain != nil || w.offset != nil) && (m.gain != nil || m.offset != nil) && (w.gain != m.gain || w.offset != m.offset) {
		return false
	}
	for _, r := range m.rows {
		if r.in < 0 || m.maps[r.in] != v || r.plain() {
			continue
		}
		if s := w.rows[r.channel]; !s.plain() || s.in < 0 {
			return false
		}
	}
	return true
}

// absorb makes r read v's inputs instead of v.
func (r *use) absorb(v *use) {
	if r.move != nil {
		r.move = r.move.through(v)
		r.moves = true
	}
	for i, m := range r.from {
		r.from[i] = m.through(v)
		r.moves = true
	}
}

// through is the selection with v replaced by v's own.
func (m *move) through(v *use) *move {
	w := v.move
	out := &move{gain: m.gain, offset: m.offset}
	place := func(u *use) int {
		if i := slices.Index(out.maps, u); i >= 0 {
			return i
		}
		out.maps = append(out.maps, u)
		return len(out.maps) - 1
	}
	if slices.Contains(m.maps, v) && w.scales() && (w.gain != nil || w.offset != nil) {
		out.gain, out.offset = w.gain, w.offset
	}
	for _, r := range m.rows {
		switch {
		case r.in < 0:
		case m.maps[r.in] != v:
			r.in = place(m.maps[r.in])
		case w.rows[r.channel].in < 0:
			r = w.rows[r.channel]
		default:
			s := w.rows[r.channel]
			if r.plain() {
				r.k, r.coef = s.k, s.coef
			}
			r.in, r.channel = place(w.maps[s.in]), s.channel
		}
		out.rows = append(out.rows, r)
	}
	if len(out.maps) == 0 { // all is zero; a map says of what size
		out.maps = w.maps[:1]
	}
	return out
}

// settle gives u the op that it has become.
func (u *use) settle() {
	switch {
	case !u.moves:
	case u.move != nil:
		u.prim, u.in = &moveOp{move: *u.move}, u.move.inputs()
	default:
		p := &movedSumOp{}
		u.in = u.reads()
		at := 0
		for _, m := range u.from {
			rows := slices.Clone(m.rows)
			for j := range rows {
				if rows[j].in >= 0 {
					rows[j].in += at
				}
			}
			p.factors = append(p.factors, rows)
			at += len(m.maps)
		}
		u.prim = p
	}
}
