package interp

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"

	"github.com/msflow-go/msflow/kernel/interp/memory"
	"golang.org/x/tools/go/ssa"
)

// go/ssa makes an array of make's constant size, which ixgo allocates whatever its size. Go's own compiler does so only for
// small ones; for others make panics, where the process ends here:
//
//	b := make([]byte, 1<<62)
//
// Large ones become what a computed size is; code_memory.go says what that does.
const smallArray = 1 << 20 // bytes

// computedSizes makes such a slice as if its size were computed.
func (r *repairer) computedSizes(in ssa.Instruction) []ssa.Instruction {
	switch in := in.(type) {
	case *ssa.Alloc:
		if largeArray(in) != nil {
			return []ssa.Instruction{}
		}
	case *ssa.Slice:
		t := largeArray(in.X)
		if t == nil {
			return nil
		}
		made := makeSliceOf(in.Type(), in.Pos())
		made.Len, made.Cap = in.High, ssa.NewConst(constant.MakeInt64(t.Len()), types.Typ[types.Int])
		replace(in, made)
		return []ssa.Instruction{made}
	}
	return nil
}

// largeArray is the type of an array that is made for a slice and large, or nil.
func largeArray(v ssa.Value) *types.Array {
	array, ok := v.(*ssa.Alloc)
	if !ok || array.Comment != "makeslice" {
		return nil
	}
	t := array.Type().Underlying().(*types.Pointer).Elem().(*types.Array)
	if !larger(t, smallArray) {
		return nil
	}
	return t
}

// larger reports whether values of a type take more than n bytes.
func larger(t types.Type, n int64) bool {
	size := sizes.Sizeof(t)
	return size < 0 || size > n
}

// makeSliceOf is an instruction that makes a slice of the type t.
func makeSliceOf(t types.Type, pos token.Pos) *ssa.MakeSlice {
	pkg := types.NewPackage(SupportPath, "interp")
	pkg.Scope().Insert(types.NewTypeName(token.NoPos, pkg, "T", t))
	for _, in := range instructionsIn(pkg, "func calls(n int) any { return make(T, n) }", pos) {
		if made, ok := in.(*ssa.MakeSlice); ok {
			return made
		}
	}
	panic("interp: go/ssa makes no slice")
}

// tooLarge is the error of a variable of a package for which there is no room.
func tooLarge(pkgs []*ssa.Package) error {
	for _, p := range pkgs {
		for _, m := range p.Members {
			g, ok := m.(*ssa.Global)
			if !ok {
				continue
			}
			t := g.Type().(*types.Pointer).Elem()
			if isComposite(t) && larger(t, leastLarge) && larger(t, largest()) {
				return fmt.Errorf("%v: %s", p.Prog.Fset.Position(g.Pos()), tooLargeText(g.Name(), t))
			}
		}
	}
	return nil
}

func tooLargeText(name string, t types.Type) string {
	size := sizes.Sizeof(t)
	if size < 0 {
		return fmt.Sprintf("the type %v of %s is larger than the address space", t, name)
	}
	return fmt.Sprintf("the type %v of %s is too large (%d bytes)", t, name, size)
}

// largest is how many bytes a variable of a package may take.
func largest() int64 { return max(leastLarge, memory.Free()) }

// leastLarge is what Go's linker allows.
const leastLarge = 2_000_000_000

// isComposite leaves out types whose values are small, and those that are not known.
func isComposite(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Array, *types.Struct:
		return true
	}
	return false
}
