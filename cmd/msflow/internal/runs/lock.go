package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// me is this process with a command.
func me(command string) holder {
	host, _ := os.Hostname()
	return holder{command, os.Getpid(), host, time.Now().UTC().Truncate(time.Second)}
}

// Lock makes a folder this process's own until release is called, and removes what a killed process left unfinished in
// it. A folder that another process has is an error that says which. The lock file stays and says which command writes here, but
// where nothing was written it goes, and with it the folders that Lock made.
func Lock(dir, command string) (release func(), err error) {
	above, before := existing(dir), namesIn(dir)
	path := filepath.Join(dir, LockName)
	l, err := lock(dir, path)
	if err != nil {
		return nil, err
	}
	release = func() {
		if !leaveNothing(dir, above, before) {
			_ = writeHolder(path, holder{Command: command})
		}
		_ = l.Unlock()
	}
	err = writeHolder(path, me(command))
	if err == nil {
		err = durable.Sweep(dir, LockName)
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return release, nil
}

// mostOfName is how many bytes of a file's name are in that of its lock: names have up to 255 bytes.
const mostOfName = 200

// LockFile makes a file that is to be written this process's own until release is called. The lock is a file beside it, which release
// takes away; that of a killed process stays and locks nothing. Where the file is a link, what it leads to is locked.
func LockFile(file, command string) (release func(), err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	base := filepath.Base(file)
	path := filepath.Join(filepath.Dir(file), "."+base[:min(len(base), mostOfName)]+LockName)
	l, err := lock(file, path)
	if err != nil {
		return nil, err
	}
	release = func() {
		_ = os.Remove(path)
		_ = l.Unlock()
	}
	if err := writeHolder(path, me(command)); err != nil {
		release()
		return nil, fmt.Errorf("locking %s: %w", file, err)
	}
	return release, nil
}

// lock takes the lock at path, which is for what. The file may be one that another process, having written nothing or all, has just taken
// away.
func lock(what, path string) (*flock.Flock, error) {
	for {
		if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("the folder for the results: %w", err)
		}
		l := flock.New(path, flock.SetPermissions(0o644))
		ok, err := l.TryLock()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", what, err)
		}
		if !ok {
			return nil, fmt.Errorf("%s is in use by %v", what, lastHolder(path))
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

// lastHolder is who has a lock, or had it last; nobody known where that cannot be read.
func lastHolder(path string) (h holder) {
	if text, err := os.ReadFile(path); err == nil {
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
// replaced or taken for results. overwrite writes among them all the same, but not where a run has its own results.
func Claim(dir, command string, overwrite bool) error {
	if err := notInARun(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder for the results: %w", err)
	}
	if overwrite || len(entries) == 0 {
		return nil
	}
	path := filepath.Join(dir, LockName)
	if !Exists(Folder(dir).InfoFile()) && Exists(path) { // commands write in a run's folder, too, and not these files
		if last := lastHolder(path).Command; last == command || last == "" {
			return nil
		}
	}
	return fmt.Errorf("%s holds files that msflow %s did not write; --overwrite writes among them all the same, --out names another folder", dir, command)
}

// Free refuses a file that is there already, and a folder in its place whatever may be overwritten. flag is the one that names it.
func Free(path string, overwrite bool, flag string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s %s: this is a folder, and a file is to be written; name a file", flag, path)
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s %s: this is a pipe or a device, and a file is to be written; name a file", flag, path)
	}
	if !overwrite && Exists(path) {
		return fmt.Errorf("%s %s: the file exists; --overwrite replaces it", flag, path)
	}
	return nil
}

// Bears tells whether a plain file has a mark near its beginning. Pipes and devices bear none: reading them may never end.
func Bears(path, mark string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin, err := io.ReadAll(io.LimitReader(f, 1024))
	return err == nil && strings.Contains(string(begin), mark)
}
