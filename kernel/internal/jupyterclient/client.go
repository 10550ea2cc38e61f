// Package jupyterclient is a Jupyter client for tests, written from the protocols' documents and not from the kernel's
// code, so that each checks the other. It also breaks the rules on request.
package jupyterclient

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/msflow-go/msflow/kernel/protocol"
)

// Timeout is how long the client waits for anything.
const Timeout = time.Minute

// Client is connected to all channels of one kernel.
type Client struct {
	t       testing.TB
	codec   *protocol.Codec
	Session string
	sockets map[string]*Socket

	mu      sync.Mutex
	changed sync.Cond
	got     map[string][]*Message // by channel, in order
	ended   map[string]bool       // channels that the kernel closed
}

// Message is a decoded message with its content and parent's ID at hand.
type Message struct {
	*protocol.Message
	Fields map[string]any
	Ours   string // ID of the request that caused it
	When   time.Time
}

// Text is a string field of the content, or "".
func (m *Message) Text(name string) string { s, _ := m.Fields[name].(string); return s }

// New connects to a kernel and waits until its iopub has welcomed us.
func New(t testing.TB, c *protocol.Connection) *Client {
	t.Helper()
	codec, err := protocol.NewCodec(c.Scheme, c.Key)
	if err != nil {
		t.Fatal(err)
	}
	cl := &Client{t: t, codec: codec, Session: uuid.NewString(), sockets: map[string]*Socket{}, got: map[string][]*Message{}, ended: map[string]bool{}}
	cl.changed.L = &cl.mu
	for name, port := range map[string]int{"shell": c.Shell, "control": c.Control, "stdin": c.Stdin} {
		cl.sockets[name] = Dial(t, c, port, "DEALER", cl.Session)
	}
	cl.sockets["iopub"] = Dial(t, c, c.IOPub, "SUB", "")
	cl.sockets["iopub"].Subscribe("")
	for name, s := range cl.sockets {
		go cl.read(name, s)
	}
	t.Cleanup(cl.Close)
	cl.Await("iopub", "iopub_welcome", func(m *Message) bool { return m.Header.Type == "iopub_welcome" })
	return cl
}

// Close disconnects.
func (c *Client) Close() {
	for _, s := range c.sockets {
		s.Close()
	}
}

func (c *Client) read(name string, s *Socket) {
	for {
		frames, err := s.Receive()
		if err != nil {
			break
		}
		m, err := c.codec.Decode(frames)
		if err != nil {
			c.t.Errorf("%s: the kernel sent %q: %v", name, frames, err)
			continue
		}
		msg := &Message{Message: m, When: time.Now()}
		json.Unmarshal(m.Content, &msg.Fields)
		var parent struct {
			ID string `json:"msg_id"`
		}
		json.Unmarshal(m.Parent, &parent)
		msg.Ours = parent.ID
		c.mu.Lock()
		c.got[name] = append(c.got[name], msg)
		c.changed.Broadcast()
		c.mu.Unlock()
	}
	c.mu.Lock()
	c.ended[name] = true
	c.changed.Broadcast()
	c.mu.Unlock()
}

// Send sends a request and returns its ID.
func (c *Client) Send(channel, kind string, content any, buffers ...[]byte) string {
	c.t.Helper()
	j, err := json.Marshal(content)
	if err != nil {
		c.t.Fatal(err)
	}
	id := uuid.NewString()
	frames := c.codec.Encode(&protocol.Message{
		Header:  protocol.Header{ID: id, Session: c.Session, Username: "test", Date: protocol.Date(time.Now()), Type: kind, Version: protocol.Version},
		Content: j, Buffers: buffers,
	})
	if err := c.sockets[channel].Send(frames...); err != nil {
		c.t.Fatal(err)
	}
	return id
}

// Raw is a channel's socket, to send what is no message.
func (c *Client) Raw(channel string) *Socket { return c.sockets[channel] }

// Await returns the first message on a channel, earlier or later, that ok accepts.
func (c *Client) Await(channel, what string, ok func(*Message) bool) *Message {
	c.t.Helper()
	timer := time.AfterFunc(Timeout, func() { c.mu.Lock(); c.changed.Broadcast(); c.mu.Unlock() })
	defer timer.Stop()
	deadline := time.Now().Add(Timeout)
	c.mu.Lock()
	defer c.mu.Unlock()
	for next := 0; ; {
		for ; next < len(c.got[channel]); next++ {
			if m := c.got[channel][next]; ok(m) {
				return m
			}
		}
		if c.ended[channel] || time.Now().After(deadline) {
			c.t.Fatalf("%s: no %s (closed: %v)", channel, what, c.ended[channel])
		}
		c.changed.Wait()
	}
}

