// Package quote makes names and messages fit for a terminal and a shell.
package quote

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
)

// Name is a file's name as a terminal may show it: one with characters that would move the cursor, hide text or begin a
// new line is quoted.
func Name(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return strconv.QuoteToGraphic(name)
	}
	return name
}

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

// Plain is an error as a user reads it: without the names of system calls ("stat x: no such file"), and no file named twice in
// a row.
func Plain(err error) string {
	text := err.Error()
	for _, name := range withoutCalls(err, &text) {
		text = strings.ReplaceAll(text, name+": "+name+": ", name+": ")
	}
	return text
}

// withoutCalls takes the system calls in an error out of its text and lists the files that they were about.
func withoutCalls(err error, text *string) (files []string) {
	if e, ok := err.(*fs.PathError); ok {
		*text = strings.ReplaceAll(*text, e.Error(), e.Path+": "+e.Err.Error())
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
