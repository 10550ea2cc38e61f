package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/msflow-go/msflow/kernel/display"
	"github.com/msflow-go/msflow/kernel/engine"
)

// output is the Sink of one cell: what the cell produces, on the screen. Goroutines of the cell may use it after the cell's
// end; what they print then appears above the prompt.
type output struct {
	r     *REPL
	count int

	mu     sync.Mutex
	result string // the text of the cell's value, for the history
	next   string // what the next prompt begins with
	erase  bool   // with the next output
}

var _ engine.Sink = (*output)(nil)

func (o *output) Stream(s engine.Stream, text []byte) {
	o.before()
	if s == engine.Stderr {
		o.r.screen.print(o.stderr(string(text)))
		return
	}
	o.r.screen.print(string(text))
}

// stderr is text of standard error, which stands out unless it has colours of its own.
func (o *output) stderr(text string) string {
	if !o.r.colours || strings.Contains(text, "\x1b") {
		return text
	}
	return eachLine(text, yellow)
}

// eachLine paints the lines of a text one by one, so that colours never cross the end of a line.
func eachLine(text string, st style) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		b.WriteString(st.paint(body, true) + line[len(body):])
	}
	return b.String()
}

// before erases what Clear(true) has left for the next output.
func (o *output) before() {
	o.mu.Lock()
	erase := o.erase
	o.erase = false
	o.mu.Unlock()
	if erase {
		o.r.live.drop(o)
		o.r.screen.erase()
	}
}

func (o *output) Clear(wait bool) {
	o.mu.Lock()
	o.erase = true
	o.mu.Unlock()
	if !wait {
		o.before()
	}
}

// Result shows the value of the cell with its number, in lines of their own when it has several.
func (o *output) Result(values []any) {
	o.before()
	d := display.OfResult(values)
	text := plainText(d)
	o.mu.Lock()
	o.result = text
	o.mu.Unlock()
	o.r.screen.endLine()
	label := red.paint(fmt.Sprintf("Out[%d]:", o.count), o.r.colours) + " "
	if shown := o.r.picture(soleValue(values), d); shown != "" {
		o.r.screen.print(label + strings.TrimRight(text, "\n") + "\n" + shown)
		return
	}
	text = o.r.shorten(text)
	if strings.Contains(text, "\n") {
		label += "\n"
	}
	o.r.screen.print(label + text + "\n")
}

// soleValue is the only value that is not nil, as of a function that returns a value and an error.
func soleValue(values []any) (v any) {
	for _, x := range values {
		if x != nil && v != nil {
			return nil
		}
		if x != nil {
			v = x
		}
	}
	return v
}

func (o *output) Display(d engine.Display) {
	o.before()
	if in, ok := d.Value.(engine.Inspection); ok {
		o.r.showInspection(in)
		return
	}
	if d.ID != "" {
		o.r.live.display(o, d)
		return
	}
	o.r.screen.endLine()
	o.r.screen.print(o.r.rendered(d.Value))
}

func (o *output) Progress(p engine.Progress) {
	o.before()
	o.r.live.progress(o, p)
}

func (o *output) Notice(text string) {
	o.r.screen.endLine()
	o.r.screen.print(cyan.paint("note: ", o.r.colours) + text + "\n")
}

func (o *output) GoroutineError(e *engine.Error) {
	o.r.screen.endLine()
	head := boldRed.paint(fmt.Sprintf("in a goroutine of cell %d:", o.count), o.r.colours)
	o.r.screen.print(head + "\n" + errorText(e, o.r.colours))
}

// Input asks for a line at the place where the program's output ends, such as after its question.
func (o *output) Input(ctx context.Context, prompt string, secret bool) (string, error) {
	return o.r.ask(ctx, prompt, secret)
}

// NextInput makes text the beginning of the next input; see magics.NextInputer.
func (o *output) NextInput(text string, _ bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next = text
}

func (o *output) outcome() (result, next string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.result, o.next
}

// plainText is the text form of a value.
func plainText(d display.Data) string {
	s, _ := d.Data[display.MIMETypeText].(string)
	return s
}

// errorText is an error as it is shown: its lines, with message and caret standing out.
func errorText(err error, colours bool) string {
	var e *engine.Error
	if !errors.As(err, &e) {
		return boldRed.paint(err.Error(), colours) + "\n"
	}
	lines := e.Traceback
	if len(lines) == 0 {
		lines = []string{e.Error()}
	}
	var b strings.Builder
	for i, line := range lines {
		switch {
		case isCaret(line), i == 0, e.Value != "" && strings.Contains(line, e.Value):
			line = boldRed.paint(line, colours)
		case colours && strings.HasPrefix(line, "    "): // source
			line = coloured(line)
		}
		b.WriteString(line + "\n")
	}
	return strings.ReplaceAll(b.String(), "\t", "    ")
}

