//go:build unix

package repl

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

func (t *terminal) prepare() (undo func()) { return nil }

// watchSize tells of every change of the terminal's size.
func (t *terminal) watchSize() {
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	go func() {
		for range changes {
			t.keys <- key{code: keyResize}
		}
	}()
}

// stopWait is how long a stop may take to come. Where no shell waits there is none.
const stopWait = 200 * time.Millisecond

// suspend stops the process, as Ctrl-Z does, until the shell continues it.
func (t *terminal) suspend() error {
	t.restore()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	select {
	case <-continued:
	case <-time.After(stopWait):
	}
	return t.raw()
}
