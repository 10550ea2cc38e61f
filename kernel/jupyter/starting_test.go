package jupyter

import (
	"errors"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
)

// While the evaluator starts, clients get to know the kernel; cells wait for it, and an interrupt ends their wait.
func TestServesWhileTheEvaluatorStarts(t *testing.T) {
	begin := make(chan struct{})
	real := &script{release: make(chan struct{})}
	eval := newStarting()
	eval.begin(func() (engine.Evaluator, error) { <-begin; return real, nil })
	s := serve(t, func(o *Options) { o.Evaluator = eval })
	c := s.client(t)
	for _, channel := range []string{"control", "shell"} {
		if r := c.Reply(channel, c.Send(channel, "kernel_info_request", map[string]any{})); r.Text("status") != "ok" {
			t.Errorf("%s: %v", channel, r.Fields)
		}
	}
	c.Reply("control", c.Send("control", "interrupt_request", map[string]any{})) // with nothing to interrupt
	first := c.Send("shell", "execute_request", map[string]any{"code": "print never"})
	c.Await("iopub", "the first cell's busy", func(m *jupyterclient.Message) bool { return m.Ours == first })
	time.Sleep(20 * time.Millisecond)
	c.Send("control", "interrupt_request", map[string]any{})
	if r := c.Reply("shell", first); r.Text("ename") != string(engine.KindInterrupted) {
		t.Errorf("%v", r.Fields)
	}
	second := c.Send("shell", "execute_request", map[string]any{"code": "print x"})
	close(begin)
	if out := c.Outputs(second); out[2].Text("text") != "x\n" {
		t.Errorf("%v", jupyterclient.Types(out))
	}
	if r := c.Reply("shell", c.Send("shell", "is_complete_request", map[string]any{"code": "f("})); r.Text("status") != "incomplete" {
		t.Errorf("%v", r.Fields)
	}
}

// An evaluator that cannot start is told in every reply that needed it.
func TestEvaluatorThatDoesNotStart(t *testing.T) {
	eval := newStarting()
	eval.begin(func() (engine.Evaluator, error) { return nil, errors.New("no memory") })
	c := serve(t, func(o *Options) { o.Evaluator = eval }).client(t)
	if r, _ := c.Execute("print x"); r.Text("evalue") != "no memory" {
		t.Errorf("%v", r.Fields)
	}
	for _, kind := range []string{"complete", "inspect", "is_complete"} {
		if r := c.Reply("shell", c.Send("shell", kind+"_request", map[string]any{"code": "x"})); r.Fields["status"] == nil {
			t.Errorf("%s: %v", kind, r.Fields)
		}
	}
}
