package hot

import (
	"go/types"
	"reflect"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
)

// compiler compiles some blocks of a function that control enters only at the first: a loop, or all of a function of
// numbers.
type compiler struct {
	*program
	f     *ixcode.Function
	in    map[*ssa.BasicBlock]bool // what is compiled
	head  *ssa.BasicBlock
	batch map[*ssa.Function]*code // functions of numbers that are being compiled with this one; nil in a loop
	code  *code

	pcs     map[ssa.Instruction]int
	blockOf map[ssa.Instruction]*ssa.BasicBlock
	users   map[ssa.Value][]ssa.Instruction

	blocks  map[*ssa.BasicBlock]*block
	slots   map[ssa.Value]slot
	tuples  map[ssa.Value][]slot     // results of functions with several
	live    []ssa.Value              // numbers from outside
	out     []boxedNumber            // numbers that the rest of the function uses
	lazy    map[ssa.Instruction]bool // what isAddress and isHeader found
	inFrame map[ssa.Value]bool       // numbers that the interpreter's instructions made
	ops     []op                     // of the block that is being compiled
	native  int                      // instructions that are compiled
	later   []func()                 // what needs all blocks compiled
	failed  bool                     // a number must be boxed whose type is not known
}

func (p *program) newCompiler(f *ixcode.Function, head *ssa.BasicBlock, in map[*ssa.BasicBlock]bool) *compiler {
	c := &compiler{
		program: p, f: f, head: head, in: in,
		code: &code{watcher: p.Watcher, f: f, size: firstSlot, calls: map[int]*code{}},
		pcs:  map[ssa.Instruction]int{}, blockOf: map[ssa.Instruction]*ssa.BasicBlock{}, users: map[ssa.Value][]ssa.Instruction{},
		blocks: map[*ssa.BasicBlock]*block{}, slots: map[ssa.Value]slot{}, tuples: map[ssa.Value][]slot{}, inFrame: map[ssa.Value]bool{}, lazy: map[ssa.Instruction]bool{},
	}
	for pc, in := range f.Source {
		c.pcs[in] = pc
	}
	var buf [32]*ssa.Value
	for _, b := range f.SSA.Blocks {
		for _, in := range b.Instrs {
			c.blockOf[in] = b // not in.Block(): the engine's repairs copy instructions
			for _, v := range in.Operands(buf[:0]) {
				if *v != nil {
					c.users[*v] = append(c.users[*v], in)
				}
			}
		}
	}
	return c
}

// loop compiles the loop that begins with head.
func (p *program) loop(f *ixcode.Function, head *ssa.BasicBlock) ixcode.Instruction {
	c := p.newCompiler(f, head, loopBlocks(head))
	if !c.compile() || c.native == 0 || c.code.room == nil {
		return nil
	}
	load, pass := c.loadNumbers(), func(*window) {}
	return func(fr *ixcode.Frame) { c.code.start(fr, load, pass) }
}

// loadNumbers takes the numbers that a loop needs from the interpreter's frame.
func (c *compiler) loadNumbers() func(*window) *block {
	var all []load
	for _, v := range c.live {
		all = append(all, c.load(c.slots[v], v))
	}
	phis := map[int][]load{}
	copies := map[int]op{}
	for k, pred := range c.head.Preds {
		var moved []boxedMove
		for _, phi := range phisOf(c.head) {
			v := edge(phi, k)
			if isNumber(phi.Type()) {
				phis[pred.Index] = append(phis[pred.Index], c.load(c.slotOf(phi), v))
			} else {
				moved = append(moved, c.boxedMove(phi, v))
			}
		}
		copies[pred.Index] = moveBoxed(moved)
	}
	first := c.blocks[c.head]
	return func(w *window) *block {
		fr := w.interpreted()
		for _, l := range all {
			l.unbox(w, fr.Stack[l.register])
		}
		for _, l := range phis[fr.Pred] {
			l.unbox(w, fr.Stack[l.register])
		}
		if do := copies[fr.Pred]; do != nil {
			do(w)
		}
		return first
	}
}

// load takes a number from a register of the interpreter's frame.
type load struct {
	register int
	unbox    func(*window, any)
}

