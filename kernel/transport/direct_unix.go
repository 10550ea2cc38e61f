//go:build unix

package transport

import (
	"net"
	"syscall"
)

// direct writes to a connection without ever waiting: as much as the system takes at once. It is nil for connections that
// have no file descriptor.
func direct(c net.Conn) func(b []byte) (n int) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return func(b []byte) (n int) {
		raw.Write(func(fd uintptr) bool {
			n, _ = syscall.Write(int(fd), b)
			return true // an error comes again when the writing goroutine tries
		})
		return max(n, 0)
	}
}
