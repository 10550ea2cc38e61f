package engine

import (
	"context"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
)

// TestCodeIsRestored looks at the code of an earlier cell before an interrupt, while a goroutine should stop but cannot,
// and after.
func TestCodeIsRestored(t *testing.T) {
	s := newSession(t)
	for _, src := range []string{
		"func spin(n int) { for i := 0; i != n; i++ {} }; hold := make(chan int)",
		"slices.SortFunc([]int{}, func(a, b int) int { return 0 })",             // compiles slices, so that the next one is soon where it waits
		"wait := func(a, b int) int { reflect.ValueOf(hold).Recv(); return 0 }", // in compiled code, where no interrupt reaches it
	} {
		if _, err := eval(s, src); err != nil {
			t.Fatal(err)
		}
	}
	var kept []*ixgo.Interp // or they may be collected, which is no restoring
	s.stopper.Each(func(i *ixgo.Interp) { kept = append(kept, i) })
	defer runtime.KeepAlive(kept)
	before := code(s)
	stop(t, s, "slices.SortFunc([]int{2, 1}, wait)")
	if now := code(s); shared(before, now) > 0 {
		t.Errorf("the code of %d functions is not changed although a goroutine goes on", shared(before, now))
	}
	if _, err := eval(s, "spin(1000)"); err != nil {
		t.Errorf("another cell is stopped too: %v", err)
	}
	stop(t, s, "spin(-1)")
	if _, err := eval(s, "close(hold)"); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if shared(before, code(s)) == len(before) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the code of %d functions of %d is restored", shared(before, code(s)), len(before))
}

// TestCodeRests has a goroutine that cannot stop, as it waits in compiled code: other code is soon what it was, and the
// goroutine stops when it comes back.
func TestCodeRests(t *testing.T) {
	s := newSession(t)
	s.stopper.Rest = 10 * time.Millisecond
	for _, src := range []string{
		"hold := make(chan int)",
		"slices.SortFunc([]int{}, func(a, b int) int { return 0 })",
		"wait := func(a, b int) int { reflect.ValueOf(hold).Recv(); for {} }",
	} {
		if _, err := eval(s, src); err != nil {
			t.Fatal(err)
		}
	}
	var kept []*ixgo.Interp
	s.stopper.Each(func(i *ixgo.Interp) { kept = append(kept, i) })
	defer runtime.KeepAlive(kept)
	before := code(s)
	stop(t, s, "slices.SortFunc([]int{2, 1}, wait)")
	eventually(t, "the code is restored", func() bool { return shared(before, code(s)) == len(before) })
	stop(t, s, "for {}")
	if _, err := eval(s, "close(hold)"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the goroutine ends", func() bool { return s.goroutines.live.Load() == 0 })
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("never: %s", what)
}

// code are the first closures of all functions.
func code(s *Session) map[unsafe.Pointer]bool {
	firsts := map[unsafe.Pointer]bool{}
	s.stopper.Each(func(i *ixgo.Interp) {
		for f := range ixcode.Functions(i) {
			firsts[*(*unsafe.Pointer)(unsafe.Pointer(f.Array()))] = true
		}
	})
	return firsts
}

func shared(a, b map[unsafe.Pointer]bool) (n int) {
	for f := range a {
		if b[f] {
			n++
		}
	}
	return n
}

func stop(t *testing.T, s *Session, src string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if err := s.Eval(ctx, Cell{Code: src}, Discard{}); err == nil {
		t.Errorf("%s was not interrupted", src)
	}
}
