package program

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/notebook"
)

// codeCell is a code cell on its way into the program. A cell without code carries the text at the notebook's end.
type codeCell struct {
	number     int
	text       string // of the Markdown cells before it
	code       string
	parameters bool // tagged so: its variables become flags

	pieces   []*piece
	renamed  map[string]string // names that the cell declares → names in the program
	previous map[string]string // the same of the cells before it
	vars     []string          // of the program, in order

	declarations []string
	statements   []string
}

// piece is a part of a cell with its syntax and the changes to its text.
type piece struct {
	cell.Part
	text  string // from the part up to the next one, with comments
	file  *ast.File
	base  token.Pos              // of the text's first byte
	ends  map[ast.Expr]token.Pos // of expressions, as they were before anything was renamed
	edits []edit
}

// edit replaces n bytes at an offset of a piece's text.
type edit struct {
	at, n int
	text  string
}

// read collects the notebook's cells, each with the text before it.
func (t *translator) read(n *notebook.Notebook) ([]*codeCell, error) {
	var cells []*codeCell
	next := &codeCell{}
	number := 0
	for _, c := range n.Cells {
		switch c.Type {
		case notebook.Markdown:
			next.text += strings.TrimRight(c.Source, "\n") + "\n\n"
		case notebook.Code:
			if strings.TrimSpace(c.Source) == "" || c.Tagged(notebook.SkipTag) {
				continue
			}
			number++
			next.number, next.code, next.parameters = number, c.Source, c.Tagged(notebook.ParametersTag)
			next.text = strings.TrimRight(next.text, "\n")
			if err := t.parse(next); err != nil {
				return nil, &Error{number, err}
			}
			cells = append(cells, next)
			next = &codeCell{}
		}
	}
	for _, c := range cells {
		t.taken[fmt.Sprintf("cell%d", c.number)] = true
	}
	if next.text = strings.TrimRight(next.text, "\n"); next.text != "" {
		cells = append(cells, next)
	}
	return cells, nil
}

// parse cuts the cell into pieces and parses each.
func (t *translator) parse(c *codeCell) error {
	for _, p := range t.parts(c, c.code) {
		f, base, err := t.parsePiece(p)
		if err != nil {
			return err
		}
		p.file, p.base = f, base
		p.noteEnds()
		c.pieces = append(c.pieces, p)
		t.reserve(p)
	}
	return nil
}

// parts are the pieces of the code. Those of magics that only measure are what they measure; others become comments.
func (t *translator) parts(c *codeCell, code string) (out []*piece) {
	list := cell.Parts(code)
	for i, p := range list {
		if p.Kind == cell.Magic {
			out = append(out, t.magic(c, p.Text)...)
			continue
		}
		end := len(code)
		if i+1 < len(list) {
			end = list[i+1].Start
		}
		start := p.Start
		if i == 0 || list[i-1].Kind == cell.Magic {
			start = commentStart(code, start)
		} else {
			start = max(start-len(leading(code[list[i-1].Start:start])), 0)
		}
		text := code[start:end]
		if i+1 < len(list) {
			text = strings.TrimSuffix(text, leading(text))
		}
		p.Start -= start // within the text
		out = append(out, &piece{Part: p, text: text})
	}
	return out
}

// leading is the end of a text that belongs to what comes after it: the comments on lines of their own.
func leading(text string) string {
	at := strings.LastIndex(text, "\n") + 1
	if at == 0 {
		return ""
	}
	for at > 0 {
		before := strings.LastIndex(text[:at-1], "\n") + 1
		line := strings.TrimSpace(text[before:at])
		if !strings.HasPrefix(line, "//") {
			break
		}
		at = before
	}
	return text[at:]
}

// commentStart is where the comments above an offset begin.
func commentStart(code string, at int) int { return at - len(leading(code[:at])) }

// magic is what a program makes of a magic line.
func (t *translator) magic(c *codeCell, text string) []*piece {
	name, rest, _ := strings.Cut(text, " ")
	if first, body, ok := strings.Cut(text, "\n"); ok && strings.TrimSpace(first) == "%%time" {
		return t.parts(c, body)
	}
	if name == "%time" {
		return t.parts(c, rest)
	}
	line, _, _ := strings.Cut(text, "\n")
	t.warnings = append(t.warnings, fmt.Sprintf("code cell %d: %s is left out", c.number, line))
	return []*piece{{Part: cell.Part{Kind: cell.Magic}, text: "// " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n// ") + "\n"}}
}

func (t *translator) parsePiece(p *piece) (*ast.File, token.Pos, error) {
	switch p.Kind {
	case cell.Magic:
		return nil, 0, nil
	case cell.Package:
		return nil, 0, fmt.Errorf("a cell with a package clause is a program of its own and has no place in another")
	}
	before, after := cell.Wrapping(p.Kind)
	f, err := parser.ParseFile(t.fset, "cell", before+p.text+after, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %s", firstLine(p.Text), message(err))
	}
	return f, f.FileStart + token.Pos(len(before)), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// message is a parser's first error without its position, which is one in a file that nobody sees.
func message(err error) string {
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Msg
	}
	return err.Error()
}

// noteEnds remembers where expressions end: that of a syntax tree follows from the lengths of names, which change.
func (p *piece) noteEnds() {
	p.ends = map[ast.Expr]token.Pos{}
	if p.file == nil {
		return
	}
	ast.Inspect(p.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ExprStmt:
			p.ends[n.X] = n.X.End()
		case *ast.ValueSpec:
			for _, v := range n.Values {
				p.ends[v] = v.End()
			}
		}
		return true
	})
}

// offset is where a position lies in the piece's text.
func (p *piece) offset(pos token.Pos) int { return int(pos - p.base) }

// source is the piece's text between two positions, with the edits there.
func (p *piece) source(from, to token.Pos) string {
	return p.edited(p.offset(from), p.offset(to))
}

// edited is a stretch of the text with the edits in it.
func (p *piece) edited(from, to int) string {
	slices.SortStableFunc(p.edits, func(a, b edit) int { return cmp.Or(a.at-b.at, a.n-b.n) })
	var b strings.Builder
	at := from
	for _, e := range p.edits {
		if e.at < at || e.at+e.n > to {
			continue
		}
		b.WriteString(p.text[at:e.at] + e.text)
		at = e.at + e.n
	}
	b.WriteString(p.text[at:to])
	return b.String()
}

func (p *piece) whole() string { return p.edited(0, len(p.text)) }

// replace changes the text between two positions.
func (p *piece) replace(from, to token.Pos, with string) {
	p.edits = append(p.edits, edit{p.offset(from), int(to - from), with})
}

// rename changes an identifier in text and syntax.
func (p *piece) rename(id *ast.Ident, to string) {
	if id.Name == to {
		return
	}
	p.replace(id.Pos(), id.End(), to)
	id.Name = to
}
