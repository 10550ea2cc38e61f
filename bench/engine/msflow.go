package main

import (
	"context"

	_ "github.com/msflow-go/msflow/kernel/bindings" // as the kernel has them
	"github.com/msflow-go/msflow/kernel/engine"
)

func init() {
	interpreters["msflow"] = func() (interpreter, error) {
		s, err := engine.New()
		return msflow{s}, err
	}
}

type msflow struct{ s *engine.Session }

func (m msflow) eval(src string) error {
	return m.s.Eval(context.Background(), engine.Cell{Code: src}, engine.Discard{})
}
