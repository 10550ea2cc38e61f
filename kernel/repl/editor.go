package repl

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
)

// errInterrupted is what read returns after Ctrl-C.
var errInterrupted = errors.New("interrupted")

// assistant is what an editor asks about Go. It is an engine.Evaluator.
type assistant interface {
	Complete(ctx context.Context, code string, cursor int) engine.Completion
	Inspect(ctx context.Context, code string, cursor, detail int) engine.Inspection
}

// editor reads one text at a time from the terminal's keys and shows it on the screen while it is typed.
type editor struct {
	screen  *screen
	keys    <-chan key
	wake    func() // puts a keyWake among the keys
	size    func() (width, height int)
	suspend func() error
	quit    func()           // leaves the program at once
	asks    func() assistant // waits until the engine is there
	colours bool
	past    *recall
	leaving func() // is called before what was typed becomes a part of what was printed

	pending []key // typed ahead

	text     text
	prompts  prompts
	plain    bool // a line for a program rather than Go
	secret   bool // what is typed is not shown
	top      int  // first row shown of a text that is higher than the screen
	menu     *menu
	search   *search
	doc      []string // a description to show
	recalled bool     // the last key fetched from the history
	hint     hinter
}

// verdict is what became of the text after a key.
type verdict int

const (
	editing verdict = iota
	accepted
	interruptedVerdict
	closed
)

// read edits a text that begins as initial until Enter completes it. The error is errInterrupted or io.EOF.
func (e *editor) read(p prompts, initial string) (string, error) {
	e.prompts, e.top, e.menu, e.search, e.doc, e.recalled = p, 0, nil, nil, nil, false
	e.text.reset(initial)
	e.past.begin()
	e.hint.clear()
	e.draw()
	for {
		k := e.next()
		v := e.handle(k)
		if v != editing {
			return e.finish(v)
		}
		if len(e.pending) == 0 && len(e.keys) == 0 { // a paste of many keys is drawn once
			e.draw()
		}
	}
}

func (e *editor) next() key {
	if len(e.pending) > 0 {
		k := e.pending[0]
		e.pending = e.pending[1:]
		return k
	}
	return <-e.keys
}

// finish leaves what was typed on the screen, all of it also when it was higher than the screen.
func (e *editor) finish(v verdict) (string, error) {
	e.menu, e.search, e.doc = nil, nil, nil
	e.hint.clear()
	rows := e.lay(len(e.text.String()) + 1).rows
	code := e.text.String()
	if v == interruptedVerdict {
		rows[len(rows)-1] += faint.paint("^C", e.colours)
	}
	if v == accepted && !e.plain {
		e.leaving()
	}
	e.screen.commit(rows)
	switch v {
	case interruptedVerdict:
		return code, errInterrupted
	case closed:
		return code, io.EOF
	}
	return code, nil
}

func (e *editor) handle(k key) verdict {
	switch k.code {
	case keyEOF:
		return closed
	case keyResize:
		e.screen.resize(e.size())
		return editing
	case keyWake:
		return editing
	}
	if k == (key{code: '\\', mods: ctrl}) {
		e.quit()
	}
	e.doc = nil
	if e.search != nil {
		return e.searchKey(k)
	}
	if e.menu != nil {
		if used := e.menuKey(k); used {
			return editing
		}
	}
	recalled := e.recalled
	e.recalled = false
	v := e.command(k, recalled)
	if v == editing {
		e.askHint()
	}
	return v
}

// command runs what a key is bound to, or types it.
func (e *editor) command(k key, recalled bool) verdict {
	if do, ok := bindings[key{code: k.code, mods: k.mods}]; ok {
		e.recalled = recalled // consecutive steps through the history go on with its prefix
		v := do(e)
		if !isHistoryKey(k) {
			e.recalled = false
		}
		return v
	}
	switch {
	case k.code == keyPaste:
		e.paste(k.text)
	case k.mods&^shift == 0 && k.code < keyNone && k.code >= ' ':
		e.typed(k.code)
	}
	return editing
}

func (e *editor) typed(r rune) {
	if !e.plain && strings.ContainsRune("})]", r) {
		e.text.dedent()
	}
	e.text.insert(string(r))
}

