package ssarepair

import (
	"slices"

	"golang.org/x/tools/go/ssa"
)

// ixgo's φ-nodes of a block take their values one after the other instead of all at once, so that a loop loses a value:
//
//	a, b := 0, 1
//	for range 10 {
//		a, b = b, a
//	}
//
// Those that read an earlier one of the block read a copy, taken before the first changes.

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
