package hot

import (
	"go/token"
	"reflect"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// control is what the last instruction of a block does; nil when it cannot be compiled.
func (c *compiler) control(b *ssa.BasicBlock, in ssa.Instruction) func(*window) *block {
	switch in := in.(type) {
	case *ssa.Jump:
		return c.jump(b)
	case *ssa.If:
		return c.branch(b, in)
	case *ssa.Return:
		if c.batch == nil {
			return nil
		}
		var moves []move
		for k, v := range in.Results {
			moves = append(moves, move{slotAt(k), c.operand(v)})
		}
		return c.finish(moves)
	}
	return nil
}

// finish returns from a function.
func (c *compiler) finish(moves []move) func(*window) *block {
	do := c.moves(moves)
	switch {
	case len(do) == 0:
		return func(*window) *block { return nil }
	case len(moves) == 1 && !moves[0].from.constant:
		from, to := moves[0].from.slot, moves[0].to
		return func(w *window) *block {
			*at[uint64](w, to) = *at[uint64](w, from)
			return nil
		}
	}
	c.ops = append(c.ops, do[:len(do)-1]...)
	last := do[len(do)-1]
	return func(w *window) *block { last(w); return nil }
}

func (c *compiler) jump(b *ssa.BasicBlock) func(*window) *block {
	to := b.Succs[0]
	if !c.in[to] {
		exit := c.exit(b, to)
		return func(*window) *block { return exit }
	}
	c.ops = append(c.ops, c.phiMoves(b, to)...)
	target := c.blocks[to]
	from := c.blocks[b]
	c.later = append(c.later, func() {
		// A block that only decides where to go is done at once.
		if _, decides := to.Instrs[len(to.Instrs)-1].(*ssa.If); decides && len(target.ops) == 0 {
			from.next = target.next
		}
	})
	return func(*window) *block { return target }
}

// branch is the choice between two blocks.
func (c *compiler) branch(b *ssa.BasicBlock, in *ssa.If) func(*window) *block {
	yes, no := c.edgeTo(b, 0), c.edgeTo(b, 1)
	switch cond := in.Cond.(type) {
	case *ssa.Const:
		if bitsOf(cond) == 0 {
			yes = no
		}
		return func(*window) *block { return yes }
	case *ssa.BinOp:
		if c.inBranch(cond) {
			c.native++
			return c.compareAndBranch(cond, yes, no)
		}
	}
	s := c.slotOf(in.Cond)
	return func(w *window) *block {
		if *at[bool](w, s) {
			return yes
		}
		return no
	}
}

// inBranch reports whether in is a comparison that only the end of its block uses.
func (c *compiler) inBranch(in ssa.Instruction) bool {
	cmp, ok := in.(*ssa.BinOp)
	if !ok || !isComparison(cmp.Op) || !isNumber(cmp.X.Type()) || kindOf(cmp.X.Type()) == reflect.Bool || len(c.users[cmp]) != 1 {
		return false
	}
	user, ok := c.users[cmp][0].(*ssa.If)
	return ok && c.blockOf[user] == c.blockOf[cmp]
}

func isComparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// edgeTo is where the k-th way out of b leads.
func (c *compiler) edgeTo(b *ssa.BasicBlock, k int) *block {
	to := b.Succs[k]
	if !c.in[to] {
		return c.exit(b, to)
	}
	moves := c.phiMoves(b, to)
	if len(moves) == 0 {
		return c.blocks[to]
	}
	target := c.blocks[to]
	return &block{ops: moves, next: func(*window) *block { return target }, pc: c.blocks[b].pc}
}

// exit leaves a loop: the interpreter goes on in another block of the function.
func (c *compiler) exit(from, to *ssa.BasicBlock) *block {
	exit := &block{next: func(*window) *block { return nil }, pc: c.f.Blocks[from.Index]}
	c.later = append(c.later, func() {
		out := c.out
		ipc := c.f.Blocks[to.Index]
		exit.ops = []op{func(w *window) {
			fr := w.interpreted()
			for _, s := range out {
				fr.Stack[s.register] = s.box(w)
			}
			fr.Pred, fr.Block, fr.IPC = from.Index, to, ipc
		}}
	})
	return exit
}

// usedOutside are the numbers made inside that the rest of the function uses.
func (c *compiler) usedOutside() (list []boxedNumber) {
	for _, b := range c.f.SSA.Blocks {
		for _, in := range b.Instrs {
			v, ok := in.(ssa.Value)
			if ok && c.in[b] && isNumber(v.Type()) && !c.inFrame[v] && c.hasUserOutside(v) {
				list = append(list, c.boxedNumber(v))
			}
		}
	}
	return list
}

func (c *compiler) hasUserOutside(v ssa.Value) bool {
	return slices.ContainsFunc(c.users[v], func(in ssa.Instruction) bool { return !c.in[c.blockOf[in]] })
}

func phisOf(b *ssa.BasicBlock) (phis []*ssa.Phi) {
	for _, in := range b.Instrs {
		phi, ok := in.(*ssa.Phi)
		if !ok {
			break
		}
		phis = append(phis, phi)
	}
	return phis
}

// edge is the value of a φ-node on the k-th way into its block. The engine's repairs made the φ-nodes of a block follow
// each other: one that names an earlier one means what that has become.
func edge(phi *ssa.Phi, k int) ssa.Value {
	v := phi.Edges[k]
	for _, p := range slices.Backward(before(phi)) {
		if v == p {
			v = p.Edges[k]
		}
	}
	return v
}

// before are the φ-nodes of the block in front of this one.
func before(phi *ssa.Phi) []*ssa.Phi {
	all := phisOf(phi.Block())
	return all[:slices.Index(all, phi)]
}

// phiMoves are the φ-nodes of a block on the way from another one.
func (c *compiler) phiMoves(from, to *ssa.BasicBlock) []op {
	k := slices.Index(to.Preds, from)
	var moves []move
	var boxed []boxedMove
	for _, phi := range phisOf(to) {
		if _, used := c.pcs[phi]; !used {
			continue
		}
		v := edge(phi, k)
		if isNumber(phi.Type()) {
			moves = append(moves, move{c.slotOf(phi), c.operand(v)})
		} else {
			boxed = append(boxed, c.boxedMove(phi, v))
		}
	}
	ops := c.moves(moves)
	if do := moveBoxed(boxed); do != nil {
		ops = append(ops, do)
	}
	return ops
}

// move copies a number.
type move struct {
	to   slot
	from operand
}

// moves copies all at once.
func (c *compiler) moves(list []move) (ops []op) {
	list = slices.DeleteFunc(slices.Clone(list), func(m move) bool { return !m.from.constant && m.from.slot == m.to })
	if overlap(list) {
		for k := range list {
			if !list[k].from.constant {
				kept := c.newSlot()
				ops = append(ops, moveOne(move{kept, list[k].from}))
				list[k].from.slot = kept
			}
		}
	}
	for _, m := range list {
		ops = append(ops, moveOne(m))
	}
	return ops
}

// overlap reports whether one of the moves changes what a later one reads.
func overlap(list []move) bool {
	for k, m := range list {
		for _, later := range list[k+1:] {
			if !later.from.constant && later.from.slot == m.to {
				return true
			}
		}
	}
	return false
}

func moveOne(m move) op {
	to, from, bits := m.to, m.from.slot, m.from.bits
	if m.from.constant {
		return func(w *window) { *at[uint64](w, to) = bits }
	}
	return func(w *window) { *at[uint64](w, to) = *at[uint64](w, from) }
}

// boxedMove copies a value in the interpreter's frame.
type boxedMove struct{ to, from int }

func (c *compiler) boxedMove(to, from ssa.Value) boxedMove {
	t, _ := c.f.Register(to)
	f, _ := c.f.Register(from)
	return boxedMove{t, f}
}

func moveBoxed(list []boxedMove) op {
	switch len(list) {
	case 0:
		return nil
	case 1:
		m := list[0]
		return func(w *window) { s := w.interpreted().Stack; s[m.to] = s[m.from] }
	}
	return func(w *window) {
		s := w.interpreted().Stack
		values := make([]any, len(list))
		for k, m := range list {
			values[k] = s[m.from]
		}
		for k, m := range list {
			s[m.to] = values[k]
		}
	}
}

// shareSlots gives a φ-node of a loop's head and its value at the end of each turn one slot, where nothing needs the old
// value after the new one is made.
func (c *compiler) shareSlots() {
	for _, b := range c.f.SSA.Blocks {
		if !c.in[b] {
			continue
		}
		for _, phi := range phisOf(b) {
			for k, pred := range b.Preds {
				if c.in[pred] && isNumber(phi.Type()) {
					c.share(phi, k, pred)
				}
			}
		}
	}
}

func (c *compiler) share(phi *ssa.Phi, k int, pred *ssa.BasicBlock) {
	v, ok := edge(phi, k).(ssa.Instruction)
	_, jumps := pred.Instrs[len(pred.Instrs)-1].(*ssa.Jump)
	if !ok || !jumps || c.blockOf[v] != pred || !phi.Block().Dominates(pred) {
		return
	}
	value := v.(ssa.Value)
	if _, isPhi := v.(*ssa.Phi); isPhi || len(c.users[value]) != 1 || c.slots[value] != 0 {
		return
	}
	for _, other := range phisOf(phi.Block()) {
		if other != phi && edge(other, k) == phi {
			return
		}
	}
	for _, after := range pred.Instrs[slices.Index(pred.Instrs, v)+1:] {
		if c.reads(after, phi) {
			return
		}
	}
	c.slots[value] = c.slotOf(phi)
}

// reads reports whether the ops of an instruction read v, perhaps for an address.
func (c *compiler) reads(in ssa.Instruction, v ssa.Value) bool {
	var buf [32]*ssa.Value
	for _, o := range in.Operands(buf[:0]) {
		if *o == v {
			return true
		}
		if a, ok := (*o).(ssa.Instruction); ok && (c.isAddress(a) || c.isHeader(a)) && c.reads(a, v) {
			return true
		}
	}
	return false
}
