// Package engine evaluates cells of Go: a session keeps variables, functions, types and imports from cell to cell, and
// reports what a cell does through a Sink. It knows nothing of notebooks, messages, terminals or magics; those are guests
// that talk to the Evaluator interface.
//
// A cell's way: package cell cuts and parses it; then
//
//	session, evaluator, view   what front ends ask
//	compile, imports, scope    a package that sees what earlier cells declare
//	rewrite, check             what cells may write and Go may not; prelude functions in its place
//	redefine, replay, stale    what depends on something that the cell declares anew
//	anonymous, codeless        type literals with methods; cells that need no code
//	eval, run, results         building, running, and what comes out
//	errors, panics, remains    what went wrong, where in which cell, and what is left of it
//	modules and their kin      packages that are not compiled in
//	overrides, fresh, stdin, children, runtime   functions of the standard library that mean the cell's own
//	guard, concurrency, cyclic                   what would end the process
//
// Below are streams, which shares the process's standard streams, and assist, which completes and inspects.
package engine
