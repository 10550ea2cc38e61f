package engine

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
)

// remains says what is left of a run that did not end when it was stopped: where its goroutine is, and what that costs.
func (r *run) remains() []string {
	where, waits := whereIs(r.main.Load())
	lines := []string{fmt.Sprintf("  %s has not returned and is left behind", label(r.count))}
	switch {
	case waits:
		lines[0] += fmt.Sprintf(" in %s: it waits there and uses no processor", where)
	case where != "":
		lines[0] += fmt.Sprintf(" in %s: it keeps a processor busy until it returns", where)
	}
	if stacks := stackBytes(); stacks > 16<<20 {
		lines = append(lines, fmt.Sprintf("  stacks take %d MB", stacks>>20))
	}
	return lines
}

// whereIs says which function a goroutine of compiled code is in, as its caller in a cell names it, and whether it waits.
func whereIs(id uint64) (function string, waits bool) {
	const many, deep = 10_000, 32 << 20 // goroutines, and bytes of stacks, that would take long to read
	if id == 0 || runtime.NumGoroutine() > many || stackBytes() > deep {
		return "", false
	}
	all := make([]byte, 4<<20)
	all = all[:runtime.Stack(all, true)]
	_, own, found := bytes.Cut(all, fmt.Appendf(nil, "goroutine %d [", id))
	if !found {
		return "", false
	}
	own, _, _ = bytes.Cut(own, []byte("\n\n"))
	state, frames, _ := strings.Cut(string(own), "\n")
	waits = !strings.HasPrefix(state, "run")
	for line := range strings.Lines(frames) {
		name, _, isCall := strings.Cut(line, "(")
		switch {
		case strings.HasPrefix(line, "\t"), !isCall:
			continue
		case strings.HasPrefix(line, "reflect.Value."), strings.Contains(name, "goplus/ixgo"), strings.Contains(name, "kernel/engine"):
			return function, waits
		}
		function = strings.TrimSpace(line[:strings.LastIndexByte(line, '(')])
	}
	return function, waits
}
