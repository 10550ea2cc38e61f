//go:build unix

package repl

import (
	"os"
	"os/signal"
	"syscall"
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

// suspend stops the process, as Ctrl-Z does, until the shell continues it.
func (t *terminal) suspend() error {
	t.restore()
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	return t.raw()
}
