package transport

import "net"

// direct is nil: on Windows the writing goroutine sends everything.
func direct(net.Conn) func([]byte) int { return nil }
