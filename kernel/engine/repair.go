package engine

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// ixgo executes some SSA instructions otherwise than Go defines them. repair
// edits functions before they are linked, so that they mean the same to both:
//
//   - The φ-nodes of a block take their values one after the other instead of all
//     at once, so that a, b = b, a in a loop loses a value. Those that read an
//     earlier one of the block read a copy, taken before the first changes.
//   - m[k] = v deletes the key when v is a nil interface. The key is put back.
//   - m[k], m[k] = v and delete(m, k) panic when k is a nil interface. They are
//     called as functions.
//   - panic(nil) panics with nil instead of a *runtime.PanicNilError.
//   - x.(T) holds when x is assignable to T, so that any([]int{}).(MySlice)
//     succeeds. The types are compared as well.
//
// What a function reaches is repaired with it. The mark that it is done is the
// comment of its first block, since functions are linked again for later cells.
//
// With guard, maps are also guarded; see guardMaps.
func repair(pkgs []*ssa.Package, guard bool) {
	r := repairer{calls: repairCalls(), guard: guard}
	for _, p := range pkgs {
		for _, m := range p.Members {
			switch m := m.(type) {
			case *ssa.Function:
				r.function(m)
			case *ssa.Type:
				if n, ok := m.Type().(*types.Named); ok && ast.IsExported(m.Name()) && n.TypeParams().Len() == 0 {
					r.methods(p.Prog, n)
					r.methods(p.Prog, types.NewPointer(n))
				}
			}
		}
	}
	if len(pkgs) > 0 {
		for _, t := range pkgs[0].Prog.RuntimeTypes() {
			r.methods(pkgs[0].Prog, t)
		}
	}
}

// linkable are the packages that the next interpreter compiles.
func linkable(prog *ssa.Program) (pkgs []*ssa.Package) {
	for _, p := range prog.AllPackages() {
		if p.Func("init").Blocks != nil {
			pkgs = append(pkgs, p)
		}
	}
	return pkgs
}

type repairer struct {
	calls map[string]*ssa.Call
	guard bool
}

// The comments of the first block of a function that is done.
const (
	repaired = "entry, repaired"
	guarded  = "entry, repaired and guarded"
)

func (r *repairer) methods(prog *ssa.Program, t types.Type) {
	if types.IsInterface(t) {
		return
	}
	for sel := range prog.MethodSets.MethodSet(t).Methods() {
		if fn := prog.MethodValue(sel); fn != nil {
			r.function(fn)
		}
	}
}

func (r *repairer) function(fn *ssa.Function) {
	if len(fn.Blocks) == 0 {
		return
	}
	entry := fn.Blocks[0]
	first, guard := entry.Comment != repaired && entry.Comment != guarded, r.guard && entry.Comment != guarded
	if !first && !guard {
		return
	}
	entry.Comment = repaired
	if guard {
		entry.Comment = guarded
	}
	var buf [32]*ssa.Value
	for _, b := range fn.Blocks {
		for _, in := range b.Instrs {
			for _, op := range in.Operands(buf[:0]) {
				if callee, ok := (*op).(*ssa.Function); ok {
					r.function(callee)
				}
			}
		}
		if first {
			parallelPhis(b)
			edit(b, r.instruction)
		}
		if guard {
			edit(b, r.guardMaps)
		}
	}
}

// parallelPhis makes the φ-nodes of a block independent of their order.
func parallelPhis(b *ssa.BasicBlock) {
	var copies []ssa.Instruction
	before := map[ssa.Value]bool{}
	for _, in := range b.Instrs {
		phi, ok := in.(*ssa.Phi)
		if !ok {
			break
		}
		if slices.ContainsFunc(phi.Edges, func(e ssa.Value) bool { return before[e] }) {
			early := *phi
			early.Edges = slices.Clone(phi.Edges)
			copies = append(copies, &early)
			for i := range phi.Edges {
				phi.Edges[i] = &early
			}
		}
		before[phi] = true
	}
	if len(copies) > 0 {
		b.Instrs = append(copies, b.Instrs...)
	}
}

// edit puts what change gives in the place of a block's instructions.
func edit(b *ssa.BasicBlock, change func(ssa.Instruction) []ssa.Instruction) {
	var list []ssa.Instruction
	for i, in := range b.Instrs {
		now := change(in)
		if now == nil && list != nil {
			list = append(list, in)
		} else if now != nil {
			if list == nil {
				list = slices.Clone(b.Instrs[:i])
			}
			list = append(list, now...)
		}
	}
	if list != nil {
		b.Instrs = list
	}
}

