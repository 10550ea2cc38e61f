package engine

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

// While there are sessions, os.Stdout and os.Stderr are pipes whose readers give
// the text to the Sink of the cell that wrote it. What interpreted code prints
// is written as a frame that names its run, so that a goroutine that outlives
// its cell keeps it; bytes without a frame come from compiled code or child
// processes and go to the cell in the foreground. Frames and bare bytes take the
// same pipe, which keeps their order.
//
// A frame is the process's nonce, then run and length, then the text.
const headerLen = 16 + 8 + 4

type pipe struct {
	stream Stream
	w      *os.File
	saved  *os.File // the stream that it stands in for
	nonce  []byte
	end    readEnd

	mu    sync.Mutex
	runs  map[uint64]*run
	front *run // gets bare bytes
}

// standard is the process's redirected streams, nil while there is no session.
var standard struct {
	mu       sync.Mutex
	sessions int
	pipes    [2]atomic.Pointer[pipe]
}

// captureStreams redirects the standard streams for one more session.
func captureStreams() error {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.sessions == 0 {
		nonce := make([]byte, 16)
		rand.Read(nonce)
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
	standard.sessions++
	return nil
}

// releaseStreams undoes captureStreams; the last session restores the streams.
func releaseStreams() {
	standard.mu.Lock()
	defer standard.mu.Unlock()
	if standard.sessions--; standard.sessions > 0 {
		return
	}
	os.Stdout, os.Stderr = openPipe(Stdout).saved, openPipe(Stderr).saved
	log.SetOutput(os.Stderr)
	for i := range standard.pipes {
		standard.pipes[i].Swap(nil).w.Close()
	}
	lastForeground.Store(nil)
}

// openPipe is a redirected stream, or nil once the last session is closed: its
// goroutines can outlive it.
func openPipe(s Stream) *pipe { return standard.pipes[s].Load() }

// writeEnd is the file that stands in for a standard stream, or nil.
func writeEnd(s Stream) *os.File {
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
	p := &pipe{stream: s, w: w, saved: saved, nonce: nonce, runs: map[uint64]*run{}}
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
			p.give(p.runOf(id), b[headerLen:n])
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

func (p *pipe) give(r *run, text []byte) {
	if len(text) == 0 {
		return
	}
	if r == nil {
		p.saved.Write(text)
		return
	}
	r.sink.Stream(p.stream, bytes.Clone(text))
}

func (p *pipe) foreground() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.front
}

func (p *pipe) runOf(id uint64) *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.runs[id]; r != nil {
		return r
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

// writeStream writes text of a run to one of the standard streams.
func writeStream(r *run, s Stream, text []byte) (int, error) {
	p := openPipe(s)
	if p == nil {
		return 0, os.ErrClosed
	}
	p.mu.Lock()
	p.runs[r.id] = r
	p.mu.Unlock()
	if _, err := p.w.Write(p.frame(r.id, text)); err != nil {
		return 0, err
	}
	r.wrote.Store(true)
	return len(text), nil
}

// setForeground makes bare bytes those of r from here on.
func setForeground(r *run) {
	for _, s := range []Stream{Stdout, Stderr} {
		if p := openPipe(s); p != nil {
			p.mu.Lock()
			p.front = r
			p.mu.Unlock()
		}
	}
	lastForeground.Store(r)
}

// flushStreams returns when everything written before has reached its sink.
func flushStreams() {
	for _, s := range []Stream{Stdout, Stderr} {
		if p := openPipe(s); p != nil {
			p.drain()
		}
	}
}

// forget drops a run that has ended and has no goroutines left.
func (r *run) forget() {
	for _, s := range []Stream{Stdout, Stderr} {
		if p := openPipe(s); p != nil {
			p.mu.Lock()
			delete(p.runs, r.id)
			p.mu.Unlock()
		}
	}
}