// Reply waits for the reply to a request on its channel.
func (c *Client) Reply(channel, id string) *Message {
	c.t.Helper()
	return c.Await(channel, "reply", func(m *Message) bool { return m.Ours == id })
}

// Outputs waits for the idle that ends a request and returns everything iopub carried for it, busy and idle included.
func (c *Client) Outputs(id string) []*Message {
	c.t.Helper()
	c.Await("iopub", "idle", func(m *Message) bool { return m.Ours == id && m.Text("execution_state") == "idle" })
	return slices.DeleteFunc(c.All("iopub"), func(m *Message) bool { return m.Ours != id })
}

// All is everything a channel has carried so far.
func (c *Client) All(channel string) []*Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got[channel])
}

// Forget drops what iopub has carried so far: a long test needs the room.
func (c *Client) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.got)
}

// Execute runs a cell and returns the reply and what lies between busy and idle.
func (c *Client) Execute(code string) (reply *Message, outputs []*Message) {
	c.t.Helper()
	id := c.Send("shell", "execute_request", map[string]any{"code": code, "silent": false, "store_history": true, "allow_stdin": false})
	reply = c.Reply("shell", id)
	all := c.Outputs(id)
	return reply, all[1 : len(all)-1]
}

// Types is the message types, in order.
func Types(ms []*Message) []string {
	var s []string
	for _, m := range ms {
		s = append(s, m.Header.Type)
	}
	return s
}

// Socket is one ZMTP connection.
type Socket struct {
	net.Conn
	in      *bufio.Reader
	sending sync.Mutex
}

// Dial connects to one port of a kernel.
func Dial(t testing.TB, c *protocol.Connection, port int, kind, identity string) *Socket {
	t.Helper()
	network, address := "tcp", fmt.Sprintf("%s:%d", c.IP, port)
	if c.Transport == "ipc" {
		network, address = "unix", fmt.Sprintf("%s-%d", c.IP, port)
	}
	conn, err := net.DialTimeout(network, address, Timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &Socket{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	if err := s.handshake(kind, identity); err != nil {
		t.Fatalf("handshake: %v", err)
	}
	return s
}

func (s *Socket) handshake(kind, identity string) error {
	greeting := make([]byte, 64)
	copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL")
	property := func(name, value string) string {
		size := binary.BigEndian.AppendUint32(nil, uint32(len(value)))
		return string(rune(len(name))) + name + string(size) + value
	}
	ready := "\x05READY" + property("Socket-Type", kind) + property("Identity", identity)
	hello := append(greeting, 4, byte(len(ready)))
	if _, err := s.Write(append(hello, ready...)); err != nil {
		return err
	}
	theirs := make([]byte, 64)
	if _, err := io.ReadFull(s.in, theirs); err != nil {
		return err
	}
	_, _, err := s.frame()
	return err
}

// Subscribe subscribes a SUB socket.
func (s *Socket) Subscribe(topic string) {
	body := "\x09SUBSCRIBE" + topic
	s.Write(append([]byte{4, byte(len(body))}, body...))
}

// Send sends frames as one message.
func (s *Socket) Send(frames ...[]byte) error {
	var b []byte
	for i, f := range frames {
		var more byte
		if i < len(frames)-1 {
			more = 1
		}
		b = append(b, more|2)
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	_, err := s.Write(b)
	return err
}

// Receive returns the next message's frames.
func (s *Socket) Receive() (frames [][]byte, err error) {
	for {
		flags, body, err := s.frame()
		if err != nil {
			return nil, err
		}
		if flags&4 != 0 {
			continue
		}
		if frames = append(frames, body); flags&1 == 0 {
			return frames, nil
		}
	}
}

func (s *Socket) frame() (flags byte, body []byte, err error) {
	head := make([]byte, 9)
	if _, err := io.ReadFull(s.in, head[:2]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1])
	if head[0]&2 != 0 {
		if _, err := io.ReadFull(s.in, head[2:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(head[1:])
	}
	body = make([]byte, size)
	_, err = io.ReadFull(s.in, body)
	return head[0], body, err
}
