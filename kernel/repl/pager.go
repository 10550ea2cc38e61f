package repl

import (
	"fmt"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

// shorten is a value's text as far as it fits the screen, with a hint to the pager when it does not.
func (r *REPL) shorten(text string) string {
	if r.term == nil {
		return text
	}
	width, height := r.screen.size()
	most := max(5, height-4)
	rows := 0
	lines := strings.SplitAfter(text, "\n")
	total := 0
	for _, line := range lines {
		total += len(wrap(strings.TrimRight(line, "\n"), width))
	}
	if total <= most {
		return text
	}
	var b strings.Builder
	for i, line := range lines {
		n := len(wrap(strings.TrimRight(line, "\n"), width))
		if rows+n > most*2/3 {
			if i == 0 {
				b.WriteString(strings.Join(wrap(line, width)[:most*2/3], "") + "\n")
			}
			b.WriteString(faint.paint(fmt.Sprintf("… %d more rows; %%page shows all of them", total-rows), r.colours))
			break
		}
		rows += n
		b.WriteString(line)
	}
	return b.String()
}

// showInspection prints a description, or keeps it for the pager when it is higher than the screen.
func (r *REPL) showInspection(in engine.Inspection) {
	width, height := r.screen.size()
	rows := inspectionRows(in.Plain, width-1, r.colours)
	if r.term != nil && len(rows) > height-3 {
		r.setPage(rows)
		return
	}
	r.screen.endLine()
	r.screen.print(strings.Join(rows, "\n") + "\n")
}

// Page shows a text in the pager once the cell has ended; see magics.Pager.
func (o *output) Page(text string) {
	width, height := o.r.screen.size()
	var rows []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		rows = append(rows, wrap(line, width-1)...)
	}
	if o.r.term == nil || len(rows) < height-2 {
		o.r.screen.endLine()
		o.r.screen.print(strings.TrimRight(text, "\n") + "\n")
		return
	}
	o.r.setPage(rows)
}

// pager shows rows a screenful at a time, on the terminal's other screen.
type pager struct {
	rows   []string
	top    int
	query  string
	asking bool // for what to search
	note   string
}

// page runs the pager until q.
func (r *REPL) page(rows []string) {
	p := &pager{rows: rows}
	r.term.out.WriteString("\x1b[?1049h\x1b[?25l")
	defer r.term.out.WriteString("\x1b[?25h\x1b[?1049l")
	for {
		width, height := r.term.size()
		r.term.out.WriteString(p.screenful(width, height, r.colours))
		k := <-r.term.keys
		if k.code == keyResize {
			continue
		}
		if k.code == keyEOF || !p.key(k, height-1) {
			return
		}
	}
}

func (p *pager) screenful(width, height int, colours bool) string {
	body := max(1, height-1)
	p.top = min(p.top, max(0, len(p.rows)-body))
	var b strings.Builder
	b.WriteString("\x1b[H")
	for i := range body {
		if at := p.top + i; at < len(p.rows) {
			row := clip(p.rows[at], width-1)
			if p.query != "" && colours {
				row = strings.ReplaceAll(row, p.query, "\x1b[7m"+p.query+"\x1b[27m")
			}
			b.WriteString(row)
		}
		b.WriteString("\x1b[0m\x1b[K\r\n")
	}
	last := min(p.top+body, len(p.rows))
	status := fmt.Sprintf(" rows %d–%d of %d   Space goes on, b back, / searches, q leaves ", p.top+1, last, len(p.rows))
	if p.note != "" {
		status = " " + p.note + " "
	}
	if p.asking {
		status = "/" + p.query
	}
	b.WriteString(choice.paint(clip(status, width-1), colours) + "\x1b[K")
	return b.String()
}

// key moves; it reports false when the user leaves.
func (p *pager) key(k key, body int) bool {
	p.note = ""
	if p.asking {
		p.typed(k)
		return true
	}
	switch (key{code: k.code, mods: k.mods}) {
	case key{code: 'q'}, key{code: 'Q'}, key{code: keyEscape}, key{code: 'c', mods: ctrl}, key{code: 'd', mods: ctrl}:
		return false
	case key{code: ' '}, key{code: 'f'}, key{code: keyPageDown}, key{code: 'f', mods: ctrl}:
		if p.top+body >= len(p.rows) {
			return false // as a reader who has seen all expects
		}
		p.top += body
	case key{code: 'b'}, key{code: keyPageUp}, key{code: 'b', mods: ctrl}:
		p.top = max(0, p.top-body)
	case key{code: 'j'}, key{code: keyDown}, key{code: keyEnter}:
		p.top++
	case key{code: 'k'}, key{code: keyUp}:
		p.top = max(0, p.top-1)
	case key{code: 'g'}, key{code: keyHome}, key{code: '<'}:
		p.top = 0
	case key{code: 'G'}, key{code: keyEnd}, key{code: '>'}:
		p.top = len(p.rows)
	case key{code: '/'}:
		p.asking, p.query = true, ""
	case key{code: 'n'}:
		p.find(p.top + 1)
	}
	return true
}

func (p *pager) typed(k key) {
	switch {
	case k.code == keyEnter:
		p.asking = false
		p.find(p.top)
	case k.code == keyEscape, k == key{code: 'c', mods: ctrl}:
		p.asking, p.query = false, ""
	case k.code == keyBackspace && p.query != "":
		r := []rune(p.query)
		p.query = string(r[:len(r)-1])
	case k.mods&^shift == 0 && k.code >= ' ' && k.code < keyNone:
		p.query += string(k.code)
	}
}

// find goes to the next row with the query.
func (p *pager) find(from int) {
	if p.query == "" {
		return
	}
	for i := from; i < len(p.rows); i++ {
		if strings.Contains(p.rows[i], p.query) {
			p.top = i
			return
		}
	}
	p.note = "not found: " + p.query
}
