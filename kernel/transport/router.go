package transport

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
)

// ErrClosed is returned by Receive after Close.
var ErrClosed = errors.New("transport: socket closed")

// ErrNoPeer is returned by Send when nobody of that identity is connected.
var ErrNoPeer = errors.New("transport: no such peer")

// Message is what a Router receives: the identity of the peer it came from and the frames the peer sent.
type Message struct {
	Peer   string
	Frames [][]byte
	size   int64
}

// Router is a ROUTER socket: it receives from all peers and sends to one of them by identity. A peer that connects with
// the identity of another takes its place, as a client that reconnects must be able to.
type Router struct {
	*socket
	in   chan Message
	take func(Message) // see NewRouter

	peersMu sync.Mutex
	peers   map[string]*peer
	next    uint32 // of generated identities
}

// NewRouter serves a ROUTER socket on l until Close. Each message is given to take, on the goroutine that read it; while
// take waits, so does the peer, by the connection's own flow control. With nil messages are there for Receive.
func NewRouter(l net.Listener, limits Limits, take func(Message)) *Router {
	r := &Router{
		socket: newSocket("ROUTER", l, limits),
		in:     make(chan Message, 16),
		take:   take,
		peers:  map[string]*peer{},
	}
	r.joined, r.left, r.onMsg = r.add, r.remove, r.deliver
	r.serve()
	return r
}

// Receive returns the next message, or ErrClosed.
func (r *Router) Receive() (Message, error) {
	select {
	case m := <-r.in:
		r.pending.give(m.size)
		return m, nil
	case <-r.done:
		return Message{}, ErrClosed
	}
}

// Send queues frames for the peer. It never blocks; a peer that does not read for so long that its queue is full is
// disconnected.
func (r *Router) Send(peer string, frames [][]byte) error {
	r.peersMu.Lock()
	p := r.peers[peer]
	r.peersMu.Unlock()
	if p == nil {
		r.n.dropped.Add(1)
		return fmt.Errorf("%w: %q", ErrNoPeer, peer)
	}
	if !r.send(p, wireMessage(frames), false) {
		return fmt.Errorf("%w: %q stopped reading", ErrNoPeer, peer)
	}
	return nil
}

func (r *Router) add(p *peer) {
	r.peersMu.Lock()
	defer r.peersMu.Unlock()
	if p.identity == "" {
		r.next++
		p.identity = string(binary.BigEndian.AppendUint32([]byte{0}, r.next))
	}
	if old := r.peers[p.identity]; old != nil {
		old.conn.Close()
	}
	r.peers[p.identity] = p
}

func (r *Router) remove(p *peer) {
	r.peersMu.Lock()
	defer r.peersMu.Unlock()
	if r.peers[p.identity] == p {
		delete(r.peers, p.identity)
	}
}

// deliver waits while the receiver is busy: the peer then feels it through the connection's own flow control. After Close,
// what arrives while queues drain is thrown away.
func (r *Router) deliver(p *peer, frames [][]byte, size int64) error {
	m := Message{p.identity, frames, size}
	if r.take != nil {
		r.take(m)
		r.pending.give(size)
		return nil
	}
	select {
	case r.in <- m:
		return nil
	case <-r.done:
		r.pending.give(size)
		return nil
	}
}
