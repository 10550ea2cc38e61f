package repl

import (
	"slices"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []key
	}{
		{"aé世", []key{{code: 'a'}, {code: 'é'}, {code: '世'}}},
		{"\r\t\x7f\x08", []key{{code: keyEnter}, {code: keyTab}, {code: keyBackspace}, {code: keyBackspace}}},
		{"\x01\x03\x1c\x1f\x00", []key{{code: 'a', mods: ctrl}, {code: 'c', mods: ctrl}, {code: '\\', mods: ctrl}, {code: '_', mods: ctrl}, {code: ' ', mods: ctrl}}},
		{"\x1b[A\x1bOB\x1b[1;5C\x1b[1;3D", []key{{code: keyUp}, {code: keyDown}, {code: keyRight, mods: ctrl}, {code: keyLeft, mods: alt}}},
		{"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[3~\x1b[5~\x1b[6~", []key{{code: keyHome}, {code: keyEnd}, {code: keyHome}, {code: keyEnd}, {code: keyDelete}, {code: keyPageUp}, {code: keyPageDown}}},
		{"\x1b[Z\x1bOP\x1b[11~", []key{{code: keyTab, mods: shift}, {code: keyF1}, {code: keyF1}}},
		{"\x1bb\x1b\r\x1b\x7f", []key{{code: 'b', mods: alt}, {code: keyEnter, mods: alt}, {code: keyBackspace, mods: alt}}},
		{"\x1b[13;2u\x1b[27;5;97~\x1b[97;5u", []key{{code: keyEnter, mods: shift}, {code: 'a', mods: ctrl}, {code: 'a', mods: ctrl}}},
		{"\x1b[200~a\r\nb\x1b[Ac\x1b[201~d", []key{{code: keyPaste, text: "a\nb\x1b[Ac"}, {code: 'd'}}},
		{"\x1b[?62;4c\x1b[6;20;10t", []key{{code: keyReply, reply: "\x1b[?62;4c"}, {code: keyReply, reply: "\x1b[6;20;10t"}}},
		{"\x1b_Gi=31;OK\x1b\\x\x1bP>|iTerm2 3.5\x1b\\", []key{{code: keyReply, reply: "\x1b_Gi=31;OK"}, {code: 'x'}, {code: keyReply, reply: "\x1bP>|iTerm2 3.5"}}},
		{"\x1b[99~\x1b[ q", nil},
	} {
		var d decoder
		if got := d.feed([]byte(c.in)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.in, got, c.want)
		}
		var slow decoder // byte by byte gives the same
		var got []key
		for _, b := range []byte(c.in) {
			got = append(got, slow.feed([]byte{b})...)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q in pieces: %v, want %v", c.in, got, c.want)
		}
	}
}

// What could be the start of a sequence is a key of its own when nothing follows.
func TestDecodeAfterAPause(t *testing.T) {
	for in, want := range map[string][]key{
		"\x1b":    {{code: keyEscape}},
		"\x1b_":   {{code: '_', mods: alt}},
		"\x1b[":   {{code: '[', mods: alt}},
		"a\x1bP":  {{code: 'a'}, {code: 'P', mods: alt}},
		"\x1b[1;": {{code: keyEscape}, {code: '['}, {code: '1'}, {code: ';'}},
	} {
		var d decoder
		got := d.feed([]byte(in))
		if !d.waiting() {
			t.Errorf("%q does not wait", in)
		}
		if got = append(got, d.flush()...); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\x1b[200~x\x1b[201~\x1b_G\x1b[1;2~\xff\x1b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d decoder
		d.feed(b)
		d.flush()
		if d.waiting() {
			t.Errorf("%q leaves %q", b, d.pending)
		}
	})
}
