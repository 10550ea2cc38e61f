// Package comm is how cells talk to the notebook's front end: named targets that it can open, and channels of JSON data
// both ways. The kernel session connects it to the protocol; without one, messages go nowhere.
package comm

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
)

// Message is the content of one comm message.
type Message struct {
	Data     map[string]any
	Metadata map[string]any
	Buffers  [][]byte
}

// Event is what goes to the front end. Kind is "comm_open", "comm_msg" or "comm_close"; Target is set for comm_open only.
type Event struct {
	Kind, ID, Target string
	Message
}

// Comm is one open channel. Its methods may be called from any goroutine.
type Comm struct {
	ID, Target string

	mu        sync.Mutex
	onMessage func(Message)
	onClose   func(Message)
}

var (
	mu      sync.Mutex
	targets = map[string]func(*Comm, Message){}
	comms   = map[string]*Comm{}
	output  atomic.Pointer[func(Event)]
)

// Connect makes send, which must not block, carry what comms send from now on.
func Connect(send func(Event)) { output.Store(&send) }

func emit(e Event) {
	if send := output.Load(); send != nil {
		(*send)(e)
	}
}

// Register makes opened run whenever the front end opens a comm of that target; nil unregisters it.
func Register(target string, opened func(*Comm, Message)) {
	mu.Lock()
	defer mu.Unlock()
	if opened == nil {
		delete(targets, target)
		return
	}
	targets[target] = opened
}

// Open opens a comm in the front end, which must know the target.
func Open(target string, m Message) *Comm {
	c := &Comm{ID: uuid.NewString(), Target: target}
	add(c)
	emit(Event{"comm_open", c.ID, target, m})
	return c
}

func add(c *Comm) {
	mu.Lock()
	defer mu.Unlock()
	comms[c.ID] = c
}

func remove(id string) *Comm {
	mu.Lock()
	defer mu.Unlock()
	c := comms[id]
	delete(comms, id)
	return c
}

// Send sends a message to the front end.
func (c *Comm) Send(m Message) { emit(Event{"comm_msg", c.ID, "", m}) }

// Close closes both ends. Closing twice does nothing.
func (c *Comm) Close(m Message) {
	if remove(c.ID) != nil {
		emit(Event{"comm_close", c.ID, "", m})
	}
}

// OnMessage makes f run for each message from the front end.
func (c *Comm) OnMessage(f func(Message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onMessage = f
}

// OnClose makes f run when the front end closes the comm.
func (c *Comm) OnClose(f func(Message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onClose = f
}

// Opened handles a comm_open of the front end. For a target that nobody registered the answer is comm_close, as the
// protocol asks.
func Opened(id, target string, m Message) error {
	mu.Lock()
	opened := targets[target]
	mu.Unlock()
	if opened == nil {
		emit(Event{"comm_close", id, "", Message{}})
		return fmt.Errorf("comm target %q is not registered", target)
	}
	c := &Comm{ID: id, Target: target}
	add(c)
	opened(c, m)
	return nil
}

// Received handles a comm_msg of the front end.
func Received(id string, m Message) error {
	mu.Lock()
	c := comms[id]
	mu.Unlock()
	if c == nil {
		return fmt.Errorf("no comm %q is open", id)
	}
	c.mu.Lock()
	f := c.onMessage
	c.mu.Unlock()
	if f != nil {
		f(m)
	}
	return nil
}

// Closed handles a comm_close of the front end.
func Closed(id string, m Message) error {
	c := remove(id)
	if c == nil {
		return fmt.Errorf("no comm %q is open", id)
	}
	c.mu.Lock()
	f := c.onClose
	c.mu.Unlock()
	if f != nil {
		f(m)
	}
	return nil
}

// List is the open comms, ID to target; target "" means all.
func List(target string) map[string]string {
	mu.Lock()
	defer mu.Unlock()
	list := map[string]string{}
	for id, c := range comms {
		if target == "" || c.Target == target {
			list[id] = c.Target
		}
	}
	return list
}