func (c *compiler) load(s slot, v ssa.Value) load {
	r, _ := c.f.Register(v)
	return load{r, unboxer(kindOf(v.Type()), s)}
}

// function compiles a function of numbers for the interpreter to call.
func (p *program) function(f *ixcode.Function, _ *ssa.BasicBlock) ixcode.Instruction {
	c := p.pureCode(f.SSA)
	if c == nil || c.room == nil {
		return nil
	}
	var params []load
	for k, v := range f.SSA.Params {
		params = append(params, load{f.Results + k, unboxer(kindOf(v.Type()), slotAt(k))})
	}
	var results []func(*window) any
	for k := range f.Results {
		results = append(results, p.boxer(f.SSA.Signature.Results().At(k).Type(), slotAt(k)))
	}
	return func(fr *ixcode.Frame) {
		c.start(fr, func(w *window) *block {
			for _, l := range params {
				l.unbox(w, fr.Stack[l.register])
			}
			return c.entry
		}, func(w *window) {
			for k, box := range results {
				fr.Stack[k] = box(w)
			}
			fr.IPC = -1
		})
	}
}

// boxer makes values of type t; see hasType.
func (p *program) boxer(t types.Type, s slot) func(*window) any {
	named, _ := p.named(t)
	return boxer(boxedKind(t), named, s)
}

// hasType reports whether values of type t can be boxed.
func (p *program) hasType(t types.Type) bool {
	_, known := p.named(t)
	return known
}

// named is the type of boxed numbers of type t; nil for one like int.
func (p *program) named(t types.Type) (rt reflect.Type, known bool) {
	t = types.Unalias(t)
	if _, plain := t.(*types.Basic); plain {
		return nil, true
	}
	rt = ixcode.TypeOf(p.interp, t)
	return rt, rt != nil
}

// pureCode is the code of a function of numbers, or nil when it or a function that it calls does anything else.
func (p *program) pureCode(fn *ssa.Function) *code {
	if c, known := p.pure[fn]; known {
		return c
	}
	if p.pure == nil {
		p.pure = map[*ssa.Function]*code{}
	}
	batch := map[*ssa.Function]*code{}
	if !p.addPure(batch, fn) {
		p.pure[fn] = nil
		return nil
	}
	for f, c := range batch {
		p.pure[f] = c
	}
	return p.pure[fn]
}

func (p *program) addPure(batch map[*ssa.Function]*code, fn *ssa.Function) bool {
	if c, known := p.pure[fn]; known {
		batch[fn] = c
		return c != nil
	}
	if batch[fn] != nil {
		return true
	}
	f := p.code(fn)
	if f == nil || !ofNumbers(fn) || fn.Recover != nil || len(fn.Blocks) == 0 {
		return false
	}
	in := map[*ssa.BasicBlock]bool{}
	for _, b := range fn.Blocks {
		in[b] = true
	}
	c := p.newCompiler(f, fn.Blocks[0], in)
	c.batch = batch
	batch[fn] = c.code
	results := fn.Signature.Results()
	for k := range results.Len() {
		if !p.hasType(results.At(k).Type()) {
			return false
		}
	}
	for range max(len(fn.Params), results.Len()) {
		c.newSlot()
	}
	for k, v := range fn.Params {
		c.slots[v] = slotAt(k)
	}
	return c.compile()
}

// compile fails when a function of numbers does anything else.
func (c *compiler) compile() bool {
	for b := range c.in {
		c.blocks[b] = &block{pc: c.f.Blocks[b.Index]}
	}
	c.code.entry = c.blocks[c.head]
	c.shareSlots()
	for _, b := range c.f.SSA.Blocks {
		if c.in[b] && !c.block(b) {
			return false
		}
	}
	c.out = c.usedOutside()
	for _, do := range c.later {
		do()
	}
	c.code.room = roomFor(c.code)
	return !c.failed && c.code.size < slot(deepBytes)
}

func (c *compiler) block(b *ssa.BasicBlock) bool {
	c.ops = nil
	n := len(b.Instrs) - 1
	for _, in := range b.Instrs[:n] {
		if !c.instruction(in) {
			return false
		}
	}
	to := c.blocks[b]
	next := c.control(b, b.Instrs[n])
	to.ops = c.ops
	if next == nil {
		return false
	}
	to.next = next
	return true
}