// enter runs complete input and opens a new line for the rest of incomplete input.
func (e *editor) enter() verdict {
	code := e.text.String()
	if e.plain || strings.TrimSpace(code) == "" {
		return accepted
	}
	if !e.text.lastLine() || e.inBraces() || !finished(code) {
		e.newline()
		return editing
	}
	return accepted
}

// inBraces reports whether the cursor stands between {}, where Enter opens the block.
func (e *editor) inBraces() bool {
	t := &e.text
	return t.cursor > 0 && t.cursor < len(t.runes) && t.runes[t.cursor-1] == '{' && t.runes[t.cursor] == '}'
}

// finished says whether the end of a line after the code is the end of what is typed. A command such as %%time, and a
// comment that something may follow, take lines until an empty one.
func finished(code string) bool {
	if cell.EndsInRest(code) || strings.TrimSpace(code) != "" && cell.IsEmpty(code) {
		i := strings.LastIndexByte(code, '\n')
		return i >= 0 && strings.TrimSpace(code[i:]) == ""
	}
	return cell.IsComplete(code).Status != cell.Incomplete
}

// newline opens a line with the indentation that fits.
func (e *editor) newline() {
	head := string(e.text.runes[:e.text.cursor])
	indent := ""
	if c := cell.IsComplete(head); c.Status == cell.Incomplete {
		indent = c.Indent
	} else {
		line := e.text.line()
		indent = line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	}
	if end := e.text.lineEnd(e.text.cursor); end > e.text.cursor { // the bracket that closes goes to a line of its own
		rest := strings.TrimSpace(string(e.text.runes[e.text.cursor:end]))
		if strings.HasPrefix(rest, "}") && strings.HasSuffix(indent, "\t") {
			e.text.insert("\n" + indent + "\n" + strings.TrimSuffix(indent, "\t"))
			e.text.move(e.text.cursor - len(indent))
			return
		}
	}
	e.text.insert("\n" + indent)
}

// lay lays the text out with the cursor at a byte offset, beyond the end for none.
func (e *editor) lay(cursor int) layout {
	src := e.text.String()
	if e.secret {
		src = strings.Repeat("*", len(e.text.runes))
	}
	var spans []span
	if e.colours && !e.plain {
		spans = highlight(src)
		if a, b, ok := brackets(src, cursor); ok && cursor <= len(src) {
			spans = split(spans, a, b)
		}
	}
	width, _ := e.screen.size()
	return lay(src, cursor, e.prompts, spans, width)
}

// draw shows the text, as much as fits near the cursor, and below it whatever helps.
func (e *editor) draw() {
	width, height := e.screen.size()
	if e.search != nil {
		e.screen.draw(e.search.frame(width, height, e.colours))
		return
	}
	l := e.lay(byteOffset(e.text.String(), e.text.cursor))
	help := e.help(width, height)
	room := max(1, height-len(help)-1)
	if len(l.rows) <= room {
		e.top = 0
	} else {
		room = max(1, room-1)
		e.top = window(len(l.rows), room, e.top, l.row)
		help = append([]string{e.place(len(l.rows), room)}, help...)
		l.rows = l.rows[e.top : e.top+room]
		l.row -= e.top
	}
	e.screen.draw(frame{rows: slices.Concat(l.rows, help), row: l.row, col: l.col})
}

// help is the rows below the text.
func (e *editor) help(width, height int) []string {
	switch {
	case e.menu != nil:
		return e.menu.rows(width, min(10, max(3, height/2)), e.colours)
	case e.doc != nil:
		rows := e.doc
		if most := max(3, height*2/3); len(rows) > most {
			rows = append(slices.Clone(rows[:most-1]), faint.paint("… more with ?NAME", e.colours))
		}
		return rows
	}
	return e.hint.rows(width, e.colours)
}

// hinter is filled in from the background; see signature.go.
type hinter struct {
	mu     sync.Mutex
	asked  string // what the description was asked for
	have   string // and what it is of
	decl   string
	doc    string
	arg    int
	active bool
}
