package yaegi

import (
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/timandy/routine"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
)

// notIn begins what is said of a form of Go that this evaluator does not have.
const notIn = "not in yaegi: "

// place is where yaegi's messages say what they are about.
var place = regexp.MustCompile(`^(cell\[\d+\]):(\d+):(\d+): `)

// added are the marks in names that yaegi has for itself.
var added = regexp.MustCompile(cell.Hidden + `[\p{L}\d_]*\.?`)

// plain is a message of yaegi without the names that cells do not have.
func plain(msg string) string { return added.ReplaceAllString(msg, "") }

// limit is the error of a cell that is good Go, as the type checker found, and that yaegi does not take.
func (s *Session) limit(err error) *engine.Error {
	var own *engine.Error
	if errors.As(err, &own) {
		return own
	}
	msg := err.Error()
	if m := place.FindStringSubmatch(msg); m != nil {
		line, _ := strconv.Atoi(m[2])
		col, _ := strconv.Atoi(m[3])
		return s.sources.At(engine.KindLimit, token.Position{Filename: m[1], Line: line, Column: col}, notIn+plain(msg[len(m[0]):]))
	}
	e := &engine.Error{Kind: engine.KindLimit, Value: notIn + plain(msg)}
	e.Traceback = []string{e.Value}
	return e
}

// at is an error at the statement of the cell that is being executed.
func (r *run) at(kind engine.ErrorKind, value string) *engine.Error {
	return &engine.Error{Kind: kind, Value: value, Cell: r.count, Line: int(r.line.Load()), Traceback: []string{value}}
}

// failed is the error of a panic, in the calling goroutine or in that of the cell's statements.
func (r *run) failed(v any) *engine.Error {
	var e *engine.Error
	switch v := v.(type) {
	case exit:
		e = r.at(engine.KindExit, fmt.Sprintf("exit status %d", int(v)))
		e.ExitCode = int(v)
		return e
	case failure:
		e = r.at(engine.KindError, v.err.Error())
		e.Cause = v.err
	default:
		if text, ok := inGo(v); ok {
			e = r.at(engine.KindPanic, text)
			e.Cause = v
			e.Traceback[0] = "panic: " + text
			break
		}
		if isOddity(v) {
			e = r.at(engine.KindLimit, notIn+plain(engine.PanicText(v)))
			break
		}
		e = r.at(engine.KindPanic, plain(engine.PanicText(v)))
		e.Cause = v
		e.Traceback[0] = "panic: " + e.Value
	}
	e.Traceback = append(e.Traceback, r.s.faults.frames()...)
	where := fmt.Sprintf("  at %s:%d", label(r.count), e.Line)
	e.Traceback = append(e.Traceback, where)
	if text := strings.TrimSpace(r.s.sources.Line(label(r.count), e.Line)); text != "" {
		e.Traceback = append(e.Traceback, "      "+text)
	}
	return e
}

// inGo is a panic of reflection in the words of Go, where it is what compiled code would panic with too.
func inGo(v any) (text string, ok bool) {
	text, _ = v.(string)
	switch {
	case strings.HasPrefix(text, "reflect") && strings.Contains(text, "out of range"), strings.HasPrefix(text, "reflect") && strings.Contains(text, "out of bounds"):
		return "runtime error: index out of range", true
	case strings.HasPrefix(text, "reflect") && (strings.Contains(text, "nil pointer") || strings.Contains(text, "zero Value")):
		return "runtime error: invalid memory address or nil pointer dereference", true
	case text == "assignment to entry in nil map":
		return text, true
	}
	var wrong *reflect.ValueError
	if err, isErr := v.(error); isErr && errors.As(err, &wrong) && wrong.Kind == reflect.Invalid {
		return "runtime error: invalid memory address or nil pointer dereference", true
	}
	return "", false
}

// isOddity reports whether a panic is one of yaegi's own doing: reflection that went wrong in it.
func isOddity(v any) bool {
	var wrong *reflect.ValueError
	err, isErr := v.(error)
	text, _ := v.(string)
	return isErr && errors.As(err, &wrong) || strings.HasPrefix(text, "reflect") || strings.HasPrefix(text, "interp")
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// faults reads what yaegi writes of panics: for each function that one leaves, a line with its name.
type faults struct {
	mu   sync.Mutex
	list map[uint64][]string // by goroutine
}

var faultLine = regexp.MustCompile(`(?m)^(cell\[\d+\]):(\d+):\d+: panic: main\.?(.*)\(\.\.\.\)$`)

// Write takes such lines.
func (f *faults) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.list == nil {
		f.list = map[uint64][]string{}
	}
	id := routine.Goid()
	for line := range bytes.Lines(b) {
		m := faultLine.FindSubmatch(bytes.TrimSpace(line))
		if m == nil {
			continue
		}
		name := strings.TrimSuffix(plain(string(m[3])), ".func")
		if name == "func" {
			name = "a function without a name"
		}
		if name != "" && name != "main" {
			f.list[id] = append(f.list[id], fmt.Sprintf("  in %s, which begins at %s:%s", name, m[1], m[2]))
		}
	}
	return len(b), nil
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// shownFrames is how many frames of a deep recursion are worth reading.
const shownFrames = 20

// frames are those of all goroutines that panicked since the cell began: it was stopped by one of them.
func (f *faults) frames() (lines []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, list := range f.list {
		lines = append(lines, list...)
	}
	f.list = nil
	if n := len(lines); n > shownFrames {
		lines = append(lines[:shownFrames], fmt.Sprintf("… and %d more frames", n-shownFrames))
	}
	return lines
}
