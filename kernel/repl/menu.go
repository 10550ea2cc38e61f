package repl

import (
	"context"
	"fmt"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

// menu is a list of completions below the text.
type menu struct {
	items      []engine.CompletionItem
	start, end int    // what the chosen item replaces, in code points
	original   string // the text there before one was chosen
	selected   int    // -1 before the first choice
	top        int
}

// startMenu completes the name at the cursor as far as it is clear and lists what it could become.
func (e *editor) startMenu() {
	e.hint.clear()
	c := e.completions()
	switch len(c.Items) {
	case 0:
		return
	case 1:
		e.text.replace(c.Start, e.text.cursor, c.Items[0].Text)
		e.askHint()
		return
	}
	if p := commonPrefix(c.Items); len([]rune(p)) > e.text.cursor-c.Start {
		e.text.replace(c.Start, e.text.cursor, p)
	}
	e.menu = &menu{items: c.Items, start: c.Start, end: e.text.cursor, selected: -1}
	e.menu.original = string(e.text.runes[c.Start:e.text.cursor])
}

// completions are those at the cursor. After a capital letter only those with it, if there are any.
func (e *editor) completions() engine.Completion {
	c := e.asks().Complete(context.Background(), e.text.String(), e.text.cursor)
	typed := string(e.text.runes[min(c.Start, e.text.cursor):e.text.cursor])
	if typed == strings.ToLower(typed) {
		return c
	}
	var exact []engine.CompletionItem
	for _, it := range c.Items {
		if strings.HasPrefix(it.Text, typed) {
			exact = append(exact, it)
		}
	}
	if exact != nil {
		c.Items = exact
	}
	return c
}

func commonPrefix(items []engine.CompletionItem) string {
	p := items[0].Text
	for _, it := range items[1:] {
		for !strings.HasPrefix(it.Text, p) {
			p = p[:len(p)-1]
		}
	}
	return strings.ToValidUTF8(p, "")
}

// menuKey is a key while the menu is open; it reports whether the menu has used it.
func (e *editor) menuKey(k key) bool {
	m := e.menu
	switch (key{code: k.code, mods: k.mods}) {
	case key{code: keyTab}, key{code: keyDown}, key{code: 'n', mods: ctrl}:
		e.choose(m.selected + 1)
	case key{code: keyTab, mods: shift}, key{code: keyUp}, key{code: 'p', mods: ctrl}:
		e.choose(m.selected - 1)
	case key{code: keyPageDown}:
		e.choose(min(m.selected+8, len(m.items)-1))
	case key{code: keyPageUp}:
		e.choose(max(m.selected-8, 0))
	case key{code: keyEnter}:
		e.menu = nil
		e.askHint()
		return m.selected >= 0
	case key{code: keyEscape}, key{code: 'g', mods: ctrl}:
		e.choose(-1)
		e.menu = nil
	case key{code: keyBackspace}:
		e.menu = nil
		if m.selected >= 0 || m.end <= m.start {
			return false
		}
		e.text.remove(e.text.cursor-1, e.text.cursor)
		e.refilter()
	default:
		e.menu = nil
		if k.mods&^shift != 0 || k.code >= keyNone || !isWord(k.code) {
			return false
		}
		e.text.insert(string(k.code))
		e.refilter()
	}
	return true
}

// refilter lists anew after another character of the name.
func (e *editor) refilter() {
	c := e.completions()
	if len(c.Items) == 0 || len(c.Items) == 1 && c.Items[0].Text == string(e.text.runes[c.Start:e.text.cursor]) {
		e.askHint()
		return
	}
	e.menu = &menu{items: c.Items, start: c.Start, end: e.text.cursor, selected: -1, original: string(e.text.runes[c.Start:e.text.cursor])}
}

// choose puts an item into the text, or with one before the first what was there.
func (e *editor) choose(i int) {
	m := e.menu
	if i >= len(m.items) {
		i = 0
	}
	if i < -1 {
		i = len(m.items) - 1
	}
	m.selected = i
	s := m.original
	if i >= 0 {
		s = m.items[i].Text
	}
	e.text.replace(m.start, e.text.cursor, s)
}

var kindStyles = map[string]style{
	"function": yellow, "method": yellow, "field": plain, "variable": plain, "constant": magenta, "type": cyan,
	"package": green, "keyword": blue, "path": plain, "key": green, "magic": magenta,
}

// mostName is how wide the column of names gets at most.
const mostName = 36

// rows lists names, kinds and signatures, at most so many of them.
func (m *menu) rows(width, most int, colours bool) (rows []string) {
	m.top = window(len(m.items), most, m.top, max(m.selected, 0))
	last := min(m.top+most, len(m.items))
	names, kinds := 0, 0
	for _, it := range m.items[m.top:last] {
		names, kinds = max(names, columns(it.Text)), max(kinds, len(it.Kind))
	}
	names = min(names, mostName, max(8, width-kinds-4))
	for i := m.top; i < last; i++ {
		it := m.items[i]
		name, kind := pad(clip(it.Text, names), names), pad(it.Kind, kinds)
		sign := clip(it.Signature, max(0, width-names-kinds-6))
		switch {
		case i == m.selected && colours:
			rows = append(rows, choice.paint(pad(" "+name+"  "+kind+"  "+sign, width-1), true))
		case i == m.selected:
			rows = append(rows, ">"+name+"  "+kind+"  "+sign)
		default:
			rows = append(rows, " "+name+"  "+kindStyles[it.Kind].paint(kind, colours)+"  "+faint.paint(sign, colours))
		}
	}
	if len(m.items) > most {
		rows = append(rows, faint.paint(fmt.Sprintf(" %d–%d of %d", m.top+1, last, len(m.items)), colours))
	}
	return rows
}
