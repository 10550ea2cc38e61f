package program

import (
	"go/build/constraint"
	"go/scanner"
	"go/token"
	"strings"
)

// withoutDirectives makes ordinary comments of those that tell compiler and go command something. A session ignores them;
// in a program, //go:build would leave the whole file out (the formatter even moves it to the top), //go:linkname is an
// error.
func withoutDirectives(source string) string {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, []byte(source), func(token.Position, string) {}, scanner.ScanComments)
	var b strings.Builder
	last := 0
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.COMMENT && isDirective(text) {
			at := file.Offset(pos)
			b.WriteString(source[last:at] + ordinary(text))
			last = at + len(text)
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
