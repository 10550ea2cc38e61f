package engine

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// pruneEvery is how many cells are compiled between two prunings, at least: a
// pruning looks at all that the session has.
func (s *Session) pruneEvery() int { return max(32, len(*programPackages(s.program()))/4) }

// prune forgets the cells whose declarations have all been declared anew.
// Without this a session grows with its length. Packages with types stay, as
// values of their types may live on, and those that generic functions mention;
// so do compiled functions, which need no package any more.
func (s *Session) prune() {
	if s.units < s.pruned+s.pruneEvery() {
		return
	}
	s.pruned = s.units
	s.stopper.forget()
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
	packages := *programPackages(s.program())
	for t, p := range packages {
		if isLinked(p) && !live[t] && s.narrowed.idle(t, p) {
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
