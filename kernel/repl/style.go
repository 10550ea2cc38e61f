package repl

import "os"

// style is the parameters of a terminal's SGR sequence; empty is the terminal's own look.
type style string

// The styles in use. They are of the 16 colours that every theme defines, so that they can be read on dark and on light.
const (
	plain      style = ""
	bold       style = "1"
	dim        style = "2"
	inverse    style = "7"
	red        style = "31"
	boldRed    style = "1;31"
	green      style = "32"
	boldGreen  style = "1;32"
	yellow     style = "33"
	blue       style = "34"
	magenta    style = "35"
	cyan       style = "36"
	faint      style = "90"
	boldBlue   style = "1;34"
	match      style = "1;4" // a bracket and its partner
	choice     style = "7"
	typeColour style = "36"
)

// paint is s in a style, or s itself without colours.
func (st style) paint(s string, colours bool) string {
	if !colours || st == plain || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}

// Colours reports whether the environment wants colours: NO_COLOR is not set and the terminal is not dumb.
func Colours() bool { return os.Getenv("NO_COLOR") == "" && !Dumb() }

// Dumb reports whether the terminal understands no control sequences.
func Dumb() bool { return os.Getenv("TERM") == "dumb" }
