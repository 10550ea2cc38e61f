package gotest

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// logger is what a test, a benchmark and a fuzz target have in common here.
type logger interface {
	Output() io.Writer
	Fail()
	FailNow()
	SkipNow()
}

// say writes a message as Log does, without its position, which would be one inside the interpreter.
func say(t logger, text string) {
	fmt.Fprintln(t.Output(), strings.TrimSuffix(text, "\n"))
}

// Logging are the methods by which tests of interpreted code log, by their names.
func Logging() map[string]any {
	all := map[string]any{}
	add(all, "T", func(t *testing.T) logger { return t })
	add(all, "B", func(b *testing.B) logger { return b })
	add(all, "F", func(f *testing.F) logger { return f })
	return all
}

// add adds the methods of one type, each of which logs and then passes, fails or ends the test.
func add[T any](all map[string]any, name string, of func(*T) logger) {
	for method, then := range map[string]func(logger){
		"Log": func(logger) {}, "Error": logger.Fail, "Fatal": logger.FailNow, "Skip": logger.SkipNow,
	} {
		all["(*testing."+name+")."+method] = func(t *T, v ...any) { say(of(t), fmt.Sprintln(v...)); then(of(t)) }
		all["(*testing."+name+")."+method+"f"] = func(t *T, format string, v ...any) { say(of(t), fmt.Sprintf(format, v...)); then(of(t)) }
	}
}
