//go:build unix

package weights

import (
	"fmt"
	"os"
	"syscall"
)

// mapFile maps the file at path for reading. An empty file gives no bytes. Whoever shortens the file while it is mapped
// makes the process fault; our own writers replace files by renaming, which is safe.
func mapFile(path string) (data []byte, unmap func() error, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("it is not a regular file")
	}
	if info.Size() == 0 {
		return nil, func() error { return nil }, nil
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, fmt.Errorf("mapping %d bytes: %w", info.Size(), err)
	}
	return data, func() error { return syscall.Munmap(data) }, nil
}
