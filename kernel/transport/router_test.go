package transport

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func router(t testing.TB, l Limits) *Router {
	r := NewRouter(local(t), l, nil)
	t.Cleanup(func() { r.Close(0) })
	return r
}

func TestRouterRepliesToTheSender(t *testing.T) {
	r := router(t, Limits{})
	for _, id := range []string{"alice", "bob", ""} {
		p := connect(t, r.Addr(), "DEALER", id)
		p.send("", "hello from "+id)
		m, err := r.Receive()
		if err != nil || len(m.Frames) != 2 || string(m.Frames[1]) != "hello from "+id || m.Peer == "" || id != "" && m.Peer != id {
			t.Fatalf("received %q %q, %v", m.Peer, m.Frames, err)
		}
		if err := r.Send(m.Peer, [][]byte{[]byte("to"), []byte(id)}); err != nil {
			t.Fatal(err)
		}
		if got := p.receive(); !reflect.DeepEqual(got, []string{"to", id}) {
			t.Errorf("%q received %q", id, got)
		}
	}
}

func TestRouterSendToNobody(t *testing.T) {
	r := router(t, Limits{})
	if err := r.Send("carol", [][]byte{{1}}); !errors.Is(err, ErrNoPeer) {
		t.Error(err)
	}
	if r.Counts().Dropped != 1 {
		t.Error("not counted")
	}
}

func TestRouterHandsAnIdentityOver(t *testing.T) {
	r := router(t, Limits{})
	old := connect(t, r.Addr(), "DEALER", "lab")
	old.send("1")
	r.Receive()
	fresh := connect(t, r.Addr(), "DEALER", "lab")
	if !old.gone() {
		t.Error("the old connection of an identity stays")
	}
	fresh.send("2")
	r.Receive()
	if err := r.Send("lab", [][]byte{[]byte("here")}); err != nil {
		t.Fatal(err)
	}
	if got := fresh.receive(); !reflect.DeepEqual(got, []string{"here"}) {
		t.Errorf("received %q", got)
	}
}

func TestRouterIgnoresUnknownCommandsAndAnswersPing(t *testing.T) {
	r := router(t, Limits{})
	p := connect(t, r.Addr(), "DEALER", "p")
	p.write(appendFrame(nil, flagCommand, []byte("\x05FANCY...")))
	p.write(appendFrame(nil, flagCommand, []byte("\x04PING\x00\x64context")))
	_, body, err := p.r.frame()
	if err != nil || string(body) != "\x04PONGcontext" {
		t.Errorf("%q, %v", body, err)
	}
}

// What each bad peer does, and the count that shows it.
func TestBadPeersAreDroppedAndCounted(t *testing.T) {
	huge := "\x02\x00\x00\x00\x00\xff\x00\x00\x00"
	for _, c := range []struct {
		name  string
		do    func(*Router) *rawPeer
		count func(Counts) int64
	}{
		{"http", func(r *Router) *rawPeer {
			p := dial(t, r.Addr())
			p.write([]byte("GET / HTTP/1.1\r\n\r\n"))
			return p
		}, func(c Counts) int64 { return c.Refused }},
		{"silent", func(r *Router) *rawPeer { return dial(t, r.Addr()) }, func(c Counts) int64 { return c.Refused }},
		{"greets and falls silent", func(r *Router) *rawPeer {
			p := dial(t, r.Addr())
			p.write(greeting())
			return p
		}, func(c Counts) int64 { return c.Refused }},
		{"huge READY", func(r *Router) *rawPeer {
			p := dial(t, r.Addr())
			p.write(append(greeting(), strings.Replace(huge, "\x02", "\x06", 1)...))
			return p
		}, func(c Counts) int64 { return c.Refused }},
		{"wrong socket type", func(r *Router) *rawPeer {
			return connect(t, r.Addr(), "SUB", "")
		}, func(c Counts) int64 { return c.Refused }},
		{"garbage frames", func(r *Router) *rawPeer {
			p := connect(t, r.Addr(), "DEALER", "")
			p.write([]byte("\xee\xee\xee"))
			return p
		}, func(c Counts) int64 { return c.Malformed }},
		{"huge frame", func(r *Router) *rawPeer {
			p := connect(t, r.Addr(), "DEALER", "")
			p.write([]byte(huge))
			return p
		}, func(c Counts) int64 { return c.Oversized }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := router(t, Limits{Handshake: 200 * time.Millisecond})
			if !c.do(r).gone() {
				t.Error("still connected")
			}
			eventually(t, "counted", func() bool { return c.count(r.Counts()) == 1 })
			good := connect(t, r.Addr(), "DEALER", "good")
			good.send("still serving")
			if m, err := r.Receive(); err != nil || string(m.Frames[0]) != "still serving" {
				t.Errorf("%q, %v", m.Frames, err)
			}
		})
	}
}

func TestTooManyPeersAreRefused(t *testing.T) {
	r := router(t, Limits{Peers: 2})
	a, b := connect(t, r.Addr(), "DEALER", "a"), connect(t, r.Addr(), "DEALER", "b")
	if !dial(t, r.Addr()).gone() {
		t.Error("a third peer got in")
	}
	a.Close()
	eventually(t, "a gone", func() bool { return r.Counts().Peers == 1 })
	c := connect(t, r.Addr(), "DEALER", "c")
	b.send("b")
	r.Receive()
	c.send("c")
	if m, _ := r.Receive(); m.Peer != "c" {
		t.Errorf("received from %q", m.Peer)
	}
}

// A peer that never reads its replies costs at most its queue.
func TestPeerThatNeverReadsRepliesIsDisconnected(t *testing.T) {
	r := router(t, Limits{Queue: 1 << 20})
	p := connect(t, r.Addr(), "DEALER", "deaf")
	p.send("x")
	r.Receive()
	reply := [][]byte{make([]byte, 256<<10)}
	eventually(t, "disconnected", func() bool { return r.Send("deaf", reply) != nil })
	if n := r.Counts().Stalled; n != 1 {
		t.Errorf("stalled: %d", n)
	}
}

func TestCloseDeliversWhatIsQueued(t *testing.T) {
	r := router(t, Limits{})
	p := connect(t, r.Addr(), "DEALER", "p")
	for range 50 { // input that nobody takes must not spoil the output
		p.send("noise")
	}
	m, _ := r.Receive()
	big := strings.Repeat("x", 4<<20)
	r.Send(m.Peer, [][]byte{[]byte(big)})
	r.Send(m.Peer, [][]byte{[]byte("shutdown_reply")})
	go r.Close(2 * time.Second)
	if got := p.receive(); len(got) != 1 || got[0] != big {
		t.Error("first message lost")
	}
	if got := p.receive(); !reflect.DeepEqual(got, []string{"shutdown_reply"}) {
		t.Errorf("last message: %q", got)
	}
}

func TestCloseEndsReceive(t *testing.T) {
	r := router(t, Limits{})
	go func() {
		time.Sleep(20 * time.Millisecond)
		r.Close(0)
	}()
	if _, err := r.Receive(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestEcho(t *testing.T) {
	e := NewEcho(local(t), Limits{})
	defer e.Close(0)
	p := connect(t, e.Addr(), "REQ", "")
	for _, m := range [][]string{{"", "ping"}, {"envelope", "", "ping", "pong"}} {
		p.send(m...)
		if got := p.receive(); !reflect.DeepEqual(got, m) {
			t.Errorf("sent %q, got %q", m, got)
		}
	}
	p.send("no delimiter")
	p.send("", "after")
	if got := p.receive(); !reflect.DeepEqual(got, []string{"", "after"}) {
		t.Errorf("got %q", got)
	}
}
