package streams

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestTextIsNotKeptBack ends bare text with every character of ASCII and others, under many nonces: all of it arrives.
func TestTextIsNotKeptBack(t *testing.T) {
	for range 1000 {
		var got strings.Builder
		p := &pipe{nonce: newNonce(), owners: map[uint64]*Owner{}, front: NewOwner(func(_ Stream, text []byte) { got.Write(text) })}
		for c := range rune(utf8.RuneSelf + 100) {
			if rest := p.deliver([]byte(string(c)), false); len(rest) > 0 {
				t.Fatalf("%q is kept back", rest)
			}
		}
		if n := utf8.RuneCountInString(got.String()); n != utf8.RuneSelf+100 {
			t.Fatalf("%d characters arrived", n)
		}
	}
}

// TestFramesAmongText finds frames wherever the reading cuts the bytes.
func TestFramesAmongText(t *testing.T) {
	var front, own strings.Builder
	p := &pipe{nonce: newNonce(), owners: map[uint64]*Owner{}, front: NewOwner(func(_ Stream, text []byte) { front.Write(text) })}
	o := NewOwner(func(_ Stream, text []byte) { own.Write(text) })
	p.owners[o.id] = o
	bytes := append([]byte("before\n\xff"), p.frame(o.id, []byte("in the frame"))...)
	bytes = append(bytes, "after\n"...)
	for cut := range bytes {
		front.Reset()
		own.Reset()
		rest := p.deliver(append([]byte{}, bytes[:cut]...), false)
		if rest = p.deliver(append(rest, bytes[cut:]...), false); len(rest) > 0 || front.String() != "before\n\xffafter\n" || own.String() != "in the frame" {
			t.Fatalf("cut at %d: %q and %q, %q is left", cut, front.String(), own.String(), rest)
		}
	}
}
