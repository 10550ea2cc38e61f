package transport

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/msflow-go/msflow/kernel/transport/early"
)

// Listen opens an endpoint written as ZeroMQ writes it: tcp://127.0.0.1:5555, tcp://*:5555, tcp://[::1]:5555 or
// ipc:///run/user/1000/kernel-1. Port 0 picks a free one. An ipc socket is readable and writable by its owner only; a
// stale one at the same path is replaced.
func Listen(endpoint string) (net.Listener, error) {
	scheme, addr, ok := strings.Cut(endpoint, "://")
	if !ok {
		return nil, fmt.Errorf("endpoint %q: want tcp://host:port or ipc://path", endpoint)
	}
	var l net.Listener
	var err error
	switch scheme {
	case "tcp":
		l, err = listenTCP(addr)
	case "ipc":
		l, err = listenIPC(addr)
	default:
		return nil, fmt.Errorf("endpoint %q: transport %q is not supported, only tcp and ipc", endpoint, scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	return l, nil
}

func listenTCP(addr string) (net.Listener, error) {
	if f := early.Take(addr); f != nil {
		defer f.Close()
		return net.FileListener(f)
	}
	return net.Listen("tcp", strings.Replace(addr, "*:", ":", 1))
}

func listenIPC(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// removeStale removes a socket file nobody listens on. Anything else at path stays, and Listen then says that the address
// is in use.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if err != nil || st.Mode()&os.ModeSocket == 0 {
		return nil
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil
	}
	return os.Remove(path)
}
