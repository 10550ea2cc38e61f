package engine

import (
	"context"
	"os/exec"
	"slices"
	"time"
	"weak"
)

// children are the processes that a cell has started. They end when the cell is interrupted and when the session is closed.
type children struct {
	ctx    context.Context // of the processes; nil without any
	cancel context.CancelFunc
}

// command is exec.CommandContext for a process that ends with its run too.
func (r *run) command(ctx context.Context, name string, args []string) *exec.Cmd {
	if ctx == nil {
		panic("nil Context")
	}
	both, cancel := context.WithCancel(ctx)
	context.AfterFunc(r.startChildren(), cancel)
	c := exec.CommandContext(both, name, args...)
	c.WaitDelay = time.Second // a child of the process may go on, and hold its output
	r.s.addChild(c)
	return c
}

func (r *run) startChildren() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.children.ctx == nil {
		r.children.ctx, r.children.cancel = context.WithCancel(r.s.life)
		if r.cancelled.Load() {
			r.children.cancel()
		}
	}
	return r.children.ctx
}

// end ends the processes. The caller holds the run's lock.
func (c *children) end() {
	if c.cancel != nil {
		c.cancel()
	}
}

func (s *Session) addChild(c *exec.Cmd) {
	s.childrenMu.Lock()
	defer s.childrenMu.Unlock()
	s.children = slices.DeleteFunc(s.children, func(c weak.Pointer[exec.Cmd]) bool { return c.Value() == nil })
	s.children = append(s.children, weak.Make(c))
}

// endChildren ends all processes of cells before it returns, as this process may be about to end.
func (s *Session) endChildren() {
	s.endLife()
	s.childrenMu.Lock()
	defer s.childrenMu.Unlock()
	for _, w := range s.children {
		if c := w.Value(); c != nil && c.Process != nil {
			c.Process.Kill() // fails if it has ended
		}
	}
	s.children = nil
}
