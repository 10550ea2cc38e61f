package jupyter_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
	"github.com/msflow-go/msflow/kernel/protocol"
)

// fuzzer sends a kernel what no client would.
type fuzzer struct {
	*worn
	r    *rand.Rand
	sent map[string]int
}

// TestMalformedMessages: MSFLOW_SOAK says for how long, such as 10m.
func TestMalformedMessages(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("MSFLOW_SOAK"))
	if err != nil {
		length = 3 * time.Second
		if slow() {
			length = time.Minute
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := &fuzzer{worn: wear(t), r: rand.New(rand.NewPCG(seed, 0)), sent: map[string]int{}}
	f.send(length / 10)
	f.settle()
	before := f.state()
	f.send(length)
	f.settle()
	after := f.state()
	t.Logf("sent %v", f.sent)
	executes := float64(f.sent["signed"]) / float64(len(requests))
	f.flat(before, after, 2+executes*perCell/1024)
}

// settle waits until what was sent has been dealt with.
func (f *fuzzer) settle() {
	f.t.Helper()
	for tries := 0; ; tries++ {
		f.c.Forget()
		f.c.Reply("shell", f.c.Send("shell", "kernel_info_request", map[string]any{}))
		reply, _ := f.c.Execute("1 + 1") // which a fuzzed interrupt or error may have ended
		if reply.Text("status") == "ok" {
			break
		}
		if tries == 20 {
			f.t.Fatalf("the kernel runs no cells any more: %v", reply.Fields)
		}
	}
	time.Sleep(300 * time.Millisecond)
}

func (f *fuzzer) send(d time.Duration) {
	f.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); {
		for range 50 {
			switch f.r.IntN(3) {
			case 0:
				f.garbage()
			case 1:
				f.frames()
			default:
				f.signed()
			}
		}
		f.answers()
	}
}

// answers checks that the kernel still answers, and keeps its queue short.
func (f *fuzzer) answers() {
	f.t.Helper()
	f.c.Forget()
	f.c.Reply("shell", f.c.Send("shell", "kernel_info_request", map[string]any{}))
	f.c.Reply("control", f.c.Send("control", "kernel_info_request", map[string]any{}))
}

func (f *fuzzer) port() int {
	ports := []int{f.conn.Shell, f.conn.Control, f.conn.Stdin, f.conn.IOPub, f.conn.HB}
	return ports[f.r.IntN(len(ports))]
}

func (f *fuzzer) bytes(n int) []byte {
	b := make([]byte, f.r.IntN(n+1))
	for i := range b {
		b[i] = byte(f.r.Uint32())
	}
	return b
}

// garbage is bytes on a bare connection, some of them after a right greeting and some after a right handshake.
func (f *fuzzer) garbage() {
	f.sent["garbage"]++
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", f.port()), 5*time.Second)
	if err != nil {
		f.t.Fatalf("the kernel takes no connections any more: %v", err)
	}
	defer c.Close()
	var b bytes.Buffer
	if f.r.IntN(3) > 0 {
		greeting := make([]byte, 64)
		copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL")
		b.Write(greeting)
	}
	if f.r.IntN(2) == 0 {
		b.WriteString("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ")
	}
	b.Write(f.bytes(300))
	all := b.Bytes()
	for range f.r.IntN(3) { // some bytes of it wrong
		if len(all) > 0 {
			all[f.r.IntN(len(all))] ^= byte(1 << f.r.IntN(8))
		}
	}
	c.Write(all)
}

// frames is a right connection that sends what is no message.
func (f *fuzzer) frames() {
	f.sent["frames"]++
	s := jupyterclient.Dial(f.t, f.conn, f.router(), "DEALER", string(f.bytes(4)))
	defer s.Close()
	var parts [][]byte
	for range 1 + f.r.IntN(9) {
		switch f.r.IntN(3) {
		case 0:
			parts = append(parts, []byte(protocol.Delimiter))
		case 1:
			parts = append(parts, []byte("{}"))
		default:
			parts = append(parts, f.bytes(40))
		}
	}
	s.Send(parts...)
}

func (f *fuzzer) router() int {
	return []int{f.conn.Shell, f.conn.Control, f.conn.Stdin}[f.r.IntN(3)]
}

// requests is everything a client may send but shutdown_request, which would be obeyed.
var requests = []string{
	"kernel_info_request", "execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request",
	"comm_info_request", "comm_open", "comm_msg", "comm_close", "connect_request", "interrupt_request", "input_reply", "debug_request", "",
}

// fields are names that handlers look for.
var fields = []string{
	"code", "cursor_pos", "detail_level", "silent", "store_history", "user_expressions", "allow_stdin", "stop_on_error", "comm_id", "target_name",
	"data", "hist_access_type", "session", "start", "stop", "n", "pattern", "unique", "output", "value", "status", "restart",
}

// signed is a message with the right signature and any JSON inside.
func (f *fuzzer) signed() {
	f.sent["signed"]++
	s := jupyterclient.Dial(f.t, f.conn, f.router(), "DEALER", "")
	defer s.Close()
	header := map[string]any{"msg_id": "fuzz", "session": "fuzz", "msg_type": requests[f.r.IntN(len(requests))], "version": "5.5", "username": "", "date": ""}
	if f.r.IntN(4) == 0 {
		header[[]string{"msg_id", "session", "version", "username", "date", "more"}[f.r.IntN(6)]] = f.value(2)
	}
	content := map[string]any{}
	for range f.r.IntN(8) {
		content[fields[f.r.IntN(len(fields))]] = f.value(3)
	}
	parts := []any{header, f.value(2), f.value(2), content}
	if f.r.IntN(6) == 0 {
		parts[f.r.IntN(4)] = f.value(3)
	}
	mac := hmac.New(sha256.New, []byte(f.conn.Key))
	frames := [][]byte{[]byte(protocol.Delimiter), nil}
	for _, p := range parts {
		j, _ := json.Marshal(p)
		if f.r.IntN(30) == 0 {
			j = j[:f.r.IntN(len(j)+1)]
		}
		mac.Write(j)
		frames = append(frames, j)
	}
	frames[1] = []byte(hex.EncodeToString(mac.Sum(nil)))
	for range f.r.IntN(3) {
		frames = append(frames, f.bytes(20))
	}
	s.Send(frames...)
}

// codes are cells that do no harm to the machine.
var codes = []string{
	"1 + 1", "x := 3", "fmt.Println(\"ä😀\")", "panic(1)", "func f() { f() ", "}", "?fmt", "%who", "%nonsense", "var a []int; a[3]", "for i := range 3 { i }",
	"func g[T any](x T) T { return x }; g(1)", "\x00", "😀", "import \"nothing/here\"", "type T struct{ T }", "_ = *(*int)(nil)", "%%capture y\n1", "",
}

// value is any JSON value.
func (f *fuzzer) value(depth int) any {
	switch n := f.r.IntN(9); {
	case n == 0:
		return nil
	case n == 1:
		return f.r.IntN(2) == 0
	case n == 2:
		return []any{-1, 0, 3, 1 << 40, 1e300, -2.5}[f.r.IntN(6)]
	case n == 3 && depth > 0:
		return []any{f.value(depth - 1), f.value(depth - 1)}
	case n == 4 && depth > 0:
		return map[string]any{fields[f.r.IntN(len(fields))]: f.value(depth - 1), "x": f.value(depth - 1)}
	case n == 5:
		return string(f.bytes(12))
	}
	return codes[f.r.IntN(len(codes))]
}
