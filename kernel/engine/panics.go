package engine

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
)

// failed is the *Error of a panic, which may have gone through several interpreters on its way up, each of which wrapped
// it with its own frames.
func (s *Session) failed(e any) *Error {
	var stacks []string
	for {
		var inner any
		switch x := e.(type) {
		case ixgo.PanicError:
			stacks, inner = append(stacks, string(x.Stack())), x.Value
		case ixgo.FatalError:
			stacks, inner = append(stacks, string(x.Stack())), x.Value
		case interp.Fault:
			stacks, inner = append(stacks, string(x.Stack)), x.Value
		default:
			return s.panicError(e, stacks)
		}
		e = inner
	}
}

func (s *Session) panicError(v any, stacks []string) *Error {
	e := &Error{Kind: KindPanic, Value: PanicText(v), Cause: v}
	switch v := v.(type) {
	case interrupted:
		return Interrupted()
	case exit:
		e = &Error{Kind: KindExit, Value: fmt.Sprintf("exit status %d", int(v)), ExitCode: int(v)}
	case overflow:
		e.Kind = KindStack
		if v.in != nil {
			s.sources.setPosition(e, s.program.Context().FileSet.Position(v.in.Pos()))
			e.Column = 0
		}
	case exhausted:
		e.Kind = KindMemory
	case failure:
		e = &Error{Kind: KindError, Value: v.err.Error(), Cause: v.err}
	}
	frames := frames(stacks)
	if len(frames) > 0 {
		e.Line, e.file = frames[0].line, frames[0].file
		e.Cell, _ = cellOf(frames[0].file)
	}
	head := e.Value
	if e.Kind == KindPanic {
		head = "panic: " + head
	}
	e.Traceback = append([]string{head}, s.traceback(frames)...)
	return e
}

// PanicText is a value given to panic, in words.
func PanicText(v any) string {
	switch v := v.(type) {
	case error:
		return assist.Safely(v.Error)
	case fmt.Stringer:
		return assist.Safely(v.String)
	case nil:
		return "nil"
	}
	if containsItself(reflect.ValueOf(v)) {
		return fmt.Sprintf("a %T that contains itself", v)
	}
	if t := reflect.TypeOf(v); t.PkgPath() != "" {
		return fmt.Sprintf("%v(%+v)", t, v)
	}
	return fmt.Sprint(v)
}

// frame is a place in a cell that was being executed.
type frame struct {
	function string
	file     string
	line     int
}

// frameLines matches two lines of a stack: the function, and the place in a cell.
var frameLines = regexp.MustCompile(`(?m)^(\S.*)\n\t(cell\[\d+\]):(\d+)`)

func frames(stacks []string) (fs []frame) {
	for i := len(stacks) - 1; i >= 0; i-- { // the innermost was wrapped first
		for _, m := range frameLines.FindAllStringSubmatch(stacks[i], -1) {
			line, _ := strconv.Atoi(m[3])
			fs = append(fs, frame{functionName(m[1]), m[2], line})
		}
	}
	return fs
}

// functionName is "f" of "main.f(...)", and "" of the cell's own statements.
func functionName(s string) string {
	s = strings.TrimPrefix(s, "main.")
	if i := strings.LastIndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	if s == cellFuncName {
		return ""
	}
	if strings.HasPrefix(s, cell.Hidden+"init") {
		return "init"
	}
	return strings.TrimPrefix(s, cellFuncName+".")
}

// shownFrames is how many frames of a deep recursion are worth reading.
const shownFrames = 20

func (s *Session) traceback(fs []frame) (lines []string) {
	for i, f := range fs {
		if i == shownFrames {
			lines = append(lines, fmt.Sprintf("… and %d more frames", len(fs)-i))
			break
		}
		where := fmt.Sprintf("  at %s:%d", f.file, f.line)
		if f.function != "" {
			where += " in " + f.function
		}
		lines = append(lines, where)
		if text := strings.TrimSpace(s.sources.Line(f.file, f.line)); text != "" {
			lines = append(lines, "      "+text)
		}
	}
	return lines
}

// Interrupted is the error of a cell that was stopped.
func Interrupted() *Error {
	return &Error{Kind: KindInterrupted, Value: "the cell was stopped", Cause: ErrInterrupted, Traceback: []string{"interrupted"}}
}

// isInterrupt reports whether an error is that of a stopped cell.
func isInterrupt(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindInterrupted
}
