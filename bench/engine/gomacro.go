//go:build gomacro

package main

import (
	"fmt"
	"io"

	"github.com/cosmos72/gomacro/fast"
)

// gomacro is the interpreter in gophernotes.
func init() {
	interpreters["gomacro"] = func() (interpreter, error) {
		i := fast.New()
		i.Comp.Globals.Stdout = io.Discard
		return gomacro{i}, nil
	}
}

type gomacro struct{ i *fast.Interp }

func (g gomacro) eval(src string) (err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	g.i.Eval(src)
	return nil
}
