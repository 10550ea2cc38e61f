package ssarepair

import (
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
// Large ones become what a computed size is; code_memory.go of package interp says what that does.
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
	if !sized(t) || !memory.Larger(t, smallArray) {
		return nil
	}
	return t
}

// sized reports whether a type has a size, which those of generic functions may not have.
func sized(t types.Type) bool {
	if _, parameter := types.Unalias(t).(*types.TypeParam); parameter {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Array:
		return sized(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !sized(f.Type()) {
				return false
			}
		}
	}
	return true
}

// makeSliceOf is an instruction that makes a slice of the type t.
func makeSliceOf(t types.Type, pos token.Pos) *ssa.MakeSlice {
	pkg := types.NewPackage(Path, "interp")
	pkg.Scope().Insert(types.NewTypeName(token.NoPos, pkg, "T", t))
	for _, in := range instructionsIn(pkg, "func calls(n int) any { return make(T, n) }", pos) {
		if made, ok := in.(*ssa.MakeSlice); ok {
			return made
		}
	}
	panic("ssarepair: go/ssa makes no slice")
}
