package engine

import (
	"context"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/goplus/ixgo"
)

// TestCodeLayout fails when ixgo changes what stop.go reaches into.
func TestCodeLayout(t *testing.T) {
	if _, _, _, err := findCodeLayout(); err != nil {
		t.Fatal(err)
	}
	var i ixgo.Interp
	v := reflect.ValueOf(&i).Elem().FieldByName("funcs")
	if v.UnsafeAddr()-uintptr(unsafe.Pointer(&i)) != codeLayout.funcs {
		t.Error("the functions lie elsewhere")
	}
}

// TestCodeIsRestored interrupts a loop of an earlier cell's function, and looks
// at the code before, while a goroutine should stop but cannot, and after.
func TestCodeIsRestored(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, "func spin(n int) { for i := 0; i != n; i++ {} }; hold := make(chan int)"); err != nil {
		t.Fatal(err)
	}
	if len(s.stopper.changed) > 0 {
		t.Error("code is changed at the start")
	}
	// The compiled function keeps its goroutine until hold is closed.
	stop(t, s, `slices.SortFunc([]int{2, 1}, func(a, b int) int { return spinCompiled(hold) })`, spinner)
	if changed(s) == 0 {
		t.Error("no code is changed although a goroutine goes on")
	}
	if _, err := eval(s, "spin(1000)"); err != nil {
		t.Errorf("another cell is stopped too: %v", err)
	}
	stop(t, s, "spin(-1)", "")
	if _, err := eval(s, "close(hold)"); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if changed(s) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d functions are still changed", changed(s))
}

// spinner waits for a channel in compiled code, which no interrupt reaches.
const spinner = `spinCompiled := func(c chan int) int { reflect.ValueOf(c).Recv(); return 0 }`

func changed(s *Session) int {
	s.stopper.mu.Lock()
	defer s.stopper.mu.Unlock()
	return len(s.stopper.changed)
}

func stop(t *testing.T, s *Session, src, before string) {
	t.Helper()
	if before != "" {
		if _, err := eval(s, before); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := s.Eval(ctx, Cell{Code: src}, Discard{}); err == nil {
		t.Errorf("%s was not interrupted", src)
	}
}
