package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/msflow-go/msflow/lib/durable"
)

// LockName is the file in a folder of results that a process locks while it writes there. The lock goes with the process,
// however that ends; the file stays.
const LockName = ".lock"

// holder says who writes in a folder, or which command did last.
type holder struct {
	Command string    `json:"command"`
	PID     int       `json:"pid,omitempty"` // 0: nobody has it now
	Host    string    `json:"host,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

func (h holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("msflow %s (process %d on %s, since %s)", h.Command, h.PID, h.Host, h.Since.Local().Format("15:04:05 on 2 Jan"))
}

// Lock makes a folder this process's own until release is called, and removes what a killed process left unfinished in
// it. A folder that another process has is an error that says which. The lock file stays and says which command writes here, but
// where nothing was written it goes, and with it the folders that Lock made.
func Lock(dir, command string) (release func(), err error) {
	above, before := existing(dir), namesIn(dir)
	l, err := lock(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, LockName)
	release = func() {
		if !leaveNothing(dir, above, before) {
			_ = writeHolder(path, holder{Command: command})
		}
		_ = l.Unlock()
	}
	host, _ := os.Hostname()
	err = writeHolder(path, holder{command, os.Getpid(), host, time.Now().UTC().Truncate(time.Second)})
	if err == nil {
		err = durable.Sweep(dir, LockName)
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return release, nil
}

// lock takes the lock of a folder. The file may be one that another process, having written nothing, has just taken away.
func lock(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, LockName)
	for {
		if err := durable.MkdirAll(dir); err != nil {
			return nil, fmt.Errorf("the folder for the results: %w", err)
		}
		l := flock.New(path, flock.SetPermissions(0o644))
		ok, err := l.TryLock()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", dir, err)
		}
		if !ok {
			return nil, fmt.Errorf("%s is in use by %v", dir, lastHolder(dir))
		}
		held, err1 := l.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(held, there) {
			return l, nil
		}
		_ = l.Unlock()
	}
}

// writeHolder writes in place: the lock is on this very file.
func writeHolder(path string, h holder) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// lastHolder is who has the folder, or had it last; nobody known where that cannot be read.
func lastHolder(dir string) (h holder) {
	if text, err := os.ReadFile(filepath.Join(dir, LockName)); err == nil {
		_ = json.Unmarshal(text, &h)
	}
	return h
}

// existing is the folder that is there already, of a path and the folders above it.
func existing(path string) string {
	path = filepath.Clean(path)
	for filepath.Dir(path) != path {
		if _, err := os.Stat(path); err == nil {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}

// leaveNothing removes the lock file of a folder that holds what it held before and nothing else, and the folders up to, but not, the
// one that was there before.
func leaveNothing(dir, above string, before []string) bool {
	now := namesIn(dir)
	if len(now) > 1 && (slices.Contains(before, LockName) || len(now) != len(before)+1) {
		return false
	}
	if os.Remove(filepath.Join(dir, LockName)) != nil {
		return false
	}
	for dir = filepath.Clean(dir); dir != above; dir = filepath.Dir(dir) {
		if os.Remove(dir) != nil {
			break
		}
	}
	return true
}

func namesIn(dir string) (names []string) {
	entries, _ := os.ReadDir(dir) // one that cannot be read has nothing to show
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Claim refuses a folder for results that holds files and in which the command has not written before: nobody's own files are
// replaced or taken for results. overwrite writes among them all the same.
func Claim(dir, command string, overwrite bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder for the results: %w", err)
	}
	if overwrite || len(entries) == 0 {
		return nil
	}
	if !Exists(Folder(dir).InfoFile()) && Exists(filepath.Join(dir, LockName)) { // commands write in a run's folder, too, and not these files
		if last := lastHolder(dir).Command; last == command || last == "" {
			return nil
		}
	}
	return fmt.Errorf("%s holds files that msflow %s did not write; --overwrite writes among them all the same, --out names another folder", dir, command)
}

// Free refuses a file that is there already. flag is the one that names it.
func Free(path string, overwrite bool, flag string) error {
	if !overwrite && Exists(path) {
		return fmt.Errorf("%s %s: the file exists; --overwrite replaces it", flag, path)
	}
	return nil
}
