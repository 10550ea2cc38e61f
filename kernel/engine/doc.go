// Package engine evaluates cells of Go: a session keeps variables, functions,
// types and imports from cell to cell, and reports what a cell does through a
// Sink. It knows nothing of notebooks, messages or terminals; those are guests
// that talk to the Evaluator interface.
//
// A cell is parsed and cut (parse.go, split.go), rewritten and type-checked
// (rewrite.go, check.go), built as go/ssa, repaired where ixgo would execute it
// otherwise than Go (repair.go), linked (link.go) and run (run.go). Package hot
// compiles what of it runs often; a cell that only names a value has no code at
// all (known.go).
package engine
