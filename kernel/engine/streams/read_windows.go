package streams

import (
	"os"
	"sync"
)

// readEnd is the reading end of a pipe. A frame with a mark in its id tells when what was written before it has been
// delivered.
type readEnd struct {
	mu    sync.Mutex
	marks uint64
	waits map[uint64]chan struct{}
}

const endMark = 1 << 63

func (s *readEnd) open(*os.File) error {
	s.waits = map[uint64]chan struct{}{}
	return nil
}

// read delivers what comes through the pipe until its writing end is closed.
func (p *pipe) read(r *os.File) {
	defer r.Close()
	var pending []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		pending = p.deliver(append(pending, buf[:n]...), err != nil)
		if err != nil {
			return
		}
	}
}

func (s *readEnd) reached(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.waits[id])
	delete(s.waits, id)
}

// drain waits until what has been written is delivered.
func (p *pipe) drain() {
	s := &p.end
	s.mu.Lock()
	s.marks++
	id, done := s.marks|endMark, make(chan struct{})
	s.waits[id] = done
	s.mu.Unlock()
	if _, err := p.w.Write(p.frame(id, nil)); err == nil {
		<-done
	}
}
