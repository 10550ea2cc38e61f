package ssarepair

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// ixgo converts a constant, such as the zero value of a struct, by reflection, which takes fields that are not exported for
// different ones in structs of two packages:
//
//	type W time.Time
//	w := W(time.Time{})

// zeroConversion makes the zero value of the type that is wanted.
func (r *repairer) zeroConversion(in ssa.Instruction) []ssa.Instruction {
	c, ok := in.(*ssa.ChangeType)
	if !ok {
		return nil
	}
	x, ok := c.X.(*ssa.Const)
	if !ok || x.Value != nil {
		return nil
	}
	switch c.Type().Underlying().(type) {
	case *types.Struct, *types.Array:
		replace(c, ssa.NewConst(nil, c.Type()))
		return []ssa.Instruction{}
	}
	return nil
}
