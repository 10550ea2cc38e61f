package engine

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/memory"
)

// TestMemoryRunsOut runs cells that take all there is in a process that may have 2.5 gigabytes: each ends with an error that says so,
// and the session goes on.
func TestMemoryRunsOut(t *testing.T) {
	if os.Getenv("MSFLOW_TEST_MEMORY") != "" {
		runOutOfMemory(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryRunsOut$", "-test.v")
	cmd.Env = append(os.Environ(), "MSFLOW_TEST_MEMORY=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func runOutOfMemory(t *testing.T) {
	const bytes = 2500 << 20
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = uint64(bytes)
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	if _, err := eval(s, "state := 7; var kept [][]byte; counts := map[int][64]byte{}; var list []int; var text string"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ src, want string }{
		{`for { kept = append(kept, bytes.Repeat([]byte{1}, 1<<20)) }`, "out of memory: the cell took"},
		{`kept = nil; for i := 0; ; i++ { counts[i] = [64]byte{} }`, "out of memory: the cell took"},
		{`counts = nil; for i := 0; ; i++ { list = append(list, i) }`, "out of memory: the cell took"},
		{`list = nil; for { text += strings.Repeat("text", 1<<20) }`, "out of memory: the cell took"},
		{`text = ""; strings.Repeat("x", 1<<33)`, "strings.Repeat: 8589934592 bytes are more than"},
		{`bytes.Repeat([]byte("ab"), 1<<32)`, "bytes.Repeat"},
		{`image.NewRGBA(image.Rect(0, 0, 1<<16, 1<<15))`, "image.NewRGBA"},
		{`reflect.MakeSlice(reflect.TypeFor[[]float64](), 1<<30, 1<<30)`, "reflect.MakeSlice"},
		{`new(big.Int).Lsh(big.NewInt(1), 1<<36)`, "big.Int.Lsh"},
		{`slices.Repeat([]int{1}, 1<<30)`, "makeslice"},
		{`make([]byte, 1<<33)`, "makeslice"},
	} {
		_, err := eval(s, c.src)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Value, c.want) {
			t.Errorf("%s: %v, want %q; %d bytes are free", c.src, err, c.want, memory.Free())
		}
	}
	if out, err := eval(s, "state"); err != nil || len(out.values) != 1 || out.values[0] != 7 {
		t.Errorf("the session has %v afterwards, %v", out.values, err)
	}
}
