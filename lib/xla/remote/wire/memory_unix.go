//go:build unix

package wire

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Shared is memory shared between the program and msflow-device, by a file that both have open. One transfer at a time uses it.
type Shared struct {
	sync.Mutex
	File *os.File
	data []byte
}

// Grow makes the memory at least n bytes large. The program calls it; msflow-device follows by [Shared.Map].
func (s *Shared) Grow(n int) ([]byte, error) {
	if n > len(s.data) {
		n = max(n, 2*len(s.data), 1<<20)
		if err := s.File.Truncate(int64(n)); err != nil {
			return nil, fmt.Errorf("sharing %d bytes with msflow-device: %w", n, err)
		}
	}
	return s.Map(n)
}

// Map gives the memory of a file that is n bytes large, or larger where it was mapped before.
func (s *Shared) Map(n int) ([]byte, error) {
	if n <= len(s.data) {
		return s.data, nil
	}
	data, err := unix.Mmap(int(s.File.Fd()), 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("sharing %d bytes with msflow-device: %w", n, err)
	}
	if s.data != nil {
		unix.Munmap(s.data)
	}
	s.data = data
	return data, nil
}
