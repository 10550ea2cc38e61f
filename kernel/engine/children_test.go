package engine

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestChildrenEnd interrupts cells that wait for processes, and closes a session whose cells have left some.
func TestChildrenEnd(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{
		`exec.Command("sleep", "60").Run()`,
		`exec.CommandContext(context.Background(), "sleep", "60").Output()`,
		`c := exec.Command("sleep", "60"); c.Start(); for { time.Sleep(time.Millisecond) }`,
	} {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r := &recorder{}
		if err := s.Eval(ctx, Cell{Code: `last := 0; ` + src}, r); err == nil {
			t.Errorf("%s was not interrupted", src)
		}
		if !ended(s) {
			t.Errorf("%s: the process goes on", src)
		}
	}
	if _, err := eval(s, `d := exec.Command("sleep", "60"); d.Start()`); err != nil {
		t.Fatal(err)
	}
	s.childrenMu.Lock()
	left := s.children[len(s.children)-1].Value()
	s.childrenMu.Unlock()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := left.Wait(); err == nil {
		t.Error("a process goes on after its session")
	}
}

// ended waits until the last process that a cell started is gone.
func ended(s *Session) bool {
	s.childrenMu.Lock()
	c := s.children[len(s.children)-1].Value()
	s.childrenMu.Unlock()
	if c == nil {
		return true
	}
	waited := make(chan bool)
	go func() {
		c.Wait() // for one that the cell did not wait for
		for !errors.Is(c.Process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			time.Sleep(10 * time.Millisecond)
		}
		close(waited)
	}()
	select {
	case <-waited:
		return true
	case <-time.After(20 * time.Second):
		return false
	}
}
