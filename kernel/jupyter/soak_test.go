package jupyter_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
	"github.com/msflow-go/msflow/kernel/protocol"
)

// The tests of this file wear a whole kernel process down, and ask it then, by a cell, for its own goroutines and heap.
// MSFLOW_SLOW makes them long.

// worn is a kernel process under such a test.
type worn struct {
	t    *testing.T
	conn *protocol.Connection
	cmd  *exec.Cmd
	c    *jupyterclient.Client
}

func wear(t *testing.T) *worn {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "connection.json")
	conn := &protocol.Connection{Transport: "tcp", IP: "127.0.0.1", Scheme: "hmac-sha256", Key: "soak"}
	if err := conn.Write(file); err != nil { // ports of 0: the kernel chooses and writes them
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], file)
	cmd.Env = append(os.Environ(), "MSFLOW_TEST_KERNEL=1", "MSFLOW_HISTORY="+filepath.Join(dir, "history"))
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(stderr.Name())
			t.Logf("the kernel's log ends: %s", b[max(0, len(b)-4000):])
		}
	})
	for end := time.Now().Add(20 * time.Second); conn.Shell == 0; time.Sleep(10 * time.Millisecond) {
		if conn, err = protocol.ReadConnection(file); err != nil || time.Now().After(end) {
			t.Fatalf("the kernel chose no ports: %v", err)
		}
	}
	w := &worn{t: t, conn: conn, cmd: cmd, c: jupyterclient.New(t, conn)}
	w.run("import \"runtime\"")
	return w
}

// run runs a cell, which must succeed, and returns what it printed.
func (w *worn) run(code string) string {
	w.t.Helper()
	reply, out := w.c.Execute(code)
	if reply.Text("status") != "ok" {
		w.t.Fatalf("%s: %v", code, reply.Fields)
	}
	text := ""
	for _, m := range out {
		text += m.Text("text")
	}
	return text
}

// state is what the kernel holds after a collection: goroutines, MiB of heap, MiB resident.
type state struct {
	goroutines     int
	heap, resident float64
}

func (s state) String() string {
	return fmt.Sprintf("%d goroutines, %.1f MiB heap, %.0f MiB resident", s.goroutines, s.heap, s.resident)
}

func (w *worn) state() state {
	w.t.Helper()
	w.c.Forget()
	text := w.run("runtime.GC(); runtime.GC(); var soak runtime.MemStats; runtime.ReadMemStats(&soak); fmt.Print(runtime.NumGoroutine(), soak.HeapAlloc)")
	var s state
	if _, err := fmt.Sscan(text, &s.goroutines, &s.heap); err != nil {
		w.t.Fatalf("%q: %v", text, err)
	}
	s.heap /= 1 << 20
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid))
	if err != nil {
		w.t.Skip(err)
	}
	var pages float64
	fmt.Sscan(strings.Fields(string(b))[1], &pages)
	s.resident = pages * float64(os.Getpagesize()) / (1 << 20)
	return s
}

// flat says so when the kernel holds more than before by more than it may.
func (w *worn) flat(before, after state, heap float64) {
	w.t.Helper()
	w.t.Logf("before: %v; after: %v", before, after)
	if after.goroutines > before.goroutines+3 {
		w.t.Errorf("goroutines leak: %d, were %d", after.goroutines, before.goroutines)
	}
	if after.heap > before.heap+heap {
		w.t.Errorf("the heap leaks: %.1f MiB, were %.1f", after.heap, before.heap)
	}
}

func slow() bool { return os.Getenv("MSFLOW_SLOW") != "" }

// 300,000 lines with one client that reads and one that never does.
func TestLinesBesideAClientThatNeverReads(t *testing.T) {
	w := wear(t)
	silent := jupyterclient.Dial(t, w.conn, w.conn.IOPub, "SUB", "")
	silent.Conn.(*net.TCPConn).SetReadBuffer(4096)
	silent.Subscribe("")
	before := w.state()
	rounds := 1
	if slow() {
		rounds = 40 // 160 MB of messages: more than any queue
	}
	for range rounds {
		w.c.Forget()
		start := time.Now()
		text := w.run("for i := range 300_000 { fmt.Println(\"line\", i) }")
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(lines) != 300_000 {
			t.Fatalf("%d lines arrived", len(lines))
		}
		for i, line := range lines {
			if line != fmt.Sprint("line ", i) {
				t.Fatalf("line %d is %q", i, line)
			}
		}
		if rounds == 1 {
			t.Logf("all lines and idle after %v", time.Since(start))
		}
	}
	after := w.state()
	w.flat(before, after, 80) // what waits for the silent one: its queue of 64 MiB at most
	if after.resident > before.resident+400 {
		t.Errorf("%.0f MiB resident, were %.0f", after.resident, before.resident)
	}
}

// 24 clients connect, ask, and vanish in the middle of things, again and again.
func TestClientsVanish(t *testing.T) {
	w := wear(t)
	before := w.state()
	rounds := 5
	if slow() {
		rounds = 100
	}
	for range rounds {
		for n := range 24 {
			var sockets []*jupyterclient.Socket
			for port, kind := range map[int]string{w.conn.Shell: "DEALER", w.conn.Control: "DEALER", w.conn.Stdin: "DEALER", w.conn.IOPub: "SUB", w.conn.HB: "REQ"} {
				s := jupyterclient.Dial(t, w.conn, port, kind, "")
				if kind == "SUB" {
					s.Subscribe("")
				}
				sockets = append(sockets, s)
			}
			if n%2 == 0 {
				sockets[0].Send([]byte(protocol.Delimiter), []byte("half a mess"))
			}
			for _, s := range sockets {
				if n%3 == 0 {
					s.Conn.(*net.TCPConn).SetLinger(0) // a reset instead of an end
				}
				s.Close()
			}
		}
		w.run("1 + 1")
	}
	time.Sleep(300 * time.Millisecond)
	w.flat(before, w.state(), 8)
}

// Thousands of cells of all kinds.
func TestManyExecutes(t *testing.T) {
	w := wear(t)
	cells := []string{
		"x := %d; x * 2", "fmt.Println(%d)", "func f(n int) int { return n + %d }; f(1)", "type P struct{ X int }; p := P{%d}; p",
		"for i := range 10 { _ = i + %d }", "display.HTML(\"<b>%d</b>\")", "m := map[string]int{\"a\": %d}; m", "go func() { _ = %d }()",
	}
	n := 400
	if slow() {
		n = 10_000
	}
	do := func(n int) {
		for i := range n {
			if i%50 == 0 {
				w.c.Forget()
			}
			w.run(fmt.Sprintf(cells[i%len(cells)], i))
		}
	}
	do(100)
	before := w.state()
	start := time.Now()
	do(n)
	t.Logf("%d cells in %v", n, time.Since(start))
	after := w.state()
	w.flat(before, after, 2+float64(n)*perCell/1024)
	t.Logf("%.1f KiB of heap per cell", 1024*(after.heap-before.heap)/float64(n))
}

// perCell is what a cell may leave behind, in KiB: types that were declared anew stay, as values of theirs may live on.
const perCell = 8
