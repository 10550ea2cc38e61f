package repl

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// key is one thing that the terminal said: a key press, a paste, or an answer to a question.
type key struct {
	code  rune   // a character, or one of the constants below
	mods  mods   // held with it
	text  string // of a paste
	reply string // of an answer: the whole control sequence
}

type mods uint8

const (
	alt mods = 1 << iota
	ctrl
	shift
)

// Keys that are not characters, outside of Unicode.
const (
	keyNone rune = 0x110000 + iota
	keyEnter
	keyTab
	keyBackspace
	keyEscape
	keyUp
	keyDown
	keyLeft
	keyRight
	keyHome
	keyEnd
	keyPageUp
	keyPageDown
	keyDelete
	keyF1
	keyPaste
	keyReply
	keyResize // the terminal has another size
	keyWake   // something computed in the background is ready
	keyEOF    // the terminal is gone
)

// decoder turns the bytes of a terminal into keys. The zero value is ready.
type decoder struct {
	pending []byte
	pasting bool
}

const (
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// feed takes what was read and returns the keys that it completes.
func (d *decoder) feed(b []byte) (keys []key) {
	d.pending = append(d.pending, b...)
	for len(d.pending) > 0 {
		if d.pasting {
			k, ok := d.pasted()
			if !ok {
				return keys
			}
			keys = append(keys, k)
			continue
		}
		k, n := decode(d.pending)
		if n == 0 {
			return keys
		}
		d.pending = d.pending[n:]
		if k.code == keyPaste {
			d.pasting = true
			continue
		}
		if k.code != keyNone {
			keys = append(keys, k)
		}
	}
	return keys
}

// waiting reports whether what has come could be a key of its own, or the start of a longer one.
func (d *decoder) waiting() bool { return len(d.pending) > 0 && !d.pasting }

// flush says that nothing more came: a lone escape is the Escape key.
func (d *decoder) flush() (keys []key) {
	for len(d.pending) > 0 && !d.pasting {
		k, n := decode(d.pending)
		if n == 0 {
			k, n = cutShort(d.pending)
		}
		d.pending = d.pending[n:]
		if k.code != keyNone {
			keys = append(keys, k)
		}
	}
	return keys
}

// cutShort is the first key of the start of a longer sequence that did not come: Alt with a letter, or Escape.
func cutShort(b []byte) (key, int) {
	if len(b) == 2 && b[0] == 0x1b && b[1] > 0x20 && b[1] < 0x7f {
		return key{code: rune(b[1]), mods: alt}, 2
	}
	if b[0] != 0x1b {
		return key{code: utf8.RuneError}, 1
	}
	return key{code: keyEscape}, 1
}

// pasted returns the paste once its end has come.
func (d *decoder) pasted() (key, bool) {
	i := bytes.Index(d.pending, []byte(pasteEnd))
	if i < 0 {
		return key{}, false
	}
	text := string(d.pending[:i])
	d.pending, d.pasting = d.pending[i+len(pasteEnd):], false
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return key{code: keyPaste, text: strings.ToValidUTF8(text, "\uFFFD")}, true
}

// decode returns the first key of b and its length; 0 when more must come.
func decode(b []byte) (key, int) {
	if b[0] == 0x1b {
		return decodeEscape(b)
	}
	if b[0] < 0x20 || b[0] == 0x7f {
		return control(b[0]), 1
	}
	if !utf8.FullRune(b) {
		return key{}, 0
	}
	r, n := utf8.DecodeRune(b)
	return key{code: r}, n
}

func control(c byte) key {
	switch c {
	case '\r', '\n':
		return key{code: keyEnter}
	case '\t':
		return key{code: keyTab}
	case 0x7f, 0x08:
		return key{code: keyBackspace}
	case 0:
		return key{code: ' ', mods: ctrl}
	case 0x1c, 0x1d, 0x1e, 0x1f:
		return key{code: rune(c - 0x1c + '\\'), mods: ctrl}
	}
	return key{code: rune(c) - 1 + 'a', mods: ctrl}
}

func decodeEscape(b []byte) (key, int) {
	if len(b) == 1 {
		return key{}, 0
	}
	switch b[1] {
	case '[':
		return decodeCSI(b)
	case 'O':
		if len(b) < 3 {
			return key{}, 0
		}
		return key{code: finals[b[2]]}.orNone(), 3
	case 'P', '_', ']': // strings that a terminal answers with
		return decodeString(b)
	case 0x1b:
		return key{code: keyEscape}, 1
	}
	k, n := decode(b[1:])
	if n == 0 {
		return key{}, 0
	}
	k.mods |= alt
	return k, n + 1
}

// decodeString reads a string up to ESC \ or BEL.
func decodeString(b []byte) (key, int) {
	end, n := bytes.Index(b[2:], []byte("\x1b\\")), 2
	if bell := bytes.IndexByte(b[2:], 7); bell >= 0 && (end < 0 || bell < end) {
		end, n = bell, 1
	}
	if end >= 0 {
		return key{code: keyReply, reply: string(b[:2+end])}, 2 + end + n
	}
	if len(b) == 2 || len(b) > 4096 { // Alt-P, Alt-_ or Alt-]
		if len(b) == 2 {
			return key{}, 0
		}
		return key{code: keyEscape}, 1
	}
	return key{}, 0
}

// finals are the keys that the last byte of a sequence names.
var finals = map[byte]rune{
	'A': keyUp, 'B': keyDown, 'C': keyRight, 'D': keyLeft, 'H': keyHome, 'F': keyEnd, 'M': keyEnter, 'P': keyF1, 'Z': keyTab,
}

// numbered are the keys that the first parameter of CSI n ~ names.
var numbered = map[int]rune{1: keyHome, 2: keyNone, 3: keyDelete, 4: keyEnd, 5: keyPageUp, 6: keyPageDown, 7: keyHome, 8: keyEnd, 11: keyF1, 200: keyPaste}

func (k key) orNone() key {
	if k.code == 0 {
		k.code = keyNone
	}
	return k
}

func decodeCSI(b []byte) (key, int) {
	end := 2
	for end < len(b) && (b[end] < 0x40 || b[end] > 0x7e) {
		end++
	}
	if end == len(b) {
		return key{}, 0
	}
	body, final := string(b[2:end]), b[end]
	n := end + 1
	if strings.HasPrefix(body, "?") || final == 't' || final == 'R' {
		return key{code: keyReply, reply: string(b[:n])}, n
	}
	p := parameters(body)
	k := key{code: finals[final], mods: modifiers(p, 1)}
	switch final {
	case '~':
		k.code = numbered[p[0]]
		if p[0] == 27 && len(p) == 3 { // modifyOtherKeys
			k = plainKey(p[2], modifiers(p, 1))
		}
	case 'u': // the kitty protocol
		k = plainKey(p[0], modifiers(p, 1))
	case 'Z':
		k.mods |= shift
	}
	return k.orNone(), n
}

func parameters(body string) []int {
	var p []int
	for f := range strings.SplitSeq(body, ";") {
		f, _, _ = strings.Cut(f, ":")
		v, _ := strconv.Atoi(f)
		p = append(p, v)
	}
	return p
}

// modifiers are those of parameter i, which is one more than their bits.
func modifiers(p []int, i int) (m mods) {
	if i >= len(p) || p[i] < 2 {
		return 0
	}
	bits := p[i] - 1
	for bit, mod := range map[int]mods{1: shift, 2: alt, 4: ctrl} {
		if bits&bit != 0 {
			m |= mod
		}
	}
	return m
}

// plainKey is a key given by its character.
func plainKey(c int, m mods) key {
	if c < 0x20 || c == 0x7f {
		k := control(byte(c))
		if c == 0x1b {
			k = key{code: keyEscape}
		}
		k.mods |= m
		return k
	}
	return key{code: rune(c), mods: m}
}
