package main

import (
	"io"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

func init() {
	interpreters["yaegi"] = func() (interpreter, error) {
		i := interp.New(interp.Options{Stdout: io.Discard})
		return yaegi{i}, i.Use(stdlib.Symbols)
	}
}

type yaegi struct{ i *interp.Interpreter }

func (y yaegi) eval(src string) error {
	_, err := y.i.Eval(src)
	return err
}
