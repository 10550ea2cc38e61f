package transport

import (
	"bytes"
	"errors"
	"testing"
)

func TestGreetingIsItsOwnPeer(t *testing.T) {
	if err := checkGreeting(bytes.NewReader(greeting())); err != nil {
		t.Error(err)
	}
	if n := len(greeting()); n != 64 {
		t.Errorf("%d bytes, want 64", n)
	}
}

func TestGreetingErrors(t *testing.T) {
	change := func(at int, to ...byte) []byte {
		g := greeting()
		copy(g[at:], to)
		return g
	}
	for name, g := range map[string][]byte{
		"http":       []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"signature":  change(9, 0x7e),
		"version 2":  change(10, 2),
		"mechanism":  change(12, []byte("PLAIN\x00")...),
		"zero bytes": make([]byte, 64),
	} {
		if err := checkGreeting(bytes.NewReader(g)); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkGreeting(bytes.NewReader(change(10, 3, 0))); err != nil {
		t.Errorf("ZMTP 3.0: %v", err)
	}
	if err := checkGreeting(bytes.NewReader(greeting()[:40])); err == nil {
		t.Error("cut greeting accepted")
	}
}

func FuzzReady(f *testing.F) {
	f.Add(readyCommand("ROUTER")[2:])
	f.Add([]byte("\x05READY\x01a\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, body []byte) { parseReady(body) })
}
