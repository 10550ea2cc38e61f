// Package levels leaves corrections of the interpreter out, for whoever looks for the cause of a wrong result, and shows
// the SSA that is interpreted.
//
//	MSFLOW_INTERP_WITHOUT=ssa_phis,code msflow run prog.go
//	MSFLOW_INTERP_SSA=main.f msflow run prog.go
//
// The first leaves out that of ssarepair/phis.go and all on the level of code_*.go; also hot for package hot. The second
// prints the corrected SSA of functions to standard error, with main all of that package's.
package levels

import (
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// The environment variables that are asked.
const (
	WithoutVariable = "MSFLOW_INTERP_WITHOUT"
	PrintVariable   = "MSFLOW_INTERP_SSA"
)

// Corrections are those that can be left out.
var Corrections = []string{
	"ast_deferrange", "ast_promote", "code_boundary", "code_callers", "code_goexit", "code_goroutine", "code_memory", "code_minmax", "code_nilstore", "code_panictext",
	"hot", "reflect_anonymous", "reflect_convert", "reflect_embedders", "reflect_instances", "reflect_methodsets", "reflect_receivers", "ssa_assert", "ssa_maps",
	"ssa_panic", "ssa_phis", "ssa_pointer", "ssa_sizes", "ssa_zeroconvert",
}

var without = strings.Split(os.Getenv(WithoutVariable), ",")

// LeftOut reports whether a correction, or all on its level, is left out.
func LeftOut(correction string) bool {
	level, _, _ := strings.Cut(correction, "_")
	return slices.Contains(without, correction) || slices.Contains(without, level)
}

var printed = os.Getenv(PrintVariable)

// Print prints a corrected function if that is asked for.
func Print(fn *ssa.Function) {
	if printed == "" {
		return
	}
	if name := fn.String(); name == printed || strings.HasPrefix(name, printed+".") || strings.HasPrefix(name, printed+"$") {
		fn.WriteTo(os.Stderr)
	}
}
