package repl

import (
	"context"
	"go/token"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/cell"
)

// hintDelay is how long typing must pause before the function being called is looked up.
const hintDelay = 50 * time.Millisecond

// askHint looks in the background for the function whose arguments are being typed. Its description shows below the text.
func (e *editor) askHint() {
	if e.plain || e.asks == nil {
		return
	}
	src := string(e.text.runes[:e.text.cursor])
	end, arg, ok := callAt(src)
	h := &e.hint
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arg, h.active = arg, ok
	if !ok {
		h.asked = ""
		return
	}
	callee := src[:end]
	if callee == h.asked {
		return
	}
	h.asked = callee
	time.AfterFunc(hintDelay, func() { e.lookUp(callee) })
}

func (e *editor) lookUp(callee string) {
	h := &e.hint
	h.mu.Lock()
	still := h.asked == callee && h.have != callee
	h.mu.Unlock()
	if !still {
		return
	}
	in := e.asks().Inspect(context.Background(), callee, runeCount(callee), 0)
	decl, doc, _ := strings.Cut(in.Plain, "\n\n")
	h.mu.Lock()
	h.have, h.decl, h.doc = callee, "", ""
	if in.Found && strings.HasPrefix(decl, "func ") {
		h.decl, h.doc = decl, firstSentence(doc)
	}
	h.mu.Unlock()
	e.wake()
}

func (h *hinter) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.active, h.asked = false, ""
}

// rows is the function's declaration, with the parameter that is being typed standing out, and what it does.
func (h *hinter) rows(width int, colours bool) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.active || h.decl == "" || h.have != h.asked {
		return nil
	}
	decl := strings.ReplaceAll(strings.ReplaceAll(h.decl, "\n", " "), "\t", "")
	before, param, after := parameter(decl, h.arg)
	line := before + param + after
	if colours {
		line = faint.paint(before, true) + bold.paint(param, true) + faint.paint(after, true)
	} else if param != "" {
		line = before + "«" + param + "»" + after
	}
	rows := []string{clip(line, width-1)}
	if h.doc != "" {
		rows = append(rows, faint.paint(clip(h.doc, width-1), colours))
	}
	return rows
}

func firstSentence(doc string) string {
	doc = strings.Join(strings.Fields(doc), " ")
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// callAt finds the call in whose arguments the end of src is: where the name of the function ends, and which argument it
// is.
func callAt(src string) (end, arg int, ok bool) {
	type open struct {
		call bool
		end  int // of the function's name
		arg  int
	}
	var stack []open
	var before [2]cell.Token // the last two tokens
	for t := range cell.Tokens(src) {
		switch t.Token {
		case token.COMMENT:
			continue
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, open{t.Token == token.LPAREN && before[1].Token == token.IDENT && before[0].Token != token.FUNC, before[1].End, 0})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		case token.COMMA:
			if len(stack) > 0 {
				stack[len(stack)-1].arg++
			}
		}
		before[0], before[1] = before[1], t
	}
	if len(stack) == 0 || !stack[len(stack)-1].call {
		return 0, 0, false
	}
	top := stack[len(stack)-1]
	return top.end, top.arg, true
}

// parameter cuts a function's declaration around its parameter i; the last one of a variadic function is all further ones.
func parameter(decl string, i int) (before, param, after string) {
	from := strings.IndexByte(decl, '(')
	if strings.HasPrefix(decl, "func (") { // a method's receiver comes first
		from = closing(decl, from)
		if next := strings.IndexByte(decl[from:], '('); next > 0 {
			from += next
		}
	}
	if from < 0 {
		return decl, "", ""
	}
	end := closing(decl, from)
	start, depth := from+1, 0
	var params [][2]int
	for at := start; at < end; at++ {
		switch decl[at] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				params = append(params, [2]int{start, at})
				start = at + 1
			}
		}
	}
	params = append(params, [2]int{start, end})
	if last := params[len(params)-1]; i >= len(params) && strings.Contains(decl[last[0]:last[1]], "...") {
		i = len(params) - 1
	}
	if i >= len(params) {
		return decl, "", ""
	}
	p := params[i]
	for p[0] < p[1] && decl[p[0]] == ' ' {
		p[0]++
	}
	return decl[:p[0]], decl[p[0]:p[1]], decl[p[1]:]
}

// closing is where the bracket that opens at from closes.
func closing(s string, from int) int {
	depth := 0
	for i := from; i >= 0 && i < len(s); i++ {
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}

// describe shows what is known of the name at the cursor, below the text.
func (e *editor) describe() {
	if e.plain {
		return
	}
	in := e.asks().Inspect(context.Background(), e.text.String(), e.text.cursor, 0)
	width, _ := e.screen.size()
	if !in.Found {
		e.doc = []string{faint.paint("nothing is known of the name at the cursor", e.colours)}
		return
	}
	e.doc = inspectionRows(in.Plain, width-1, e.colours)
}

// inspectionRows is a description with its declaration in colours.
func inspectionRows(plain string, width int, colours bool) (rows []string) {
	decl, doc, _ := strings.Cut(strings.TrimRight(plain, "\n"), "\n\n")
	var spans []span
	if colours {
		spans = highlight(decl)
	}
	rows = lay(decl, len(decl)+1, prompts{}, spans, width+1).rows
	if doc != "" {
		rows = append(rows, "")
		for line := range strings.SplitSeq(doc, "\n") {
			rows = append(rows, wrap(line, width)...)
		}
	}
	return rows
}
