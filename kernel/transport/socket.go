package transport

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"
)

// socket is what the three socket types share: accepting, handshakes, one reading and one writing goroutine per peer,
// limits, counting, closing.
type socket struct {
	kind     string
	listener net.Listener
	limits   Limits
	pending  budget
	n        counters

	// Set by the socket type before serve.
	joined func(*peer)                                      // after the handshake, before the first message
	left   func(*peer)                                      // once per joined
	onMsg  func(p *peer, frames [][]byte, size int64) error // owns size of pending
	onCmd  func(p *peer, name string, body []byte) error

	mu     sync.Mutex
	conns  map[net.Conn]*peer // peer is nil during the handshake
	closed bool
	done   chan struct{}
	wg     sync.WaitGroup
}

// peer is one connection that finished its handshake.
type peer struct {
	identity string
	conn     net.Conn
	out      *outbox
	subs     map[string]int // XPUB only, guarded by Publisher.mu
}

func newSocket(kind string, l net.Listener, limits Limits) *socket {
	limits = limits.withDefaults()
	return &socket{
		kind: kind, listener: l, limits: limits,
		pending: budget{max: limits.Pending},
		conns:   map[net.Conn]*peer{}, done: make(chan struct{}),
		joined: func(*peer) {}, left: func(*peer) {},
		onCmd: func(*peer, string, []byte) error { return nil },
	}
}

// Counts returns what this socket has seen so far.
func (s *socket) Counts() Counts { return s.n.snapshot() }

// Addr is the address listened on.
func (s *socket) Addr() net.Addr { return s.listener.Addr() }

func (s *socket) serve() {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			c, err := s.listener.Accept()
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					return
				}
				time.Sleep(10 * time.Millisecond) // out of file descriptors: others may free some
				continue
			}
			s.admit(c)
		}
	}()
}

func (s *socket) admit(c net.Conn) {
	s.n.accepted.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.limits.Peers {
		s.n.refused.Add(1)
		c.Close()
		return
	}
	s.conns[c] = nil
	s.wg.Add(1)
	go s.talk(c)
}

// talk is the life of one connection.
func (s *socket) talk(c net.Conn) {
	defer s.wg.Done()
	defer s.forget(c)
	r := &reader{r: bufio.NewReaderSize(c, 16<<10), limits: s.limits, pending: &s.pending}
	c.SetDeadline(time.Now().Add(s.limits.Handshake))
	id, err := handshake(c, r, s.kind)
	if err != nil {
		s.n.refused.Add(1)
		return
	}
	c.SetDeadline(time.Time{})
	p := &peer{identity: id, conn: c, out: newOutbox(s.limits, direct(c))}
	if !s.enter(p) {
		return
	}
	defer s.leave(p)
	r.onCmd = func(name string, body []byte) error { return s.command(p, name, body) }
	s.classify(s.readAll(p, r))
}

func (s *socket) readAll(p *peer, r *reader) error {
	for {
		frames, size, err := r.message()
		if err != nil {
			return err
		}
		if err := s.onMsg(p, frames, size); err != nil {
			return err
		}
	}
}

func (s *socket) classify(err error) {
	switch {
	case errors.Is(err, errOversized):
		s.n.oversized.Add(1)
	case errors.Is(err, errMalformed):
		s.n.malformed.Add(1)
	}
}

// command answers PING here and leaves the rest to the socket type. Unknown commands are ignored, as the protocol asks.
func (s *socket) command(p *peer, name string, body []byte) error {
	if name != "PING" {
		return s.onCmd(p, name, body)
	}
	if len(body) < 2 || len(body) > 2+16 {
		return errMalformed
	}
	pong := append([]byte("\x04PONG"), body[2:]...) // body is a time to live, then a context to return
	s.send(p, appendFrame(nil, flagCommand, pong), true)
	return nil
}

func (s *socket) enter(p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[p.conn] = p
	s.n.peers.Add(1)
	s.wg.Add(1)
	go s.write(p)
	s.joined(p)
	return true
}

func (s *socket) leave(p *peer) {
	s.n.peers.Add(-1)
	s.left(p)
	p.out.close()
	s.mu.Lock()
	closing := s.closed
	s.mu.Unlock()
	if !closing {
		p.conn.Close() // ends a write in progress
	}
}

func (s *socket) forget(c net.Conn) {
	c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

// write sends what is queued for p until its outbox is closed and empty or the connection breaks.
func (s *socket) write(p *peer) {
	defer s.wg.Done()
	for {
		batch := p.out.take()
		if batch == nil {
			halfClose(p.conn)
			return
		}
		if err := writeBatch(p, batch); err != nil {
			p.out.close()
			p.conn.Close() // ends the reading goroutine too
			return
		}
	}
}

// writeBatch gives the batch to the system in pieces of about chunk bytes, so that small messages share a call and the
// accounting follows the progress.
func writeBatch(p *peer, batch [][]byte) error {
	for len(batch) > 0 {
		n, size := 0, 0
		for n < len(batch) && (n == 0 || size < chunk) {
			size += len(batch[n])
			n++
		}
		bufs := make(net.Buffers, n)
		copy(bufs, batch)
		if _, err := bufs.WriteTo(p.conn); err != nil {
			return err
		}
		p.out.written(size)
		batch = batch[n:]
	}
	return nil
}

// halfClose tells the peer that nothing more comes but lets it read what is under way: closing outright with unread input
// would reset the connection.
func halfClose(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
	}
}

// send queues a wire message for p and disconnects a peer that cannot even take an undroppable one.
func (s *socket) send(p *peer, wire []byte, droppable bool) bool {
	switch p.out.put(wire, droppable) {
	case queued:
		return true
	case overfull:
		s.n.stalled.Add(1)
		p.out.close()
		p.conn.Close()
	}
	s.n.dropped.Add(1)
	return false
}

// Close stops listening, gives peers up to linger to read what is queued for them, then disconnects all. It returns when
// every goroutine has ended.
func (s *socket) Close(linger time.Duration) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.wg.Wait()
		return nil
	}
	s.closed = true
	close(s.done)
	err := s.listener.Close()
	deadline := time.Now().Add(linger)
	for c, p := range s.conns {
		c.SetDeadline(deadline)
		if p == nil {
			c.Close()
		} else {
			p.out.close()
		}
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}
