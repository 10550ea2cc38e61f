// Package hlo writes StableHLO programs: a function of tensors, op by op, printed as the MLIR text that XLA compiles.
//
// It knows the ops that lib/xla lowers to and no others, checks shapes where an op joins several values, and keeps the
// program as data, so that package interp can run it without parsing text. The published Go builder,
// github.com/gomlx/go-xla/stablehlo, has all of StableHLO; it is not used because its module would lift eight others that
// the kernel's interpreter is pinned to (golang.org/x/tools first of all), and because its programs can only be printed.
//
// A mistake in building a program, such as shapes that do not fit, panics with a text that names the op and the shapes.
package hlo
