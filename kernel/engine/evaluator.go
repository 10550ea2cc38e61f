// Package engine evaluates cells of Go: a session keeps variables, functions, types and imports from cell to cell, and
// reports what a cell does through a Sink. It knows nothing of notebooks, messages, terminals or magics; those are guests
// that talk to the Evaluator interface.
//
// A cell's way: package cell cuts and parses it; then
//
//	session, evaluator, view   what front ends ask
//	compile, imports, scope    a package that sees what earlier cells declare
//	rewrite, check             what cells may write and Go may not; prelude functions in its place
//	redefine, replay, stale    what depends on something that the cell declares anew
//	anonymous, codeless        type literals with methods; cells that need no code
//	eval, run, results         building, running, and what comes out
//	errors, panics, remains    what went wrong, where in which cell, and what is left of it
//	modules and their kin      packages that are not compiled in
//	overrides, fresh, stdin, children, runtime   functions of the standard library that mean the cell's own
//	ends, guard, concurrency, cyclic             what would end the process
//
// Below are streams, which shares the process's standard streams, and assist, which completes and inspects.
package engine

import (
	"context"
	"time"

	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/engine/streams"
)

// Evaluator is everything a front end (the notebook session, the REPL, `msflow run`) may ask of an evaluator of cells.
// Session implements it; a second evaluator for other platforms could. All methods may be called from any goroutine; Eval
// and TimeIt run one at a time, the others answer also while a cell runs. Offsets in source text are Unicode code points.
type Evaluator interface {
	// Eval runs one cell: Go declarations, statements and imports in any mix. Output, results and displays go to the sink.
	// The error is nil or an *Error; it was not given to the sink. Cancelling ctx interrupts the cell within 100 ms.
	Eval(ctx context.Context, cell Cell, sink Sink) error

	// Complete lists what could stand at the cursor. It never fails: with nothing found it has no items.
	Complete(ctx context.Context, code string, cursor int) Completion

	// Inspect describes what stands at the cursor, Source instead of only the declaration when detail > 0. Found is false
	// when nothing is known.
	Inspect(ctx context.Context, code string, cursor, detail int) Inspection

	// Variables lists the session's variables, functions, types and constants in order of name.
	Variables() []Variable

	// Interrupt stops the running cell, if any, as cancelling its context does.
	Interrupt()

	// Reset forgets every declaration and import of the session.
	Reset() error

	// Close gives back the process's standard streams. The Evaluator is not usable afterwards.
	Close() error
}

// Cell is one piece of source to evaluate.
type Cell struct {
	Code  string
	Count int // execution count shown in positions, as in "cell[3]:7"; 0 uses the evaluator's own count
	// Silent cells show no result.
	Silent bool
	// Source is what errors quote, where Code is only a part of it, at its own lines; empty for Code itself.
	Source string
	// Compiled, if it is not nil, is called when the code is compiled and about to run.
	Compiled func()
}

// Sink receives what a cell produces while it runs. Its methods MUST be safe for concurrent use and MUST NOT block for
// long. A goroutine that outlives its cell keeps that cell's Sink, so calls may come after Eval returned. Output that a
// cell wrote arrives before Eval returns.
type Sink interface {
	// Stream receives what was written to standard output or standard error. The slice is the sink's to keep. It may end
	// inside a UTF-8 sequence.
	Stream(s Stream, text []byte)
	// Result receives the value of the cell's last expression: one value, or several for a call that returns several. Not
	// called for nothing to show.
	Result(values []any)
	// Display receives a value shown by the program itself.
	Display(d Display)
	// Clear erases the cell's output so far; with wait, when the next output comes.
	Clear(wait bool)
	// Progress receives the state of something that takes long.
	Progress(p Progress)
	// Notice receives a remark about the session, such as which functions a redefined type has made stale, or a module
	// being fetched.
	Notice(text string)
	// GoroutineError receives a panic of a goroutine that the cell started.
	GoroutineError(e *Error)
	// Input asks the user for a line; the error is ErrNoInput where there is nobody to ask, or ctx's error.
	Input(ctx context.Context, prompt string, secret bool) (string, error)
}

