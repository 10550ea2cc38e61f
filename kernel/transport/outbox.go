package transport

import "sync"

// outbox is the bounded queue of wire messages waiting for one peer. put never blocks.
type outbox struct {
	mu         sync.Mutex
	ready      sync.Cond
	queue      [][]byte
	bytes      int64 // queued and being written
	soft, hard int64
	closed     bool
	direct     func([]byte) int // see direct; may be nil
}

func newOutbox(l Limits, direct func([]byte) int) *outbox {
	q := &outbox{soft: l.Queue, hard: l.HardQueue, direct: direct}
	q.ready.L = &q.mu
	return q
}

type verdict int

const (
	queued   verdict = iota
	dropped          // no room for a droppable message
	overfull         // no room even for an undroppable one: give the peer up
)

// put queues one message. An undroppable one may fill the queue to its hard limit. What the peer takes at once needs no
// queue: to wake the writing goroutine would cost more than the write.
func (q *outbox) put(wire []byte, droppable bool) verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return dropped
	}
	n := int64(len(wire))
	// A message bigger than the limit still goes to a peer that keeps up.
	if q.bytes > 0 && droppable && q.bytes+n > q.soft {
		return dropped
	}
	if q.bytes > 0 && q.bytes+n > q.hard {
		return overfull
	}
	if q.bytes == 0 && q.direct != nil {
		done := q.direct(wire)
		if wire, n = wire[done:], n-int64(done); n == 0 {
			return queued
		}
	}
	q.queue = append(q.queue, wire)
	q.bytes += n
	q.ready.Signal()
	return queued
}

// take waits for messages and returns all that are queued; nil after close once the queue is empty. written must be called
// for each one.
func (q *outbox) take() [][]byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) == 0 && !q.closed {
		q.ready.Wait()
	}
	all := q.queue
	q.queue = nil
	return all
}

func (q *outbox) written(n int) {
	q.mu.Lock()
	q.bytes -= int64(n)
	q.mu.Unlock()
}

// close refuses further messages; those queued can still be taken.
func (q *outbox) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.ready.Broadcast()
}
