//go:build unix

package streams

import (
	"os"
	"sync"
	"syscall"
)

// readEnd is the reading end of a pipe. Whoever reads delivers before anyone else can read on, so that Flush can do it
// itself: to wait for the reading goroutine would cost several switches of threads every time.
type readEnd struct {
	raw syscall.RawConn

	mu      sync.Mutex // held from reading to having delivered
	buf     [64 << 10]byte
	pending []byte // the start of a frame
}

func (s *readEnd) open(r *os.File) (err error) {
	s.raw, err = r.SyscallConn()
	return err
}

// read delivers what comes through the pipe until its writing end is closed.
func (p *pipe) read(r *os.File) {
	defer r.Close()
	for ended := false; !ended; {
		err := p.end.raw.Read(func(fd uintptr) bool {
			var n int
			n, ended = p.take(int(fd))
			return n > 0 || ended // or wait until there is more
		})
		ended = ended || err != nil
	}
}

// take delivers what the pipe holds, up to a buffer full, without waiting.
func (p *pipe) take(fd int) (n int, ended bool) {
	s := &p.end
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := syscall.Read(fd, s.buf[:])
	for err == syscall.EINTR {
		n, err = syscall.Read(fd, s.buf[:])
	}
	ended = err == nil && n == 0 || err != nil && err != syscall.EAGAIN
	s.pending = p.deliver(append(s.pending, s.buf[:max(n, 0)]...), ended)
	return n, ended
}

// drain delivers what has been written.
func (p *pipe) drain() {
	const most = 1 << 20 // more than a pipe holds
	for total, n := 0, 1; total < most && n > 0; total += n {
		if p.end.raw.Control(func(fd uintptr) { n, _ = p.take(int(fd)) }) != nil {
			return
		}
	}
}

// endMark is in no owner's id.
const endMark = 0

func (*readEnd) reached(uint64) {}
