package display

import (
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

const (
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// Traceback is an error's traceback as terminals and notebooks show it: the message and the caret stand out. It has at
// least one line.
func Traceback(e *engine.Error) []string {
	lines := []string{}
	for _, line := range e.Traceback {
		switch {
		case isCaret(line), strings.Contains(line, e.Value) && e.Value != "":
			line = bold + red + line + reset
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		lines = append(lines, bold+red+e.Error()+reset)
	}
	return lines
}

// isCaret recognises the line under a source line that points into it.
func isCaret(line string) bool {
	return strings.Contains(line, "^") && strings.Trim(line, " \t^~|│") == ""
}