// instruction is what stands for an instruction, or nil for itself.
func (r *repairer) instruction(in ssa.Instruction) []ssa.Instruction {
	switch in := in.(type) {
	case *ssa.MapUpdate:
		if mayBeNil(in.Key) {
			return []ssa.Instruction{r.call("SetKey", in.Map, in.Key, in.Value)}
		}
		if mayBeNil(in.Value) {
			return []ssa.Instruction{in, r.call("KeepNil", in.Map, in.Key, in.Value)}
		}
	case *ssa.Call:
		if f, ok := in.Call.Value.(*ssa.Builtin); ok && f.Name() == "delete" && mayBeNil(in.Call.Args[1]) {
			return []ssa.Instruction{r.call("DeleteKey", in.Call.Args...)}
		}
	case *ssa.Panic:
		if mayBeNil(in.X) {
			c := r.call("Panicked", in.X)
			in.X = c
			return []ssa.Instruction{c, in}
		}
	case *ssa.Lookup:
		return r.lookup(in)
	case *ssa.TypeAssert:
		return r.assertion(in)
	}
	return nil
}

func (r *repairer) lookup(in *ssa.Lookup) []ssa.Instruction {
	if _, ok := in.X.Type().Underlying().(*types.Map); !ok || !mayBeNil(in.Index) {
		return nil
	}
	return lookupCall(in)
}

func lookupCall(in *ssa.Lookup) []ssa.Instruction {
	name, result := "Lookup", "T"
	if in.CommaOk {
		name, result = "LookupOK", "(T, bool)"
	}
	c := callOf(name, "m, k", result, in.X.Type().Underlying().(*types.Map).Elem(), in.Pos())
	c.Call.Args = []ssa.Value{in.X, in.Index}
	replace(in, c)
	return []ssa.Instruction{c}
}

// guardMaps makes operations on maps hold a lock. Go ends the process when two
// goroutines use a map at once and one of them writes.
func (r *repairer) guardMaps(in ssa.Instruction) []ssa.Instruction {
	switch in := in.(type) {
	case *ssa.MapUpdate:
		c := callOf("SetKey", "m, k, v", "", types.Typ[types.Int], in.Pos())
		c.Call.Args = []ssa.Value{in.Map, in.Key, in.Value}
		return []ssa.Instruction{c}
	case *ssa.Lookup:
		if _, ok := in.X.Type().Underlying().(*types.Map); ok {
			return lookupCall(in)
		}
	case *ssa.Call:
		if f, ok := in.Call.Value.(*ssa.Builtin); ok && f.Name() == "delete" {
			return []ssa.Instruction{r.call("DeleteKey", in.Call.Args...)}
		}
	case *ssa.Next:
		if !in.IsString {
			return []ssa.Instruction{r.call("RLock"), in, r.call("RUnlock")}
		}
	}
	return nil
}

// replace makes all users of a value use another one.
func replace(old ssa.Value, by ssa.Value) {
	var buf [32]*ssa.Value
	for _, user := range *old.Referrers() {
		for _, op := range user.Operands(buf[:0]) {
			if *op == old {
				*op = by
			}
		}
	}
}

// mayBeNil reports whether a value can be a nil interface.
func mayBeNil(v ssa.Value) bool {
	_, made := v.(*ssa.MakeInterface)
	return !made && types.IsInterface(v.Type())
}

// assertion makes x.(T) exact. With comma-ok it is a function, which is also
// faster: ixgo composes the text of an error that nobody reads.
func (r *repairer) assertion(in *ssa.TypeAssert) []ssa.Instruction {
	zero := ssa.NewConst(nil, in.AssertedType)
	if !in.CommaOk {
		if !confusable(in.AssertedType) {
			return nil
		}
		return []ssa.Instruction{in, r.call("MustBe", in.X, zero)}
	}
	c := r.call("As", in.X, zero)
	if types.IsInterface(in.AssertedType) {
		c = r.call("Implements", in.X, ssa.NewConst(nil, types.NewPointer(in.AssertedType)))
	}
	replace(in, c)
	return []ssa.Instruction{c}
}

// confusable reports whether a value of another type could be assignable to t.
func confusable(t types.Type) bool {
	_, named := types.Unalias(t).(*types.Named)
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Array:
		return true
	case *types.Struct, *types.Pointer:
		return named
	}
	return false
}

// call is a call of a function of the package of runtime.go.
func (r *repairer) call(name string, args ...ssa.Value) *ssa.Call {
	c := *r.calls[name]
	c.Call.Args = args
	return &c
}
