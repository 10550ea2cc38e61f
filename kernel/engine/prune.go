package engine

import (
	"go/types"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// pruneEvery is how many cells are compiled between two prunings.
const pruneEvery = 32

// prune forgets the cells whose declarations have all been declared anew.
// Linking looks at every package of the program, and each cell is one: without
// this a session slows down, and grows, with its length. Packages with types
// stay, as values of their types may live on; so do compiled functions, which
// need no package any more.
func (s *Session) prune() {
	if s.units < s.pruned+pruneEvery {
		return
	}
	s.pruned = s.units
	s.compiling.Lock()
	defer s.compiling.Unlock()
	live, current := map[*types.Package]bool{}, map[types.Object]bool{}
	for _, o := range s.scope.objects {
		live[o.Pkg()], current[o] = true, true
	}
	for o := range s.scope.origin {
		if !current[o] {
			delete(s.scope.origin, o)
		}
	}
	packages := programPackages(s.program())
	for t, p := range packages {
		if ofSession(t, p) && !live[t] && p.Func("init").Blocks == nil && !declaresTypes(p) {
			delete(packages, t)
		}
	}
}

// ofSession reports whether a package is a cell or holds a hidden variable, as
// the values of cells are.
func ofSession(t *types.Package, p *ssa.Package) bool {
	if t.Path() == "main" {
		return true
	}
	for name := range p.Members {
		if isHidden(name) {
			return true
		}
	}
	return false
}

func declaresTypes(p *ssa.Package) bool {
	for _, m := range p.Members {
		if _, ok := m.(*ssa.Type); ok {
			return true
		}
	}
	return false
}

// programPackages is the program's own map of its packages.
func programPackages(prog *ssa.Program) map[*types.Package]*ssa.Package {
	f := reflect.ValueOf(prog).Elem().FieldByName("packages")
	return *(*map[*types.Package]*ssa.Package)(unsafe.Pointer(f.UnsafeAddr()))
}
