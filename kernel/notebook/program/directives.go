package program

import (
	"go/build/constraint"
	"go/token"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// withoutDirectives makes ordinary comments of those that tell compiler and go command something. A session ignores them;
// in a program, //go:build would leave the whole file out (the formatter even moves it to the top), //go:linkname is an
// error.
func withoutDirectives(source string) string {
	var b strings.Builder
	last := 0
	for t := range cell.Tokens(source) {
		if t.Token == token.COMMENT && isDirective(t.Lit) {
			b.WriteString(source[last:t.Start] + ordinary(t.Lit))
			last = t.End
		}
	}
	return b.String() + source[last:]
}

// ordinary is the directive as a remark for people.
func ordinary(directive string) string {
	if strings.HasPrefix(directive, "/*") {
		return "/* " + directive[2:]
	}
	return "// (" + strings.TrimSpace(directive[2:]) + ")"
}

// isDirective recognises what a tool may obey. Not to inline a function is the one wish that harms nobody.
func isDirective(comment string) bool {
	if comment == "//go:noinline" {
		return false
	}
	if constraint.IsGoBuild(comment) || constraint.IsPlusBuild(comment) {
		return true
	}
	for _, start := range []string{"//go:", "//line ", "/*line ", "//export ", "//extern "} {
		if strings.HasPrefix(comment, start) {
			return true
		}
	}
	return false
}
