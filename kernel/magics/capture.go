package magics

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sync"

	"github.com/msflow-go/msflow/kernel/engine"
)

// captured keeps what is printed and passes on the rest.
type captured struct {
	engine.Sink
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *captured) Stream(_ engine.Stream, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(text)
}

func (s *captured) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (c *call) capture() error {
	if len(c.args) != 1 {
		return errors.New("give the name of a variable")
	}
	into := &captured{Sink: c.sink}
	runErr := c.eval(c.ctx, c.part("\n"+c.Body), into)
	keep := c.part(fmt.Sprintf("%s := %q", c.args[0], into.String()))
	keep.Silent = true
	return cmp.Or(runErr, c.Evaluator.Evaluator.Eval(c.ctx, keep, c.sink))
}
