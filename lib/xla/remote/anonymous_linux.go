package remote

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// anonymous is a file in memory that has no name in any folder.
func anonymous(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("taking memory for %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
