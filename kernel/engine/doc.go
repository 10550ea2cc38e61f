// Package engine evaluates cells of Go: a session keeps variables, functions, types and imports from cell to cell, and
// reports what a cell does through a Sink. It knows nothing of notebooks, messages, terminals or magics; those are guests
// that talk to the Evaluator interface.
//
// Package cell cuts and parses a cell. Here it is rewritten and type-checked (rewrite.go, check.go) as a package that sees
// what earlier cells declare (compile.go, scope.go, replay.go), and built, linked and run by package interp (run.go,
// eval.go). A cell that only names a value needs no code at all (codeless.go). Below are streams, which shares the
// process's standard streams, and assist, which says in text what objects and values are.
package engine
