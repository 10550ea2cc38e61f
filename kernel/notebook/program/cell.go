package program

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
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
	stretches  []*stretch

	vars         []string // of the program, in order
	declarations []string
	statements   []string
}

// stretch is what a session evaluates at once: the Go between two magics of a cell.
type stretch struct {
	*codeCell
	*cell.Parsed
	pieces  []*piece
	comment string // what stands there instead of Go
}

// piece is a part of a stretch with the changes to its text.
type piece struct {
	cell.Piece
	before, after string                 // the comments and blanks around the text
	ends          map[ast.Expr]token.Pos // of expressions, as they were before anything was renamed
	edits         []edit
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
			if err := t.parse(next, next.code); err != nil {
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

// parse adds the stretches of code to a cell. Of magics that only measure it takes what they measure; others become
// comments.
func (t *translator) parse(c *codeCell, code string) error {
	for _, seg := range cell.Segments(code) {
		var err error
		switch {
		case seg.Magic == nil:
			err = t.parseGo(c, seg.Text)
		case seg.Magic.Name == "%time":
			err = t.parse(c, seg.Magic.Arg)
		case seg.Magic.Name == "%%time":
			err = t.parse(c, seg.Magic.Body)
		default:
			line, _, _ := strings.Cut(seg.Text[seg.Magic.Start-seg.Start:], "\n")
			t.warnings = append(t.warnings, fmt.Sprintf("code cell %d: %s is left out", c.number, line))
			c.stretches = append(c.stretches, &stretch{codeCell: c, comment: "// " + strings.ReplaceAll(strings.TrimSpace(seg.Text), "\n", "\n// ")})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *translator) parseGo(c *codeCell, code string) error {
	parsed, err := cell.Parser{Fset: t.fset, Label: "cell", Previous: t.former}.Parse(code, nil)
	if err != nil {
		return message(err, code)
	}
	if parsed.Program {
		return fmt.Errorf("a cell with a package clause is a program of its own and has no place in another")
	}
	if len(parsed.Pieces) == 0 {
		c.stretches = append(c.stretches, &stretch{codeCell: c, comment: strings.TrimSpace(code)})
		return nil
	}
	s := &stretch{codeCell: c, Parsed: parsed}
	for i, p := range parsed.Pieces {
		s.pieces = append(s.pieces, &piece{Piece: p, ends: map[ast.Expr]token.Pos{}})
		s.pieces[i].noteEnds()
		t.files[t.fset.File(p.Base)] = s
	}
	s.shareComments(code)
	t.reserve(s)
	c.stretches = append(c.stretches, s)
	return nil
}

// shareComments gives what stands between the pieces to them: comments on lines of their own to the next one.
func (s *stretch) shareComments(code string) {
	end := 0
	for i, p := range s.pieces {
		between := code[end:p.Start]
		p.before = between
		if i > 0 {
			p.before = leading(between)
			s.pieces[i-1].after = strings.TrimSuffix(between, p.before)
		}
		end = p.Start + len(p.Text)
	}
	s.pieces[len(s.pieces)-1].after = code[end:]
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

// message is a parser's first error, with the line of the code that it is in.
func message(err error, code string) error {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return err
	}
	lines := strings.Split(strings.TrimRight(code, "\n"), "\n")
	line := lines[max(0, min(list[0].Pos.Line, len(lines))-1)]
	return fmt.Errorf("%s: %s", strings.TrimSpace(line), list[0].Msg)
}

// noteEnds remembers where expressions end: that of a syntax tree follows from the lengths of names, which change.
func (p *piece) noteEnds() {
	ast.Inspect(p.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ExprStmt:
			p.ends[n.X] = n.X.End()
			if call, ok := n.X.(*ast.CallExpr); ok {
				for _, x := range call.Args {
					p.ends[x] = x.End()
				}
			}
		case *ast.ValueSpec:
			for _, v := range n.Values {
				p.ends[v] = v.End()
			}
		}
		return true
	})
}

// pieceAt is the piece that holds a position.
func (s *stretch) pieceAt(pos token.Pos) *piece {
	i := slices.IndexFunc(s.pieces, func(p *piece) bool { return p.File.FileStart <= pos && pos <= p.File.FileEnd })
	return s.pieces[i]
}

// definition is the x := f() that a piece is, or nil.
func (p *piece) definition() *ast.AssignStmt {
	fd, ok := p.File.Decls[0].(*ast.FuncDecl)
	if p.Kind != cell.Statement || !ok || len(fd.Body.List) != 1 {
		return nil
	}
	return cell.Definition(fd.Body.List[0])
}

// offset is where a position lies in the piece's text.
func (p *piece) offset(pos token.Pos) int { return int(pos - p.Base) }

// edited is a stretch of the text with the edits in it.
func (p *piece) edited(from, to int) string {
	slices.SortStableFunc(p.edits, func(a, b edit) int { return cmp.Or(a.at-b.at, a.n-b.n) })
	var b strings.Builder
	at := from
	for _, e := range p.edits {
		if e.at < at || e.at+e.n > to {
			continue
		}
		b.WriteString(p.Text[at:e.at] + e.text)
		at = e.at + e.n
	}
	b.WriteString(p.Text[at:to])
	return b.String()
}

// whole is the edited text with what stands around it.
func (p *piece) whole() string {
	return strings.Trim(p.before+p.edited(0, len(p.Text))+p.after, "\n")
}

// replace changes n bytes from a position on.
func (p *piece) replace(at token.Pos, n int, with string) {
	p.edits = append(p.edits, edit{p.offset(at), n, with})
}

// replaceName changes the text of an identifier.
func (p *piece) replaceName(id *ast.Ident, with string) {
	from := p.offset(id.Pos())
	end := len(p.Text)
	for i, c := range p.Text[from:] {
		if !cell.IsNameRune(c) {
			end = from + i
			break
		}
	}
	if p.Text[from:end] != with {
		p.replace(id.Pos(), end-from, with)
	}
}

// rename changes an identifier in text and syntax.
func (p *piece) rename(id *ast.Ident, to string) {
	p.replaceName(id, to)
	id.Name = to
}
