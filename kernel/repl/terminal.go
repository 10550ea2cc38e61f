package repl

import (
	"os"
	"time"

	"golang.org/x/term"
)

// terminal is the user's terminal in raw mode. A goroutine reads it all the time, so that Ctrl-C is seen also while a cell
// runs; what is typed then waits for the next prompt.
type terminal struct {
	in, out *os.File
	keys    chan key
	replies chan string // what the terminal answers to questions
	saved   *term.State
	undo    func()
}

// escapeWait is how long an escape may be the start of a longer sequence.
const escapeWait = 40 * time.Millisecond

// openTerminal puts the terminal into raw mode and begins to read it.
func openTerminal(in, out *os.File) (*terminal, error) {
	t := &terminal{in: in, out: out, keys: make(chan key, 4096), replies: make(chan string, 64)}
	if err := t.raw(); err != nil {
		return nil, err
	}
	read := make(chan []byte)
	go t.read(read)
	go t.decode(read)
	t.watchSize()
	return t, nil
}

// raw takes the terminal over; restore gives it back.
func (t *terminal) raw() (err error) {
	if t.saved, err = term.MakeRaw(int(t.in.Fd())); err != nil {
		return err
	}
	t.undo = t.prepare()
	t.out.WriteString("\x1b[?2004h") // bracketed paste
	return nil
}

func (t *terminal) restore() {
	t.out.WriteString("\x1b[?2004l\x1b[?25h\x1b[0m")
	if t.undo != nil {
		t.undo()
	}
	term.Restore(int(t.in.Fd()), t.saved)
}

func (t *terminal) size() (width, height int) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

func (t *terminal) read(to chan<- []byte) {
	defer close(to)
	for {
		b := make([]byte, 32<<10)
		n, err := t.in.Read(b)
		if n > 0 {
			to <- b[:n]
		}
		if err != nil {
			return
		}
	}
}

// decode gives out keys until the terminal is gone.
func (t *terminal) decode(from <-chan []byte) {
	var d decoder
	timer := time.NewTimer(time.Hour)
	for {
		select {
		case b, ok := <-from:
			if !ok {
				t.keys <- key{code: keyEOF}
				return
			}
			t.give(d.feed(b))
			if d.waiting() {
				timer.Reset(escapeWait)
			}
		case <-timer.C:
			t.give(d.flush())
		}
	}
}

func (t *terminal) give(keys []key) {
	for _, k := range keys {
		if k.code == keyReply {
			select {
			case t.replies <- k.reply:
			default: // an answer to nobody's question
			}
			continue
		}
		t.keys <- k
	}
}

// wake makes whoever waits for keys look again.
func (t *terminal) wake() {
	select {
	case t.keys <- key{code: keyWake}:
	default: // there are keys to look at anyway
	}
}
