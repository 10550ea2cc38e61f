package interp

import (
	"fmt"
	"go/token"
	"go/types"

	"github.com/msflow-go/msflow/kernel/interp/memory"
	"golang.org/x/tools/go/ssa"
)

// Variables of packages take their room when a program is linked, without a check: the process ends when there is none. So
// they are looked at first.

// largeVariables are the errors of variables of the package for which there is no room.
func largeVariables(c *Checked, fset *token.FileSet) (errs []types.Error) {
	for id, o := range c.Info.Defs {
		v, ok := o.(*types.Var)
		if ok && v.Parent() == c.Package.Scope() && isComposite(v.Type()) && memory.Larger(v.Type(), leastLarge) && memory.Larger(v.Type(), largest()) {
			errs = append(errs, types.Error{Fset: fset, Pos: id.Pos(), Msg: tooLargeText(id.Name, v.Type())})
		}
	}
	return errs
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
			if isComposite(t) && memory.Larger(t, leastLarge) && memory.Larger(t, largest()) {
				return fmt.Errorf("%v: %s", p.Prog.Fset.Position(g.Pos()), tooLargeText(g.Name(), t))
			}
		}
	}
	return nil
}

func tooLargeText(name string, t types.Type) string {
	size := memory.Sizes.Sizeof(t)
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
