package engine

import (
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/cell"
)

// ErrNoInput is returned by Sink.Input where there is nobody to ask.
var ErrNoInput = errors.New("this front end takes no input")

// ErrInterrupted is the Cause of an interrupted cell's Error.
var ErrInterrupted = errors.New("interrupted")

// Position is "cell[3]:7:2", or "cell[3]:7" without a column, or empty.
func (e *Error) Position() string {
	switch {
	case e.Line == 0:
		return ""
	case e.Column == 0:
		return fmt.Sprintf("%s:%d", e.fileName(), e.Line)
	}
	return fmt.Sprintf("%s:%d:%d", e.fileName(), e.Line, e.Column)
}

func (e *Error) fileName() string {
	if e.Cell > 0 {
		return label(e.Cell)
	}
	return e.file
}

// label is the file name of a cell.
func label(count int) string { return fmt.Sprintf("cell[%d]", count) }

// at is a message at a place in the source.
type at struct {
	pos token.Position
	msg string
}

// sourceErrors is what the parser or the type checker found.
type sourceErrors struct {
	kind ErrorKind
	list []at
}

func (e *sourceErrors) Error() string { return e.list[0].pos.String() + ": " + e.list[0].msg }

func typeErrors(errs []types.Error) error {
	e := &sourceErrors{kind: KindCompile}
	for _, te := range errs {
		msg := strings.ReplaceAll(te.Msg, cell.Hidden, "")
		if strings.HasPrefix(msg, "\t") { // goes with the error before
			continue
		}
		e.list = append(e.list, at{te.Fset.Position(te.Pos), msg})
	}
	if len(e.list) == 0 && len(errs) > 0 {
		e.list = append(e.list, at{errs[0].Fset.Position(errs[0].Pos), strings.TrimSpace(errs[0].Msg)})
	}
	return e
}

// compileError is the *Error of whatever compiling a cell returned.
func (s *Session) compileError(err error) *Error {
	var own *Error
	var parse scanner.ErrorList
	var source *sourceErrors
	switch {
	case errors.As(err, &own) && own.Kind == KindInterrupted:
		return own
	case errors.As(err, &own):
		return s.locate(own)
	case errors.As(err, &parse):
		return s.sources.ParseError(parse)
	case errors.As(err, &source):
	case errors.Is(err, errSlots):
		return &Error{Kind: KindLimit, Value: err.Error(), Traceback: []string{err.Error()}}
	default:
		return &Error{Kind: KindInternal, Value: err.Error(), Traceback: []string{"internal error: " + err.Error()}}
	}
	return s.sources.error(source)
}

// Sources are the texts of cells by label, which errors quote. The zero value has none.
type Sources struct {
	mu   sync.Mutex
	text map[string]string
}

// Keep remembers the text of a cell.
func (s *Sources) Keep(label, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text == nil {
		s.text = map[string]string{}
	}
	s.text[label] = code
}

// ParseError is the Error of what the parser found, which is at least one error.
func (s *Sources) ParseError(list scanner.ErrorList) *Error {
	src := &sourceErrors{kind: KindSyntax}
	for _, e := range list {
		src.list = append(src.list, at{e.Pos, e.Msg})
	}
	return s.error(src)
}

// TypeErrors is the Error of what the type checker found, which is at least one error.
func (s *Sources) TypeErrors(errs []types.Error) *Error {
	return s.error(typeErrors(errs).(*sourceErrors))
}

// At is an Error of a kind at a place in a cell.
func (s *Sources) At(kind ErrorKind, pos token.Position, msg string) *Error {
	return s.error(&sourceErrors{kind: kind, list: []at{{pos, msg}}})
}

// shownErrors is how many errors of one cell are worth reading.
const shownErrors = 10

func (s *Sources) error(src *sourceErrors) *Error {
	first := src.list[0]
	e := &Error{Kind: src.kind, Value: first.msg}
	s.setPosition(e, first.pos)
	for i, x := range src.list {
		if i == shownErrors {
			e.Traceback = append(e.Traceback, fmt.Sprintf("and %d more errors", len(src.list)-i))
			break
		}
		e.Traceback = append(e.Traceback, s.excerpt(x)...)
	}
	return e
}

func (s *Session) locate(e *Error) *Error {
	s.sources.setPosition(e, token.Position{Filename: e.file, Line: e.Line, Column: e.Column})
	e.Traceback = s.sources.excerpt(at{token.Position{Filename: e.file, Line: e.Line, Column: e.Column}, e.Value})
	return e
}

func (s *Sources) setPosition(e *Error, p token.Position) {
	e.file, e.Line, e.Column = p.Filename, p.Line, p.Column
	if n, ok := cellOf(p.Filename); ok {
		e.Cell = n
	}
	if p.Column > 0 {
		e.Column = codePoint(s.Line(p.Filename, p.Line), p.Column-1) + 1
	}
}

// cellOf is the execution count in a cell's file name.
func cellOf(file string) (n int, ok bool) {
	_, err := fmt.Sscanf(file, "cell[%d]", &n)
	return n, err == nil
}

// excerpt shows an error with its source line and a caret under the place.
func (s *Sources) excerpt(x at) []string {
	line := s.Line(x.pos.Filename, x.pos.Line)
	col := codePoint(line, x.pos.Column-1)
	head := fmt.Sprintf("%s:%d:%d: %s", x.pos.Filename, x.pos.Line, col+1, x.msg)
	if strings.TrimSpace(line) == "" {
		return []string{head}
	}
	var pad strings.Builder
	for i, r := range []rune(line) {
		if i >= col {
			break
		}
		if r == '\t' {
			pad.WriteRune('\t') // as wide as in the line above
		} else {
			pad.WriteByte(' ')
		}
	}
	return []string{head, "    " + line, "    " + pad.String() + "^"}
}

// codePoint turns a byte offset in a line into one of code points.
func codePoint(line string, b int) int {
	if b <= 0 {
		return 0
	}
	if b > len(line) {
		return utf8.RuneCountInString(line) + b - len(line)
	}
	return utf8.RuneCountInString(line[:b])
}

// Line is a line of a cell, or "".
func (s *Sources) Line(file string, n int) string {
	s.mu.Lock()
	src := s.text[file]
	s.mu.Unlock()
	for line := range strings.Lines(src) {
		if n--; n == 0 {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}
