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
	line := strings.TrimLeft(code[from:at], " \t")
	if line == "" || line[0] != '%' && line[0] != '!' || !cell.AtStatement(cell.MaskMagics(code[:from])) {
		return e.Evaluator.Complete(ctx, cell.MaskMagics(code), cursor)
	}
	name, _, hasArg := strings.Cut(line, " ")
	if line[0] == '%' && !hasArg {
		return completion(line, cursor, namesWith(line))
	}
	if strings.HasPrefix(name, "%time") { // Go follows
		from := at - len(line)
		code = code[:from] + strings.Repeat(" ", len(name)) + code[from+len(name):]
		return e.Evaluator.Complete(ctx, cell.MaskMagics(code), cursor)
	}
	word := line[max(strings.LastIndexAny(line, " \t")+1, 1):]
	start, items := assist.CompleteFile(word)
	slices.SortFunc(items, func(a, b engine.CompletionItem) int { return cmp.Compare(a.Text, b.Text) })
	return completion(word[start:], cursor, items)
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