// Stream names a standard stream.
type Stream = streams.Stream

// The two standard streams of a cell.
const (
	Stdout = streams.Stdout
	Stderr = streams.Stderr
)

// Display is a value to show beside the cell's output.
type Display struct {
	Value    any
	ID       string         // names the output so that it can be updated; may be empty
	Update   bool           // replaces the output of that ID instead of adding one
	Metadata map[string]any // passed on to the front end; may be nil
}

// Progress is one state of a task, such as an epoch of training.
type Progress struct {
	ID       string // the same task keeps its ID
	Label    string
	Done     float64
	Total    float64 // 0 when unknown
	Unit     string
	Finished bool
}

// Error is why a cell did not complete.
type Error struct {
	Kind      ErrorKind
	Value     string   // one line: "undefined: x", "index out of range [5] with length 1"
	Traceback []string // lines to show, without colours; never empty
	Cell      int      // execution count of the cell the position is in; 0 when unknown
	Line      int      // 1-based; 0 when unknown
	Column    int      // 1-based in code points; 0 when unknown (a panic has only a line)
	ExitCode  int      // of os.Exit, for KindExit
	Cause     any      // the value given to panic, for KindPanic

	file string // as in the position; resolved to Cell by the session
}

// ErrorKind is the name of an error's class; Jupyter calls it ename.
type ErrorKind string

// The classes of errors.
const (
	KindSyntax      ErrorKind = "SyntaxError"  // the cell does not parse
	KindCompile     ErrorKind = "CompileError" // the cell does not type-check
	KindError       ErrorKind = "Error"        // must got an error
	KindPanic       ErrorKind = "Panic"
	KindInterrupted ErrorKind = "Interrupted"
	KindStack       ErrorKind = "StackOverflow"
	KindMemory      ErrorKind = "OutOfMemory"
	KindExit        ErrorKind = "Exit"       // os.Exit with a code that is not 0
	KindLimit       ErrorKind = "LimitError" // a limit of the interpreter, such as its method slots
	KindMagic       ErrorKind = "MagicError" // a % or ! line that failed
	KindInternal    ErrorKind = "InternalError"
)

// Error gives position, class and message in one line.
func (e *Error) Error() string {
	msg := e.Value
	if e.Kind == KindPanic {
		msg = "panic: " + msg
	}
	if p := e.Position(); p != "" {
		return p + ": " + msg
	}
	return msg
}

// Unwrap makes errors.Is and errors.As see an error given to panic.
func (e *Error) Unwrap() error {
	err, _ := e.Cause.(error)
	return err
}

// What completion and inspection answer.
type (
	Completion     = assist.Completion
	CompletionItem = assist.CompletionItem
	Inspection     = assist.Inspection
)

// Variable is one name that the session's cells declared.
type Variable struct {
	Name  string
	Kind  string // "var", "func", "type", "const"
	Type  string
	Value string // shortened to one line; empty for functions and types
	Shape []int  // of tensors, matrices, slices and maps; nil for scalars
	Bytes int64  // memory behind the value as far as it is cheap to tell
	Cell  int    // execution count of the cell that declared it
}

// Timing is what TimeIt measured.
type Timing struct {
	Loops, Runs int
	Mean, Std   time.Duration // of one loop
	Best        time.Duration
}

// Discard is a Sink that ignores everything; embed it to handle a part.
type Discard struct{}

// Stream ignores output.
func (Discard) Stream(Stream, []byte) {}

// Result ignores results.
func (Discard) Result([]any) {}

// Display ignores displays.
func (Discard) Display(Display) {}

// Clear does nothing.
func (Discard) Clear(bool) {}

// Progress ignores progress.
func (Discard) Progress(Progress) {}

// Notice ignores remarks.
func (Discard) Notice(string) {}

// GoroutineError ignores panics of goroutines.
func (Discard) GoroutineError(*Error) {}

// Input has nobody to ask.
func (Discard) Input(context.Context, string, bool) (string, error) { return "", ErrNoInput }
