// Package history keeps what was typed, in all sessions of notebook and terminal alike, in one append-only file of JSON
// lines. Processes share it under a lock; only its owner can read it.
package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
)

// Entry is one executed input.
type Entry struct {
	Session int    // 1, 2, … in order of their first input
	Line    int    // execution count
	Input   string // source
	Output  string // text of the result, if there was one
}

// Log is one session's view of the history. Its methods may be called from any goroutine.
type Log struct {
	path string

	mu      sync.Mutex
	memory  []byte // instead of the file when path is ""
	session int    // 0 until the first input
}

// Sizes between which the file moves: beyond maxBytes the oldest lines go until keepBytes are left.
const (
	maxBytes  = 16 << 20
	keepBytes = 8 << 20
)

// record is one line of the file. A result is a line of its own, after that of its input.
type record struct {
	Session int     `json:"s"` // stays first: see lastSession
	Line    int     `json:"n"`
	Input   *string `json:"i,omitempty"`
	Output  *string `json:"o,omitempty"`
}

// DefaultPath is $MSFLOW_HISTORY, or history.jsonl in the user's data directory.
func DefaultPath() string {
	if p := os.Getenv("MSFLOW_HISTORY"); p != "" {
		return p
	}
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" && runtime.GOOS == "windows" {
		dir, _ = os.UserConfigDir()
	}
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "msflow", "history.jsonl")
}

// Open opens or makes the file at path; with an empty path the history lives in memory only. On an error the Log is usable
// and lives in memory.
func Open(path string) (*Log, error) {
	l := &Log{}
	if path == "" {
		return l, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return l, fmt.Errorf("history: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return l, fmt.Errorf("history: %w", err)
	}
	defer f.Close()
	f.Chmod(0o600) // one made by hand may be open to others
	l.path = path
	return l, nil
}

// Session is this session's number, or 0 before its first input.
func (l *Log) Session() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session
}

// Add appends an input.
func (l *Log) Add(line int, input string) error {
	return l.append(record{Line: line, Input: &input})
}

// AddOutput appends the result of the input that Add was given for line.
func (l *Log) AddOutput(line int, output string) error {
	return l.append(record{Line: line, Output: &output})
}

func (l *Log) append(r record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == "" {
		l.session = 1
		l.memory = appendRecord(trim(l.memory), l.session, r)
		return nil
	}
	err := withLock(l.path, true, func(f *os.File) error {
		if l.session == 0 {
			n, err := start(f)
			if err != nil {
				return err
			}
			l.session = n
		}
		_, err := f.Write(appendRecord(nil, l.session, r))
		return err
	})
	if err != nil {
		return fmt.Errorf("history %s: %w", l.path, err)
	}
	return nil
}

func appendRecord(b []byte, session int, r record) []byte {
	r.Session = session
	j, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return append(append(b, j...), '\n')
}

// start cuts an overgrown file and returns the number of a new session.
func start(f *os.File) (int, error) {
	b, err := io.ReadAll(f)
	if err != nil {
		return 0, err
	}
	if kept := trim(b); len(kept) < len(b) {
		if err := f.Truncate(0); err != nil {
			return 0, err
		}
		if _, err := f.Write(kept); err != nil {
			return 0, err
		}
	}
	return lastSession(b) + 1, nil
}

func trim(b []byte) []byte {
	if len(b) <= maxBytes {
		return b
	}
	b = b[len(b)-keepBytes:]
	return b[bytes.IndexByte(b, '\n')+1:]
}

// lastSession is the highest session number. It looks only at how lines begin, so that starting a kernel does not wait for
// megabytes of JSON.
func lastSession(b []byte) int {
	highest := 0
	for line := range bytes.Lines(b) {
		rest, ok := bytes.CutPrefix(line, []byte(`{"s":`))
		digits, _, ok2 := bytes.Cut(rest, []byte(","))
		if n, err := strconv.Atoi(string(digits)); ok && ok2 && err == nil {
			highest = max(highest, n)
		}
	}
	return highest
}
