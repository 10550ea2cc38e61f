package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/memory"
)

// TestMemoryRunsOut runs cells that take all there is in a process that may have three gigabytes: each ends with an error that says so,
// and the session goes on.
func TestMemoryRunsOut(t *testing.T) {
	if os.Getenv("MSFLOW_TEST_MEMORY") != "" {
		runOutOfMemory(t)
		return
	}
	group := limitedGroup(t)
	cmd := exec.Command("sh", "-c", `echo $$ >"$1/cgroup.procs" && exec "$2" -test.run=^TestMemoryRunsOut$ -test.v`, "sh", group, os.Args[0])
	cmd.Env = append(os.Environ(), "MSFLOW_TEST_MEMORY=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// limitedGroup makes a control group with little memory, where this process may do that.
func limitedGroup(t *testing.T) (dir string) {
	for parent, limit := range map[string]string{"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"} {
		dir := filepath.Join(parent, fmt.Sprintf("msflow-test-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { os.Remove(dir) })
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err != nil {
			continue // a folder like any other
		}
		if os.WriteFile(filepath.Join(dir, limit), []byte(strconv.Itoa(3<<30)), 0o644) == nil {
			return dir
		}
	}
	t.Skip("this process can make no control group with a limit")
	return ""
}

func runOutOfMemory(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, "state := 7; var kept [][]byte; counts := map[int][]byte{}; list := []int{1}; text := \"text\""); err != nil {
		t.Fatal(err)
	}
	const all = "out of memory: the cell took|are more than" // a step may be too large before the cell is seen
	for _, c := range []struct{ src, want string }{
		{`for { kept = append(kept, bytes.Repeat([]byte{1}, 1<<20)) }`, all},
		{`kept = nil; for i := 0; ; i++ { counts[i] = bytes.Repeat([]byte{1}, 100_000) }`, all},
		{`counts = nil; for { list = append(list, list...) }`, all},
		{`list = nil; for { text += text }`, all},
		{`text = ""; strings.Repeat("x", 1<<33)`, "strings.Repeat: 8589934592 bytes are more than"},
		{`bytes.Repeat([]byte("ab"), 1<<32)`, "bytes.Repeat"},
		{`image.NewRGBA(image.Rect(0, 0, 1<<16, 1<<15))`, "image.NewRGBA"},
		{`reflect.MakeSlice(reflect.TypeFor[[]float64](), 1<<30, 1<<30)`, "reflect.MakeSlice"},
		{`new(big.Int).Lsh(big.NewInt(1), 1<<36)`, "big.Int.Lsh"},
		{`slices.Repeat([]int{1}, 1<<30)`, "makeslice"},
		{`make([]byte, 1<<33)`, "makeslice"},
	} {
		println(c.src) // which a killed process has said, too
		_, err := eval(s, c.src)
		var e *Error
		if !errors.As(err, &e) || !slices.ContainsFunc(strings.Split(c.want, "|"), func(want string) bool { return strings.Contains(e.Value, want) }) {
			t.Errorf("%s: %v, want %q; %d bytes are free", c.src, err, c.want, memory.Free())
		}
	}
	if out, err := eval(s, "state"); err != nil || len(out.values) != 1 || out.values[0] != 7 {
		t.Errorf("the session has %v afterwards, %v", out.values, err)
	}
}
