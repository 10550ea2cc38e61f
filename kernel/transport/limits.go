package transport

import (
	"errors"
	"sync/atomic"
	"time"
)

// Limits bounds what peers can make a socket hold or wait for. The zero value of each field means its default.
type Limits struct {
	Message   int64         // bytes of one incoming message; default 256 MiB
	Pending   int64         // bytes of incoming messages not yet taken, all peers together; default 512 MiB
	Frames    int           // frames of one incoming message; default 1024
	Peers     int           // connections at a time; default 512
	Queue     int64         // outgoing bytes per peer before droppable messages are dropped; default 64 MiB
	HardQueue int64         // outgoing bytes per peer before the peer is disconnected; default twice Queue
	Handshake time.Duration // from accept to READY; default 10 s
}

func (l Limits) withDefaults() Limits {
	def(&l.Message, 256<<20)
	def(&l.Pending, 512<<20)
	def(&l.Frames, 1024)
	def(&l.Peers, 512)
	def(&l.Queue, 64<<20)
	def(&l.HardQueue, 2*l.Queue)
	def(&l.Handshake, 10*time.Second)
	return l
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Counts is what a socket has seen since it was opened.
type Counts struct {
	Peers     int64 // connected now, handshake done
	Accepted  int64 // connections accepted
	Refused   int64 // connections that failed, or never finished, their handshake, or came above Limits.Peers
	Malformed int64 // peers disconnected for frames that break the protocol
	Oversized int64 // peers disconnected for a message above the limits
	Dropped   int64 // outgoing messages dropped because a peer's queue was full or the peer was gone
	Stalled   int64 // peers disconnected because even undroppable messages no longer fitted
}

type counters struct {
	peers, accepted, refused, malformed, oversized, dropped, stalled atomic.Int64
}

func (c *counters) snapshot() Counts {
	return Counts{
		Peers: c.peers.Load(), Accepted: c.accepted.Load(), Refused: c.refused.Load(),
		Malformed: c.malformed.Load(), Oversized: c.oversized.Load(),
		Dropped: c.dropped.Load(), Stalled: c.stalled.Load(),
	}
}

// budget is a shared allowance of bytes.
type budget struct {
	max  int64
	used atomic.Int64
}

var (
	errOversized = errors.New("transport: message above the size limit")
	errMalformed = errors.New("transport: malformed frame")
)

func (b *budget) take(n int64) error {
	if b.used.Add(n) > b.max {
		b.used.Add(-n)
		return errOversized
	}
	return nil
}

func (b *budget) give(n int64) { b.used.Add(-n) }
