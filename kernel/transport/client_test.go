package transport

import (
	"bufio"
	"net"
	"testing"
	"time"
)

// rawPeer is a ZMTP peer written by hand, so that tests can break the rules.
type rawPeer struct {
	t testing.TB
	net.Conn
	r *reader
}

func dial(t testing.TB, addr net.Addr) *rawPeer {
	t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	l := Limits{}.withDefaults()
	return &rawPeer{t, c, &reader{r: bufio.NewReader(c), limits: l, pending: &budget{max: l.Pending}}}
}

// connect dials and does the handshake as a peer of the given type.
func connect(t testing.TB, addr net.Addr, kind, identity string) *rawPeer {
	t.Helper()
	p := dial(t, addr)
	p.write(greeting())
	body := appendProperty([]byte("\x05READY"), "Socket-Type", kind)
	p.write(appendFrame(nil, flagCommand, appendProperty(body, "Identity", identity)))
	if err := checkGreeting(p.r.r); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.r.frame(); err != nil {
		t.Fatalf("no READY: %v", err)
	}
	return p
}

func (p *rawPeer) write(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *rawPeer) send(frames ...string) {
	p.t.Helper()
	var b [][]byte
	for _, f := range frames {
		b = append(b, []byte(f))
	}
	p.write(wireMessage(b))
}

func (p *rawPeer) subscribe(topic string) {
	p.write(appendFrame(nil, flagCommand, []byte("\x09SUBSCRIBE"+topic)))
}

// receive returns the next message, or nil when none comes in time or the connection ends.
func (p *rawPeer) receive() []string {
	p.SetReadDeadline(time.Now().Add(2 * time.Second))
	frames, _, err := p.r.message()
	if err != nil {
		return nil
	}
	var s []string
	for _, f := range frames {
		s = append(s, string(f))
	}
	return s
}

// gone reports whether the other side ends the connection within 2 s.
func (p *rawPeer) gone() bool {
	p.SetReadDeadline(time.Now().Add(2 * time.Second))
	for b := make([]byte, 4096); ; {
		if _, err := p.Read(b); err != nil {
			ne, ok := err.(net.Error)
			return !ok || !ne.Timeout()
		}
	}
}

func local(t testing.TB) net.Listener {
	t.Helper()
	l, err := Listen("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// eventually waits up to 5 s for ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("never happened: %s", what)
}
