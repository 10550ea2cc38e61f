package jupyter

import (
	"sync"

	"github.com/msflow-go/msflow/kernel/transport"
)

// maxQueue is how many shell requests wait in memory; more wait in the network until there is room.
const maxQueue = 4096

// queue holds shell requests between the goroutines that read them, which never wait for a cell, and the one that serves
// them in order.
type queue struct {
	mu      sync.Mutex
	changed sync.Cond
	waiting []*request
	closed  bool
}

func (q *queue) init() { q.changed.L = &q.mu }

func (q *queue) push(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) >= maxQueue && !q.closed {
		q.changed.Wait()
	}
	q.waiting = append(q.waiting, r)
	q.changed.Broadcast()
}

// pop returns nil once the queue is closed.
func (q *queue) pop() *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return nil
	}
	r := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	q.changed.Broadcast()
	return r
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

// enqueue takes a message of the shell socket.
func (k *Kernel) enqueue(m transport.Message) {
	if r := k.decode(m); r != nil {
		k.queue.push(r)
	}
}

// work serves shell requests one after another.
func (k *Kernel) work() {
	for r := k.queue.pop(); r != nil; r = k.queue.pop() {
		r.socket = k.shell
		k.current.Store(r)
		k.handle(r)
		k.current.Store(nil)
	}
}
