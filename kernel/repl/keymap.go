package repl

import (
	"fmt"
	"strings"
)

// bindings are the keys with a meaning: those of Emacs, as in every shell, and those of editors.
var bindings map[key]func(*editor) verdict

func init() {
	edit := func(f func(*text)) func(*editor) verdict {
		return func(e *editor) verdict { f(&e.text); return editing }
	}
	do := func(f func(*editor)) func(*editor) verdict {
		return func(e *editor) verdict { f(e); return editing }
	}
	bindings = map[key]func(*editor) verdict{
		{code: keyEnter}:              (*editor).enter,
		{code: keyEnter, mods: alt}:   do((*editor).newline),
		{code: keyEnter, mods: shift}: do((*editor).newline),
		{code: 'c', mods: ctrl}:       func(*editor) verdict { return interruptedVerdict },
		{code: 'd', mods: ctrl}:       (*editor).deleteOrLeave,
		{code: keyTab}:                do((*editor).tab),
		{code: keyTab, mods: shift}:   do((*editor).describe),
		{code: keyF1}:                 do((*editor).describe),
		{code: 'l', mods: ctrl}:       do((*editor).clearScreen),
		{code: 'z', mods: ctrl}:       do((*editor).stop),
		{code: 'r', mods: ctrl}:       do((*editor).startSearch),
		{code: keyUp}:                 do((*editor).up),
		{code: keyDown}:               do((*editor).down),
		{code: 'p', mods: ctrl}:       do(func(e *editor) { e.fetch(-1) }),
		{code: 'n', mods: ctrl}:       do(func(e *editor) { e.fetch(1) }),
		{code: keyPageUp}:             do(func(e *editor) { e.fetch(-1) }),
		{code: keyPageDown}:           do(func(e *editor) { e.fetch(1) }),
		{code: keyEscape}:             do(func(e *editor) { e.hint.clear() }),
		{code: 'g', mods: ctrl}:       do(func(e *editor) { e.hint.clear() }),

		{code: keyBackspace}:            edit(func(t *text) { t.remove(t.leftOf(), t.cursor) }),
		{code: keyDelete}:               edit(func(t *text) { t.remove(t.cursor, t.cursor+1) }),
		{code: keyLeft}:                 edit(func(t *text) { t.move(t.cursor - 1) }),
		{code: keyRight}:                edit(func(t *text) { t.move(t.cursor + 1) }),
		{code: 'b', mods: ctrl}:         edit(func(t *text) { t.move(t.cursor - 1) }),
		{code: 'f', mods: ctrl}:         edit(func(t *text) { t.move(t.cursor + 1) }),
		{code: keyHome}:                 edit(func(t *text) { t.move(t.lineStart(t.cursor)) }),
		{code: keyEnd}:                  edit(func(t *text) { t.move(t.lineEnd(t.cursor)) }),
		{code: 'a', mods: ctrl}:         edit(func(t *text) { t.move(t.lineStart(t.cursor)) }),
		{code: 'e', mods: ctrl}:         edit(func(t *text) { t.move(t.lineEnd(t.cursor)) }),
		{code: keyHome, mods: ctrl}:     edit(func(t *text) { t.move(0) }),
		{code: keyEnd, mods: ctrl}:      edit(func(t *text) { t.move(len(t.runes)) }),
		{code: '<', mods: alt}:          edit(func(t *text) { t.move(0) }),
		{code: '>', mods: alt}:          edit(func(t *text) { t.move(len(t.runes)) }),
		{code: keyLeft, mods: ctrl}:     edit(func(t *text) { t.move(t.wordLeft(t.cursor)) }),
		{code: keyRight, mods: ctrl}:    edit(func(t *text) { t.move(t.wordRight(t.cursor)) }),
		{code: keyLeft, mods: alt}:      edit(func(t *text) { t.move(t.wordLeft(t.cursor)) }),
		{code: keyRight, mods: alt}:     edit(func(t *text) { t.move(t.wordRight(t.cursor)) }),
		{code: 'b', mods: alt}:          edit(func(t *text) { t.move(t.wordLeft(t.cursor)) }),
		{code: 'f', mods: alt}:          edit(func(t *text) { t.move(t.wordRight(t.cursor)) }),
		{code: 'k', mods: ctrl}:         edit(func(t *text) { t.kill(t.cursor, max(t.lineEnd(t.cursor), t.cursor+1)) }),
		{code: 'u', mods: ctrl}:         edit(func(t *text) { t.kill(min(t.lineStart(t.cursor), t.cursor-1), t.cursor) }),
		{code: 'w', mods: ctrl}:         edit(func(t *text) { t.kill(t.blankLeft(t.cursor), t.cursor) }),
		{code: keyBackspace, mods: alt}: edit(func(t *text) { t.kill(t.wordLeft(t.cursor), t.cursor) }),
		{code: 'd', mods: alt}:          edit(func(t *text) { t.kill(t.cursor, t.wordRight(t.cursor)) }),
		{code: 'y', mods: ctrl}:         edit((*text).yank),
		{code: 'y', mods: alt}:          edit((*text).yankPop),
		{code: 't', mods: ctrl}:         edit((*text).swap),
		{code: '_', mods: ctrl}:         edit((*text).undo),
		{code: '_', mods: alt}:          edit((*text).redo),
		{code: '/', mods: alt}:          edit((*text).redo),
	}
}

func isHistoryKey(k key) bool {
	switch k.code {
	case keyUp, keyDown, keyPageUp, keyPageDown:
		return true
	}
	return k.mods == ctrl && (k.code == 'p' || k.code == 'n')
}

// deleteOrLeave is Ctrl-D: it leaves at an empty prompt.
func (e *editor) deleteOrLeave() verdict {
	if len(e.text.runes) == 0 {
		return closed
	}
	e.text.remove(e.text.cursor, e.text.cursor+1)
	return editing
}

// tab indents at the beginning of a line and completes elsewhere.
func (e *editor) tab() {
	if e.plain || strings.TrimSpace(e.text.line()) == "" {
		e.text.insert("\t")
		return
	}
	e.startMenu()
}

func (e *editor) up() {
	if e.text.firstLine() || e.recalled {
		e.fetch(-1)
		return
	}
	e.text.up()
	e.recalled = false
}

func (e *editor) down() {
	if e.text.lastLine() || e.recalled {
		e.fetch(1)
		return
	}
	e.text.down()
	e.recalled = false
}

// fetch steps through the history, by those inputs that begin as the text did before the cursor.
func (e *editor) fetch(steps int) {
	if e.plain {
		return
	}
	if !e.recalled {
		e.past.from(string(e.text.runes), string(e.text.runes[:e.text.cursor]))
	}
	if s, ok := e.past.step(steps); ok {
		e.text.set(s)
	}
	e.recalled = true
}

func (e *editor) clearScreen() {
	e.screen.clear()
}

func (e *editor) stop() {
	e.screen.draw(frame{})
	if e.suspend != nil {
		e.suspend()
	}
	e.screen.resize(e.size())
}

// place says which rows of a high text are shown.
func (e *editor) place(n, room int) string {
	return faint.paint(fmt.Sprintf("── rows %d–%d of %d ──", e.top+1, e.top+room, n), e.colours)
}

func (e *editor) paste(s string) {
	if e.plain {
		s, _, _ = strings.Cut(s, "\n")
	} else {
		s = strings.TrimRight(stripPrompts(s), "\n")
	}
	e.text.insert(s)
	e.text.typing = false
}
