package engine

import "go/types"

// pruneEvery is how many cells are compiled between two prunings, at least: a
// pruning looks at all that the session has.
func (s *Session) pruneEvery() int { return max(32, s.program.Packages()/4) }

// prune forgets the cells whose declarations have all been declared anew.
// Without this a session grows with its length.
func (s *Session) prune() {
	if s.units < s.pruned+s.pruneEvery() {
		return
	}
	s.pruned = s.units
	s.stopper.Forget()
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
	s.program.Prune(live)
}
