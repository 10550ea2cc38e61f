package magics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/engine/assist"
)

// Complete lists what could stand at the cursor: of a magic its name, and files as its arguments.
func (e *Evaluator) Complete(ctx context.Context, code string, cursor int) engine.Completion {
	at := cell.ByteOffset(code, cursor)
	from := strings.LastIndexByte(code[:at], '\n') + 1
	m := magicAt(code, from)
	if m == nil || m.Name == "?" || at < m.Start {
		return e.Evaluator.Complete(ctx, cell.MaskMagics(code), cursor)
	}
	if at <= m.End && m.Name != "!" {
		return completion(code[m.Start:at], cursor, namesWith(code[m.Start:at]))
	}
	if m.TakesGo() {
		end := from + len(lineOf(code[from:]))
		masked := []byte(cell.MaskMagics(code))
		copy(masked[m.End:end], code[m.End:end])
		return e.Evaluator.Complete(ctx, string(masked), cursor)
	}
	word := code[m.End:at]
	word = word[strings.LastIndexAny(word, " \t")+1:]
	start, items := assist.CompleteFile(word)
	slices.SortFunc(items, func(a, b engine.CompletionItem) int { return cmp.Compare(a.Text, b.Text) })
	return completion(word[start:], cursor, items)
}

// magicAt is the magic whose line begins at an offset, or nil.
func magicAt(code string, from int) *cell.MagicLine {
	end := from + len(lineOf(code[from:]))
	list := cell.Magics(code)
	i := slices.IndexFunc(list, func(m cell.MagicLine) bool { return from <= m.Start && m.Start < end })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// lineOf is the first line of a text.
func lineOf(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// completion replaces the text before the cursor, if there is something to replace it with.
func completion(before string, cursor int, items []engine.CompletionItem) engine.Completion {
	if len(items) == 0 {
		return engine.Completion{Start: cursor, End: cursor}
	}
	return engine.Completion{Start: cursor - utf8.RuneCountInString(before), End: cursor, Items: items}
}

// namesWith are the magics whose names begin so.
func namesWith(prefix string) (items []engine.CompletionItem) {
	for _, m := range magics {
		if strings.HasPrefix(m.name, prefix) {
			items = append(items, engine.CompletionItem{Text: m.name, Kind: "magic", Signature: m.args})
		}
	}
	slices.SortFunc(items, func(a, b engine.CompletionItem) int { return cmp.Compare(a.Text, b.Text) })
	return items
}

// Inspect describes what stands at the cursor in the cell's Go.
func (e *Evaluator) Inspect(ctx context.Context, code string, cursor, detail int) engine.Inspection {
	return e.Evaluator.Inspect(ctx, cell.MaskMagics(code), cursor, detail)
}
