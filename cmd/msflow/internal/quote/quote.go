// Package quote makes names and messages fit for a terminal and a shell.
package quote

import (
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode"

	"github.com/msflow-go/msflow/datasets"
)

// Name is a file's name as a terminal may show it.
func Name(name string) string { return datasets.Printable(name) }

// Message is a message without what a terminal would obey: control characters other than tab and line feed are spelled out.
func Message(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Plain is an error as a user reads it: without the names of system calls ("stat x: no such file"), no file named twice in
// a row, and names as a terminal may show them.
func Plain(err error) string {
	text := err.Error()
	for _, name := range withoutCalls(err, &text) {
		name = Name(name)
		text = strings.ReplaceAll(text, name+": "+name+": ", name+": ")
	}
	return text
}

// withoutCalls takes the system calls in an error out of its text and lists the files that they were about.
func withoutCalls(err error, text *string) (files []string) {
	if e, ok := err.(*fs.PathError); ok {
		*text = strings.ReplaceAll(*text, e.Error(), Name(e.Path)+": "+e.Err.Error())
		files = append(files, e.Path)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			files = append(files, withoutCalls(inner, text)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			files = append(files, withoutCalls(inner, text)...)
		}
	}
	return files
}

// Reason is why a file could not be used, without its name.
func Reason(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// Shell is a word of a command that a shell takes as it is.
func Shell(word string) string {
	plain := func(r rune) bool {
		return r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("-_./:=+,@%", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	if Name(word) != word {
		body := strconv.QuoteToASCII(word)
		body = body[1 : len(body)-1]
		return "$'" + strings.NewReplacer(`\"`, `"`, "'", `\'`).Replace(body) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Given shows what was given on the command line as a terminal may show it, wherever it is printed: most commands name the folders
// that they were called with. Names that commands find are shown by Name.
type Given struct{ shown *strings.Replacer }

// NewGiven looks through the arguments of a command.
func NewGiven(args []string) Given {
	var pairs []string
	for _, arg := range args {
		if name, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(name, "--") {
			arg = value
		}
		if Name(arg) != arg {
			pairs = append(pairs, arg, Name(arg))
		}
	}
	return Given{strings.NewReplacer(pairs...)}
}

// Message is an error's text.
func (g Given) Message(err error) string { return Message(g.shown.Replace(Plain(err))) }

// Writer shows the arguments in all that is written to w.
func (g Given) Writer(w io.Writer) io.Writer { return &givenWriter{w, g.shown} }

type givenWriter struct {
	to    io.Writer
	shown *strings.Replacer
}

// Fd is that of a terminal or file that is written to, by which a terminal is known; of anything else it is none's.
func (g *givenWriter) Fd() uintptr {
	if f, ok := g.to.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

func (g *givenWriter) Write(b []byte) (int, error) {
	if _, err := g.shown.WriteString(g.to, string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
