//go:build unix

package early

import (
	"fmt"
	"net"
	"testing"
)

func TestConnectionFile(t *testing.T) {
	for want, args := range map[string][]string{
		"a": {"msflow", "kernel", "start", "-f", "a"},
		"b": {"msflow", "kernel", "start", "--connection-file", "b"},
		"":  {"msflow", "kernel", "check", "-f", "a"},
	} {
		if got := connectionFile(args); got != want {
			t.Errorf("%v: %q", args, got)
		}
	}
	if got := connectionFile([]string{"msflow"}); got != "" {
		t.Error(got)
	}
}

// TestOpen connects to a socket before it is taken over, and after.
func TestOpen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := l.Addr().(*net.TCPAddr).Port
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	defer l.Close()

	open(fmt.Appendf(nil, `{"ip": "127.0.0.1", "transport": "tcp", "shell_port": %d, "hb_port": %d, "stdin_port": 0, "iopub_port": 70000}`, port, taken))
	if len(sockets) != 1 {
		t.Fatalf("open sockets: %v", sockets)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f := Take(address)
	if f == nil || Take(address) != nil {
		t.Fatal("the socket is to be had once")
	}
	own, err := net.FileListener(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if a, err := own.Accept(); err != nil {
		t.Error(err)
	} else {
		a.Close()
	}

	for _, bad := range []string{"", "{", `{"ip": "::1", "shell_port": 5}`, `{"ip": "1.2.3", "shell_port": 5}`, `{"transport": "ipc", "ip": "/x", "shell_port": 5}`} {
		if open([]byte(bad)); len(sockets) != 0 {
			t.Errorf("%s opened %v", bad, sockets)
		}
	}
}
