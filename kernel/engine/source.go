package engine

import (
	"context"
	"go/types"
	"strings"
	"sync/atomic"
)

// Part is a piece of a cell's source, for programs that translate cells: one
// declaration, statement, import, package clause or magic line.
type Part struct {
	Kind      PartKind
	Start     int    // byte offset in the cell
	Text      string // from Start on, with a comment that ends its line
	Semicolon bool   // a written ';' follows, which suppresses the result
}

// PartKind is what a Part is.
type PartKind int

// The kinds of parts.
const (
	StatementPart PartKind = iota
	DeclarationPart
	ImportPart
	PackagePart
	MagicPart // for %%magic, the whole rest of the cell
)

// Parts cuts a cell as Eval does.
func Parts(code string) (parts []Part) {
	goCode, magics := partMagics(code)
	starts := lineStarts(goCode)
	for _, c := range split(goCode) {
		for len(magics) > 0 && magics[0].Start < starts[c.line-1] {
			parts, magics = append(parts, magics[0]), magics[1:]
		}
		parts = append(parts, Part{Kind: PartKind(c.kind), Start: starts[c.line-1] + c.col - 1, Text: c.text, Semicolon: c.semicolon})
	}
	return append(parts, magics...)
}

// partMagics blanks the magics out of a cell and lists them.
func partMagics(code string) (goCode string, magics []Part) {
	var b strings.Builder
	for line := range strings.Lines(code) {
		m, _ := magicLine(line)
		if m == nil || !atStatement(b.String()) {
			b.WriteString(line)
			continue
		}
		text := strings.TrimRight(line, "\n")
		if strings.HasPrefix(m.Name, "%%") {
			text = code[b.Len():]
		}
		magics = append(magics, Part{Kind: MagicPart, Start: b.Len(), Text: text})
		if strings.HasPrefix(m.Name, "%%") {
			return b.String(), magics
		}
		b.WriteString(strings.Repeat(" ", len(text)) + line[len(text):])
	}
	return b.String(), magics
}

func lineStarts(code string) []int {
	starts := []int{0}
	for i, c := range []byte(code) {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

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
