// Package engine evaluates cells of Go: a session keeps variables, functions,
// types and imports from cell to cell, and reports what a cell does through a
// Sink. It knows nothing of notebooks, messages or terminals; those are guests
// that talk to the Evaluator interface.
package engine