// coloured is a line of Go with its syntax in colours.
func coloured(line string) string {
	return strings.Join(lay(line, len(line)+1, prompts{}, highlight(line), 1<<20).rows, "\n")
}

// isCaret recognises the line under a source line that points into it.
func isCaret(line string) bool {
	return strings.Contains(line, "^") && strings.Trim(line, " \t^") == ""
}

// liveOutputs are the outputs that change in place: progress bars and displays with a name. Those of a running cell stay
// below its other output until it ends; those of goroutines stay above the prompt.
type liveOutputs struct {
	r     *REPL
	mu    sync.Mutex
	items []*liveItem
}

type liveItem struct {
	id    string
	owner *output
	state engine.Progress // of a bar
	began time.Time
	told  time.Time // when it changed last
	value any       // of a display
	bar   bool
}

// underWay reports whether more is expected to come: the item changes all the time.
func (it *liveItem) underWay() bool {
	const recently = time.Second
	return time.Since(it.told) < recently
}

func (l *liveOutputs) progress(o *output, p engine.Progress) {
	l.mu.Lock()
	it := l.item("bar:"+p.ID, o)
	if it.began.IsZero() {
		it.began = time.Now()
	}
	it.bar, it.state = true, p
	l.mu.Unlock()
	if p.Finished { // what is printed next comes after it
		l.settle(func(other *liveItem) bool { return other != it })
		return
	}
	l.show()
}

func (l *liveOutputs) display(o *output, d engine.Display) {
	l.mu.Lock()
	it := l.item("display:"+d.ID, o)
	it.value = d.Value
	l.mu.Unlock()
	l.show()
}

// item finds or makes the item with a name. The caller holds the lock.
func (l *liveOutputs) item(id string, o *output) *liveItem {
	for _, it := range l.items {
		if it.id == id {
			it.told = time.Now()
			return it
		}
	}
	it := &liveItem{id: id, owner: o, told: time.Now()}
	l.items = append(l.items, it)
	return it
}

// show brings the screen up to date.
func (l *liveOutputs) show() {
	width, height := l.r.screen.size()
	l.mu.Lock()
	var rows []string
	for _, it := range l.items {
		for line := range strings.SplitSeq(strings.TrimRight(l.r.liveText(it, width-1), "\n"), "\n") {
			rows = append(rows, clip(line, width-1))
		}
	}
	l.mu.Unlock()
	l.r.screen.setLive(rows[max(0, len(rows)-height+2):])
}

// settle prints items as they are now, to stay, and forgets them: all but those that keep wants to stay live.
func (l *liveOutputs) settle(keep func(*liveItem) bool) {
	l.mu.Lock()
	var done, kept []*liveItem
	for _, it := range l.items {
		if keep(it) {
			kept = append(kept, it)
		} else {
			done = append(done, it)
		}
	}
	l.items = kept
	l.mu.Unlock()
	if len(done) == 0 {
		return
	}
	l.show()
	l.r.screen.endLine()
	for _, it := range done {
		l.r.screen.print(l.r.settledText(it))
	}
}

// none keeps no item, unfinished those that a goroutine may go on with after its cell.
func none(*liveItem) bool          { return false }
func unfinished(it *liveItem) bool { return it.bar }

// drop forgets the items of a cell whose output is erased.
func (l *liveOutputs) drop(o *output) {
	l.mu.Lock()
	var kept []*liveItem
	for _, it := range l.items {
		if it.owner != o {
			kept = append(kept, it)
		}
	}
	l.items = kept
	l.mu.Unlock()
	l.show()
}

// Terminaler is a value with a form for terminals, of lines no wider than so many columns.
type Terminaler interface{ Terminal(width int) string }

// liveText is an item while it changes.
func (r *REPL) liveText(it *liveItem, width int) string {
	if it.bar {
		return plainText(display.OfProgress(it.state, time.Since(it.began)))
	}
	if v, ok := it.value.(Terminaler); ok {
		return v.Terminal(width)
	}
	return plainText(display.Of(it.value))
}

// settledText is an item when it changes no more.
func (r *REPL) settledText(it *liveItem) string {
	width, _ := r.screen.size()
	if _, ok := it.value.(Terminaler); it.bar || ok {
		return strings.TrimRight(r.liveText(it, width-1), "\n") + "\n"
	}
	return r.rendered(it.value)
}

// rendered is a value as text and, where it has one, picture.
func (r *REPL) rendered(v any) string {
	d := display.Of(v)
	text := strings.TrimRight(plainText(d), "\n")
	if text != "" {
		text += "\n"
	}
	return text + r.picture(v, d)
}
