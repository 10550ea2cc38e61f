package transport

import "net"

// Echo is a REP socket that answers each request with itself: the heartbeat of a kernel. The reply goes out from the
// peer's own goroutine, so it tells that the process lives and nothing about what it computes.
type Echo struct{ *socket }

// NewEcho serves an echoing REP socket on l until Close.
func NewEcho(l net.Listener, limits Limits) *Echo {
	e := &Echo{newSocket("REP", l, limits)}
	e.onMsg = e.echo
	e.serve()
	return e
}

// echo drops a request without the empty frame that ends its envelope, as REP does.
func (e *Echo) echo(p *peer, frames [][]byte, size int64) error {
	defer e.pending.give(size)
	for _, f := range frames[:len(frames)-1] {
		if len(f) == 0 {
			e.send(p, wireMessage(frames), false)
			return nil
		}
	}
	e.n.dropped.Add(1)
	return nil
}
