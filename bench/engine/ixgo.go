package main

import (
	"strings"

	"github.com/goplus/ixgo"
	_ "github.com/goplus/ixgo/pkg" // the standard library
)

func init() {
	interpreters["ixgo"] = func() (interpreter, error) { return ixgoRepl{ixgo.NewRepl(ixgo.NewContext(0))}, nil }
}

type ixgoRepl struct{ r *ixgo.Repl }

// eval gives the lines of a cell one by one, as its Repl wants them.
func (i ixgoRepl) eval(src string) error {
	for line := range strings.Lines(src) {
		if _, _, err := i.r.Eval(strings.TrimSpace(line)); err != nil {
			return err
		}
	}
	return nil
}
