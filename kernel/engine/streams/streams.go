// Package streams shares the process's standard streams among those who write to them. While somebody captures, os.Stdout
// and os.Stderr are pipes whose readers give the text to its owner. What an Owner writes is a frame that names it, so that
// a goroutine that goes on keeps its owner; bytes without a frame come from compiled code or child processes and go to the
// owner in the foreground. Frames and bare bytes take the same pipe, which keeps their order.
package streams

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"sync"
	"sync/atomic"
)

// Stream names a standard stream.
type Stream int

// The two standard streams.
const (
	Stdout Stream = iota
	Stderr
)

// String is the name that Jupyter uses.
func (s Stream) String() string {
	if s == Stderr {
		return "stderr"
	}
	return "stdout"
}

// Owner gets what was written in its name.
type Owner struct {
	id   uint64 // unique in the process
	give func(s Stream, text []byte)
}

var ids atomic.Uint64

// NewOwner is an owner whose text goes to give, which may keep the slice.
func NewOwner(give func(s Stream, text []byte)) *Owner { return &Owner{id: ids.Add(1), give: give} }

// A frame is the process's nonce, then owner and length, then the text.
const headerLen = 16 + 8 + 4

type pipe struct {
	stream Stream
	w      *os.File
	saved  *os.File // the stream that it stands in for
	nonce  []byte
	end    readEnd

	mu     sync.Mutex
	owners map[uint64]*Owner
	front  *Owner // gets bare bytes
}

// standard is the process's redirected streams, nil while nobody captures.
var standard struct {
	mu       sync.Mutex
	captures int
	pipes    [2]atomic.Pointer[pipe]
}

// Capture redirects the standard streams, once more.
func Capture() error {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.captures == 0 {
		nonce := newNonce()
		for i, f := range []*os.File{os.Stdout, os.Stderr} {
			p, err := newPipe(Stream(i), f, nonce)
			if err != nil {
				return fmt.Errorf("capturing %v: %w", Stream(i), err)
			}
			standard.pipes[i].Store(p)
		}
		os.Stdout, os.Stderr = openPipe(Stdout).w, openPipe(Stderr).w
		log.SetOutput(os.Stderr)
	}
	standard.captures++
	return nil
}

// newNonce is what frames begin with. Its first byte is none of UTF-8: the last bytes of bare text wait for more while they could
// begin a frame, and one process in 256 would keep each last newline until the next text.
func newNonce() []byte {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	nonce[0] = 0xff
	return nonce
}

// Release undoes Capture; the last one restores the streams and is true.
func Release() (last bool) {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.captures--; standard.captures > 0 {
		return false
	}
	os.Stdout, os.Stderr = openPipe(Stdout).saved, openPipe(Stderr).saved
	log.SetOutput(os.Stderr)
	for i := range standard.pipes {
		standard.pipes[i].Swap(nil).w.Close()
	}
	return true
}

// openPipe is a redirected stream, or nil once the last capture is released: goroutines can outlive it.
func openPipe(s Stream) *pipe { return standard.pipes[s].Load() }

// WriteEnd is the file that stands in for a standard stream, or nil.
func WriteEnd(s Stream) *os.File {
	if p := openPipe(s); p != nil {
		return p.w
	}
	return nil
}

func newPipe(s Stream, saved *os.File, nonce []byte) (*pipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &pipe{stream: s, w: w, saved: saved, nonce: nonce, owners: map[uint64]*Owner{}}
	if err := p.end.open(r); err != nil {
		return nil, err
	}
	go p.read(r)
	return p, nil
}

// deliver hands out what is complete in b and returns the rest.
func (p *pipe) deliver(b []byte, end bool) (rest []byte) {
	for len(b) > 0 {
		i := bytes.Index(b, p.nonce)
		if i < 0 {
			keep := p.nonceStart(b)
			if end {
				keep = 0
			}
			p.give(p.foreground(), b[:len(b)-keep])
			return bytes.Clone(b[len(b)-keep:])
		}
		p.give(p.foreground(), b[:i])
		b = b[i:]
		if len(b) < headerLen {
			break
		}
		id := binary.LittleEndian.Uint64(b[16:])
		n := headerLen + int(binary.LittleEndian.Uint32(b[24:]))
		if len(b) < n {
			break
		}
		if id&endMark != 0 {
			p.end.reached(id)
		} else {
			p.give(p.ownerOf(id), b[headerLen:n])
		}
		b = b[n:]
	}
	return bytes.Clone(b)
}

// nonceStart is how many bytes at the end of b could begin a frame.
func (p *pipe) nonceStart(b []byte) int {
	for k := min(len(p.nonce)-1, len(b)); k > 0; k-- {
		if bytes.HasSuffix(b, p.nonce[:k]) {
			return k
		}
	}
	return 0
}

func (p *pipe) give(o *Owner, text []byte) {
	if len(text) == 0 {
		return
	}
	if o == nil {
		p.saved.Write(text)
		return
	}
	o.give(p.stream, bytes.Clone(text))
}

func (p *pipe) foreground() *Owner {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.front
}

func (p *pipe) ownerOf(id uint64) *Owner {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o := p.owners[id]; o != nil {
		return o
	}
	return p.front
}

func (p *pipe) frame(id uint64, text []byte) []byte {
	b := make([]byte, 0, headerLen+len(text))
	b = append(b, p.nonce...)
	b = binary.LittleEndian.AppendUint64(b, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

// Write writes text to one of the standard streams.
func (o *Owner) Write(s Stream, text []byte) (int, error) {
	p := openPipe(s)
	if p == nil {
		return 0, os.ErrClosed
	}
	p.mu.Lock()
	p.owners[o.id] = o
	p.mu.Unlock()
	if _, err := p.w.Write(p.frame(o.id, text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// each calls f with the streams that are redirected.
func each(f func(*pipe)) {
	for _, s := range []Stream{Stdout, Stderr} {
		if p := openPipe(s); p != nil {
			f(p)
		}
	}
}

// Foreground makes bare bytes those of o from here on.
func (o *Owner) Foreground() {
	each(func(p *pipe) {
		p.mu.Lock()
		p.front = o
		p.mu.Unlock()
	})
}

// Flush returns when everything written before has reached its owner.
func Flush() { each((*pipe).drain) }

// Forget drops an owner that writes no more and whose text has arrived.
func (o *Owner) Forget() {
	each(func(p *pipe) {
		p.mu.Lock()
		delete(p.owners, o.id)
		p.mu.Unlock()
	})
}

// Settle waits for the text of an owner that writes no more, and drops it.
func (o *Owner) Settle() {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.captures > 0 {
		Flush()
		o.Forget()
	}
}
