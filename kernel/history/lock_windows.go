package history

import (
	"os"

	"golang.org/x/sys/windows"
)

// withLock runs do on the opened file, alone when writing, with other readers otherwise. The lock ends with the process at
// the latest.
func withLock(path string, write bool, do func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	var flags uint32
	if write {
		flags = windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	// A byte far behind the end: Windows locks bind reads and writes of the range.
	region := &windows.Overlapped{OffsetHigh: 1 << 30}
	h := windows.Handle(f.Fd())
	if err := windows.LockFileEx(h, flags, 0, 1, 0, region); err != nil {
		return err
	}
	defer windows.UnlockFileEx(h, 0, 1, 0, region)
	return do(f)
}