func (c *compiler) instruction(in ssa.Instruction) bool {
	if _, used := c.pcs[in]; !used {
		return true // the interpreter leaves it out
	}
	if _, ok := in.(*ssa.Phi); ok || c.inBranch(in) {
		return true // done on the way into the block, or at its end
	}
	if c.isAddress(in) || c.isHeader(in) {
		c.checkPlace(in)
		return true // done with what uses it
	}
	if c.compiled(in) {
		c.native++
		return true
	}
	if c.batch != nil {
		return false
	}
	if v, ok := in.(ssa.Value); ok && isNumber(v.Type()) {
		c.inFrame[v] = true
	}
	c.do(c.interpret(in))
	return true
}

func (c *compiler) do(o op) { c.ops = append(c.ops, o) }

// compiled adds the ops of an instruction, unless only the interpreter knows it.
func (c *compiler) compiled(in ssa.Instruction) bool {
	switch in := in.(type) {
	case *ssa.BinOp:
		return c.binary(in)
	case *ssa.UnOp:
		return c.unary(in)
	case *ssa.Convert:
		return c.convert(in, in.X)
	case *ssa.ChangeType:
		return c.convert(in, in.X)
	case *ssa.Store:
		return c.store(in)
	case *ssa.Index:
		return c.index(in)
	case *ssa.Call:
		return c.call(in)
	case *ssa.Extract:
		return c.extract(in)
	}
	return false
}

func (c *compiler) newSlot() slot {
	s := c.code.size
	c.code.size += 8
	return s
}

// slotOf is where a number that is no constant lies.
func (c *compiler) slotOf(v ssa.Value) slot {
	s, ok := c.slots[v]
	if !ok {
		s = c.newSlot()
		c.slots[v] = s
		if !c.inside(v) {
			c.live = append(c.live, v)
		}
	}
	return s
}

// inside reports whether what is compiled defines v.
func (c *compiler) inside(v ssa.Value) bool {
	in, ok := v.(ssa.Instruction)
	return ok && c.in[c.blockOf[in]]
}

// operand is a number: a constant, or what lies in a slot.
type operand struct {
	slot     slot
	constant bool
	bits     uint64
}

func (c *compiler) operand(v ssa.Value) operand {
	if k, ok := v.(*ssa.Const); ok {
		return operand{constant: true, bits: bitsOf(k)}
	}
	return operand{slot: c.slotOf(v)}
}

// inSlot puts a constant into a slot.
func (c *compiler) inSlot(o operand) slot {
	if o.constant {
		to := c.newSlot()
		c.do(moveOne(move{to, o}))
		return to
	}
	return o.slot
}

// interpret executes an instruction as the interpreter does, in its frame.
func (c *compiler) interpret(in ssa.Instruction) op {
	pc := c.pcs[in]
	own, b := c.original(c.f, pc), c.blockOf[in]
	var stores []boxedNumber
	var buf [32]*ssa.Value
	for _, v := range in.Operands(buf[:0]) {
		if *v == nil || !c.inside(*v) {
			continue
		}
		if isNumber((*v).Type()) && !c.inFrame[*v] {
			stores = append(stores, c.boxedNumber(*v))
		}
	}
	var result load
	if v, ok := in.(ssa.Value); ok && isNumber(v.Type()) {
		result = c.load(c.slotOf(v), v)
	}
	return func(w *window) {
		fr := w.interpreted()
		for _, s := range stores {
			fr.Stack[s.register] = s.box(w)
		}
		w.child = inInterpreter
		fr.Block, fr.IPC = b, pc+1
		own(fr)
		if result.unbox != nil {
			result.unbox(w, fr.Stack[result.register])
		}
	}
}

// boxedNumber puts a number into a register of the interpreter's frame.
type boxedNumber struct {
	register int
	box      func(*window) any
}

func (c *compiler) boxedNumber(v ssa.Value) boxedNumber {
	r, _ := c.f.Register(v)
	c.failed = c.failed || !c.hasType(v.Type())
	return boxedNumber{r, c.boxer(v.Type(), c.slotOf(v))}
}
