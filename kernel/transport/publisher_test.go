package transport

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func publisher(t testing.TB, l Limits) *Publisher {
	p := NewPublisher(local(t), l, func(topic string) [][][]byte {
		return [][][]byte{{[]byte(topic), []byte("welcome")}}
	})
	t.Cleanup(func() { p.Close(0) })
	return p
}

// subscriber connects, subscribes and has seen its welcome.
func subscriber(t testing.TB, p *Publisher, topic string) *rawPeer {
	t.Helper()
	s := connect(t, p.Addr(), "SUB", "")
	s.subscribe(topic)
	if got := s.receive(); !reflect.DeepEqual(got, []string{topic, "welcome"}) {
		t.Fatalf("welcome: %q", got)
	}
	return s
}

func publish(p *Publisher, droppable bool, frames ...string) {
	var b [][]byte
	for _, f := range frames {
		b = append(b, []byte(f))
	}
	p.Publish(b, droppable)
}

func TestTopicsArePrefixes(t *testing.T) {
	p := publisher(t, Limits{})
	all, some := subscriber(t, p, ""), subscriber(t, p, "kernel.stream")
	publish(p, true, "kernel.status", "1")
	publish(p, true, "kernel.stream.stdout", "2")
	if a, b := all.receive(), all.receive(); a[1] != "1" || b[1] != "2" {
		t.Errorf("all: %q %q", a, b)
	}
	if a := some.receive(); a[1] != "2" {
		t.Errorf("some: %q", a)
	}
}

func TestSubscribeAndCancelInBothDialects(t *testing.T) {
	p := publisher(t, Limits{})
	s := connect(t, p.Addr(), "SUB", "")
	s.send("\x01old")
	if got := s.receive(); !reflect.DeepEqual(got, []string{"old", "welcome"}) {
		t.Fatalf("ZMTP 3.0 subscription: %q", got)
	}
	s.send("\x01old") // twice: counted, welcomed once
	s.send("\x00old")
	s.write(appendFrame(nil, flagCommand, []byte("\x06CANCELnever")))
	s.subscribe("new")
	if got := s.receive(); !reflect.DeepEqual(got, []string{"new", "welcome"}) {
		t.Fatalf("ZMTP 3.1 subscription: %q", got)
	}
	publish(p, true, "old")
	if got := s.receive(); !reflect.DeepEqual(got, []string{"old"}) {
		t.Errorf("still subscribed once: %q", got)
	}
	s.send("\x00old")
	s.write(appendFrame(nil, flagCommand, []byte("\x06CANCELnew")))
	eventually(t, "unsubscribed", func() bool { return p.Subscribers() == 0 })
}

func TestSubscriptionsAreBounded(t *testing.T) {
	for name, do := range map[string]func(*rawPeer){
		"count": func(s *rawPeer) {
			for i := range maxSubscriptions + 1 {
				s.subscribe(fmt.Sprint(i))
			}
		},
		"length": func(s *rawPeer) { s.subscribe(strings.Repeat("t", maxTopic+1)) },
	} {
		p := publisher(t, Limits{})
		s := connect(t, p.Addr(), "SUB", "")
		do(s)
		if !s.gone() || p.Counts().Oversized != 1 {
			t.Errorf("%s: not disconnected, %+v", name, p.Counts())
		}
	}
}

// The heart of it: one subscriber that never reads costs the other nothing, keeps its status messages, and costs a bounded
// amount of memory.
func TestStalledSubscriber(t *testing.T) {
	const queue = 8 << 20
	p := publisher(t, Limits{Queue: queue})
	stalled, live := subscriber(t, p, ""), subscriber(t, p, "")
	text := strings.Repeat("x", 10<<10)
	const n = 6000 // 60 MB
	got := make(chan int)
	go func() {
		count := 0
		for m := live.receive(); m != nil && m[0] != "status"; m = live.receive() {
			count++
		}
		got <- count
	}()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range n {
		publish(p, true, "stream", text)
		time.Sleep(20 * time.Microsecond) // the reader keeps up
	}
	publish(p, false, "status", "idle")
	if c := <-got; c != n {
		t.Errorf("the live subscriber got %d of %d", c, n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 2*queue {
		t.Errorf("heap grew by %d bytes", grown)
	}
	if p.Counts().Dropped == 0 {
		t.Error("the stalled subscriber lost nothing: the test's queue is too big")
	}
	last := ""
	for m := stalled.receive(); m != nil && last != "status"; m = stalled.receive() {
		last = m[0]
		if last == "status" {
			break
		}
	}
	if last != "status" {
		t.Errorf("the stalled subscriber's last message is %q, want the status", last)
	}
}

func TestSubscriberFullOfStatusesIsDisconnected(t *testing.T) {
	p := publisher(t, Limits{Queue: 64 << 10})
	s := subscriber(t, p, "")
	text := strings.Repeat("s", 16<<10)
	eventually(t, "disconnected", func() bool {
		publish(p, false, "status", text)
		return p.Counts().Stalled == 1
	})
	if !s.gone() {
		t.Error("still connected")
	}
}

// 24 clients that connect, subscribe and vanish leave nothing behind.
func TestVanishingClientsLeaveNothing(t *testing.T) {
	p := publisher(t, Limits{})
	before := runtime.NumGoroutine()
	for range 10 {
		for range 24 {
			subscriber(t, p, "").Close()
		}
		publish(p, false, "status")
	}
	eventually(t, "no peers and no goroutines left", func() bool {
		return p.Counts().Peers == 0 && p.Subscribers() == 0 && runtime.NumGoroutine() <= before
	})
}
