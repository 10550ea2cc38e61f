package repl

import (
	"strings"
	"unicode"
)

// text is what is being typed: its characters, where the cursor is, what was cut and how to undo. The zero value is empty.
type text struct {
	runes  []rune
	cursor int
	cut    []string // the kill ring, newest last
	undone []state  // for redo
	before []state
	typing bool // the last change was typing, which undo takes back as one
}

// state is a moment of a text.
type state struct {
	runes  string
	cursor int
}

const (
	mostUndo = 200
	mostCuts = 20
)

func (t *text) String() string { return string(t.runes) }

// set replaces everything, with the cursor at the end.
func (t *text) set(s string) {
	t.remember(false)
	t.runes = []rune(s)
	t.cursor = len(t.runes)
}

// reset is an empty text that keeps what was cut.
func (t *text) reset(s string) {
	*t = text{cut: t.cut, runes: []rune(s)}
	t.cursor = len(t.runes)
}

// remember keeps the present state for undo.
func (t *text) remember(typing bool) {
	if typing && t.typing {
		return
	}
	t.typing = typing
	t.before = append(t.before, state{string(t.runes), t.cursor})
	t.before = t.before[max(0, len(t.before)-mostUndo):]
	t.undone = nil
}

func (t *text) undo() { t.restore(&t.before, &t.undone) }
func (t *text) redo() { t.restore(&t.undone, &t.before) }

func (t *text) restore(from, to *[]state) {
	if len(*from) == 0 {
		return
	}
	last := (*from)[len(*from)-1]
	*from = (*from)[:len(*from)-1]
	*to = append(*to, state{string(t.runes), t.cursor})
	t.runes, t.cursor, t.typing = []rune(last.runes), last.cursor, false
}

// insert types s at the cursor.
func (t *text) insert(s string) {
	t.remember(len(s) == 1 && s != "\n")
	r := []rune(s)
	t.runes = append(t.runes[:t.cursor], append(r, t.runes[t.cursor:]...)...)
	t.cursor += len(r)
}

// replace puts s in place of the characters from start to end.
func (t *text) replace(start, end int, s string) {
	t.remember(false)
	r := []rune(s)
	t.runes = append(t.runes[:start:start], append(r, t.runes[end:]...)...)
	t.cursor = start + len(r)
}

// remove deletes the characters from start to end and returns them.
func (t *text) remove(start, end int) string {
	start, end = max(0, start), min(end, len(t.runes))
	if start >= end {
		return ""
	}
	t.remember(false)
	s := string(t.runes[start:end])
	t.runes = append(t.runes[:start], t.runes[end:]...)
	t.cursor = start
	return s
}

// kill removes text for yank.
func (t *text) kill(start, end int) {
	if s := t.remove(start, end); s != "" {
		t.cut = append(t.cut, s)
		t.cut = t.cut[max(0, len(t.cut)-mostCuts):]
	}
}

func (t *text) yank() {
	if len(t.cut) > 0 {
		t.insert(t.cut[len(t.cut)-1])
		t.typing = false
	}
}

// yankPop replaces what yank has just put in by the cut before it.
func (t *text) yankPop() {
	if len(t.cut) < 2 {
		return
	}
	last := t.cut[len(t.cut)-1]
	if !strings.HasSuffix(string(t.runes[:t.cursor]), last) {
		return
	}
	t.cut = append([]string{last}, t.cut[:len(t.cut)-1]...)
	n := len([]rune(last))
	t.replace(t.cursor-n, t.cursor, t.cut[len(t.cut)-1])
}

func (t *text) move(to int) { t.cursor, t.typing = min(max(0, to), len(t.runes)), false }

// lineStart is where the line around a position begins, lineEnd where it ends.
func (t *text) lineStart(at int) int {
	for at > 0 && t.runes[at-1] != '\n' {
		at--
	}
	return at
}

func (t *text) lineEnd(at int) int {
	for at < len(t.runes) && t.runes[at] != '\n' {
		at++
	}
	return at
}

// line is the text of the cursor's line up to the cursor.
func (t *text) line() string { return string(t.runes[t.lineStart(t.cursor):t.cursor]) }

func (t *text) firstLine() bool { return t.lineStart(t.cursor) == 0 }
func (t *text) lastLine() bool  { return t.lineEnd(t.cursor) == len(t.runes) }

// up and down move by a line and keep the column where the line is long enough.
func (t *text) up() {
	start := t.lineStart(t.cursor)
	if start == 0 {
		t.move(0)
		return
	}
	above := t.lineStart(start - 1)
	t.move(min(above+t.cursor-start, start-1))
}

func (t *text) down() {
	start, end := t.lineStart(t.cursor), t.lineEnd(t.cursor)
	if end == len(t.runes) {
		t.move(end)
		return
	}
	t.move(min(end+1+t.cursor-start, t.lineEnd(end+1)))
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordLeft and wordRight are where the next word begins or ends.
func (t *text) wordLeft(at int) int {
	for at > 0 && !isWord(t.runes[at-1]) {
		at--
	}
	for at > 0 && isWord(t.runes[at-1]) {
		at--
	}
	return at
}

func (t *text) wordRight(at int) int {
	for at < len(t.runes) && !isWord(t.runes[at]) {
		at++
	}
	for at < len(t.runes) && isWord(t.runes[at]) {
		at++
	}
	return at
}

// blankLeft is where the blank-separated word before a position begins.
func (t *text) blankLeft(at int) int {
	for at > 0 && unicode.IsSpace(t.runes[at-1]) {
		at--
	}
	for at > 0 && !unicode.IsSpace(t.runes[at-1]) {
		at--
	}
	return at
}

// swap exchanges the characters around the cursor.
func (t *text) swap() {
	i := t.cursor
	if i == len(t.runes) {
		i--
	}
	if i < 1 {
		return
	}
	t.remember(false)
	t.runes[i-1], t.runes[i] = t.runes[i], t.runes[i-1]
	t.cursor = i + 1
}

// leftOf is where Backspace removes to: one character, or in the indentation of a line a whole step of it.
func (t *text) leftOf() int {
	if before := t.line(); before != "" && strings.Trim(before, " ") == "" {
		return t.cursor - (len(before)-1)%tabWidth - 1
	}
	return t.cursor - 1
}

// dedent takes one step of indentation off a line that begins with the closing bracket about to be typed.
func (t *text) dedent() {
	before := t.line()
	if before == "" || strings.Trim(before, " \t") != "" {
		return
	}
	if before[len(before)-1] == '\t' {
		t.remove(t.cursor-1, t.cursor)
	} else {
		t.remove(t.leftOf(), t.cursor)
	}
}
