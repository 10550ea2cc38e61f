package engine

import (
	"context"
	"go/types"
	"sync/atomic"
)

// ImportPackage is the package that a cell's import of the path gives: compiled
// in, or the source of a module, which it fetches if need be.
func (s *Session) ImportPackage(ctx context.Context, path string) (*types.Package, error) {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	s.compiling.Lock()
	defer s.compiling.Unlock()
	s.evalCtx = ctx
	return s.importPackage(path)
}

// PackageNamed is the path of the package that a cell means by name without an
// import, "" when there is none.
func (s *Session) PackageNamed(name string) string { return s.packages.path(name) }

// elsewhere is the Sink of code that belongs to no cell; see OutputTo.
var elsewhere atomic.Pointer[Sink]

// OutputTo makes sink what Output gives outside of cells, for programs that were
// notebooks.
func OutputTo(sink Sink) { elsewhere.Store(&sink) }
