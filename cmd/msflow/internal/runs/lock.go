package runs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/msflow-go/msflow/lib/durable"
)

// LockName is the file in a folder of results that a process locks while it writes there. The lock goes with the process,
// however that ends; the file stays.
const LockName = ".lock"

// holder says who writes in a folder.
type holder struct {
	Command string    `json:"command"`
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Since   time.Time `json:"since"`
}

func (h holder) String() string {
	if h.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("msflow %s (process %d on %s, since %s)", h.Command, h.PID, h.Host, h.Since.Local().Format("15:04:05 on 2 Jan"))
}

// Lock makes a folder this process's own until release is called, and removes what a killed process left unfinished in
// it. A folder that another process has is an error that says which.
func Lock(dir, command string) (release func(), err error) {
	if err := durable.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("the folder for the results: %w", err)
	}
	path := filepath.Join(dir, LockName)
	l := flock.New(path, flock.SetPermissions(0o644))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	if !ok {
		var who holder
		if text, err := os.ReadFile(path); err == nil {
			_ = json.Unmarshal(text, &who) // who is there matters less than that somebody is
		}
		return nil, fmt.Errorf("%s is in use by %v", dir, who)
	}
	release = func() {
		_ = os.Truncate(path, 0)
		_ = l.Unlock()
	}
	host, _ := os.Hostname()
	text, err := json.Marshal(holder{command, os.Getpid(), host, time.Now().UTC().Truncate(time.Second)})
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644) // in place: the lock is on this very file
	}
	if err == nil {
		err = durable.Sweep(dir)
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return release, nil
}
