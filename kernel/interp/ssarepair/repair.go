// Package ssarepair corrects instructions of go/ssa that ixgo executes otherwise than Go defines them. It edits functions
// before they are linked, so that they mean the same to both; each of the files phis.go, maps.go, panic.go, assert.go,
// sizes.go, zeroconvert.go and pointer.go says what and why. The corrected code calls Functions.
package ssarepair

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/msflow-go/msflow/kernel/interp/levels"
	"golang.org/x/tools/go/ssa"
)

// Packages corrects all functions of packages, and what these reach. The mark that it is done is the comment of its first
// block, since functions are linked again for later packages. With guard, maps are also guarded; see guardMaps.
func Packages(pkgs []*ssa.Package, guard bool) {
	r := newRepairer(guard)
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

type repairer struct {
	calls       map[string]*ssa.Call
	corrections []func(ssa.Instruction) []ssa.Instruction
	guard       bool
}

func newRepairer(guard bool) *repairer {
	r := &repairer{calls: repairCalls(), guard: guard}
	for name, correct := range map[string]func(ssa.Instruction) []ssa.Instruction{
		"ssa_maps": r.nilKeys, "ssa_panic": r.nilPanic, "ssa_assert": r.exactAssertion,
		"ssa_sizes": r.computedSizes, "ssa_zeroconvert": r.zeroConversion, "ssa_pointer": r.plainPointer,
	} {
		if !levels.LeftOut(name) {
			r.corrections = append(r.corrections, correct)
		}
	}
	return r
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
			if !levels.LeftOut("ssa_phis") {
				parallelPhis(b)
			}
			edit(b, r.instruction)
		}
		if guard {
			edit(b, r.guardMaps)
		}
	}
	if first {
		levels.Print(fn)
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

// call is a call of a function of Functions.
func (r *repairer) call(name string, args ...ssa.Value) *ssa.Call {
	c := *r.calls[name]
	c.Call.Args = args
	return &c
}

// instruction is what stands for an instruction, or nil for itself.
func (r *repairer) instruction(in ssa.Instruction) []ssa.Instruction {
	for _, correct := range r.corrections {
		if list := correct(in); list != nil {
			return list
		}
	}
	return nil
}

// replace makes all users of a value use another one.
func replace(old, with ssa.Value) {
	var buf [32]*ssa.Value
	for _, user := range *old.Referrers() {
		for _, op := range user.Operands(buf[:0]) {
			if *op == old {
				*op = with
			}
		}
	}
}

// mayBeNil reports whether a value can be a nil interface.
func mayBeNil(v ssa.Value) bool {
	_, made := v.(*ssa.MakeInterface)
	return !made && types.IsInterface(v.Type())
}
