//go:build unix

package history

import (
	"os"

	"golang.org/x/sys/unix"
)

// withLock runs do on the opened file, alone when writing, with other readers otherwise. The lock ends with the process at
// the latest.
func withLock(path string, write bool, do func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	how := unix.LOCK_SH
	if write {
		how = unix.LOCK_EX
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return err
	}
	return do(f)
}
