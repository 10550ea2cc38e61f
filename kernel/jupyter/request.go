package jupyter

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/msflow-go/msflow/kernel/protocol"
	"github.com/msflow-go/msflow/kernel/transport"
)

// request is a message on its way through the kernel. Replies go back on the socket it came from.
type request struct {
	*protocol.Message
	peer    string
	socket  *transport.Router
	arrived time.Time
}

// object is the content of a message that is being made.
type object = map[string]any

// handler answers one type of request. The content it returns goes into the reply; nil means that there is none.
type handler func(k *Kernel, r *request) (object, error)

// handlers is every request there is, on shell and control alike. It is filled by init because handlers refer to functions
// that refer to it.
var handlers map[string]handler

func init() {
	handlers = map[string]handler{
		"kernel_info_request": (*Kernel).kernelInfo,
		"execute_request":     (*Kernel).execute,
		"complete_request":    (*Kernel).complete,
		"inspect_request":     (*Kernel).inspect,
		"is_complete_request": (*Kernel).isComplete,
		"history_request":     (*Kernel).history,
		"comm_info_request":   (*Kernel).commInfo,
		"comm_open":           (*Kernel).commOpen,
		"comm_msg":            (*Kernel).commMsg,
		"comm_close":          (*Kernel).commClose,
		"connect_request":     (*Kernel).connect,
		"interrupt_request":   (*Kernel).interrupt,
		"shutdown_request":    (*Kernel).shutdownRequest,
	}
}

// read handles what arrives on a socket until it is closed.
func (k *Kernel) read(socket *transport.Router, take func(*request)) {
	for {
		m, err := socket.Receive()
		if err != nil {
			return
		}
		if r := k.decode(m); r != nil {
			r.socket = socket
			take(r)
		}
	}
}

// decode makes a request of a message. What is none is counted and forgotten.
func (k *Kernel) decode(m transport.Message) *request {
	msg, err := k.codec.Decode(m.Frames)
	if err != nil {
		k.countBad(err)
		return nil
	}
	arrived := time.Now()
	k.heard.Do(k.awaitSubscriber)
	return &request{Message: msg, peer: m.Peer, arrived: arrived}
}

// hearing is how long a kernel's very first request waits for a subscriber. A client connects all channels at once but
// they arrive in any order, and some (VS Code) hang when they never hear of their first request on iopub.
const hearing = 250 * time.Millisecond

func (k *Kernel) awaitSubscriber() {
	for end := time.Now().Add(hearing); k.iopub.Subscribers() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func (k *Kernel) countBad(err error) {
	if errors.Is(err, protocol.ErrSignature) || errors.Is(err, protocol.ErrReplayed) {
		k.counts.signature.Add(1)
	} else {
		k.counts.frames.Add(1)
	}
}

// handle answers one request: busy before it, idle after everything it caused.
func (k *Kernel) handle(r *request) {
	h := handlers[r.Header.Type]
	if h == nil {
		k.counts.unknown.Add(1)
		return
	}
	k.status(r.RawHeader, "busy")
	defer k.status(r.RawHeader, "idle")
	content, err := k.call(h, r)
	if err != nil {
		k.logf("%s: %v", r.Header.Type, err)
		content = object{"status": "error", "ename": "RequestError", "evalue": err.Error(), "traceback": []string{err.Error()}}
	}
	if content == nil {
		return
	}
	if base, ok := strings.CutSuffix(r.Header.Type, "_request"); ok {
		k.reply(r, base+"_reply", content)
	}
}

// call runs a handler; a mistake of ours must cost a reply, not the session.
func (k *Kernel) call(h handler, r *request) (content object, err error) {
	defer func() {
		if p := recover(); p != nil {
			k.logf("%s: panic: %v\n%s", r.Header.Type, p, debug.Stack())
			content, err = nil, fmt.Errorf("the kernel failed at %s: %v", r.Header.Type, p)
		}
	}()
	return h(k, r)
}

func (k *Kernel) message(kind string, parent json.RawMessage, content object) *protocol.Message {
	c, err := encode(content)
	if err != nil {
		k.logf("%s: %v", kind, err)
		c = []byte("{}")
	}
	return &protocol.Message{
		Header: protocol.Header{
			ID: uuid.NewString(), Session: k.id, Username: username(),
			Date: protocol.Date(time.Now()), Type: kind, Version: protocol.Version,
		},
		Parent: parent, Content: c,
	}
}

func (k *Kernel) reply(r *request, kind string, content object) {
	m := k.message(kind, r.RawHeader, content)
	m.Envelope = r.Envelope
	if err := r.socket.Send(r.peer, k.codec.Encode(m)); err != nil {
		k.logf("%s: %v", kind, err)
	}
}

func (k *Kernel) topic(kind string) []byte { return []byte("kernel." + k.id + "." + kind) }

// publish sends a message on iopub. A status is never dropped, whatever the subscriber's queue.
func (k *Kernel) publish(kind string, parent json.RawMessage, content object) {
	k.send(k.message(kind, parent, content), kind != "status")
}

func (k *Kernel) send(m *protocol.Message, droppable bool) {
	m.Envelope = [][]byte{k.topic(m.Header.Type)}
	k.iopub.Publish(k.codec.Encode(m), droppable)
}

func (k *Kernel) status(parent json.RawMessage, state string) {
	k.publish("status", parent, object{"execution_state": state})
}

// welcome is what a new subscriber gets: iopub_welcome and, once in the life of a kernel, the status "starting", which
// nobody could hear any earlier.
func (k *Kernel) welcome(topic string) [][][]byte {
	m := k.message("iopub_welcome", nil, object{"subscription": topic})
	m.Envelope = [][]byte{k.topic("iopub_welcome")}
	if topic != "" {
		m.Envelope[0] = []byte(topic)
	}
	messages := [][][]byte{k.codec.Encode(m)}
	if status := k.topic("status"); strings.HasPrefix(string(status), topic) && !k.started.Swap(true) {
		m := k.message("status", nil, object{"execution_state": "starting"})
		m.Envelope = [][]byte{status}
		messages = append(messages, k.codec.Encode(m))
	}
	return messages
}
