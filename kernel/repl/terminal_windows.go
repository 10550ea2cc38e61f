package repl

import (
	"time"

	"golang.org/x/sys/windows"
)

// prepare makes the console understand control sequences.
func (t *terminal) prepare() (undo func()) {
	h := windows.Handle(t.out.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) != nil {
		return nil
	}
	windows.SetConsoleMode(h, mode|windows.ENABLE_PROCESSED_OUTPUT|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING)
	return func() { windows.SetConsoleMode(h, mode) }
}

// watchSize looks now and then: a console tells nobody of its size.
func (t *terminal) watchSize() {
	go func() {
		width, height := t.size()
		for range time.Tick(500 * time.Millisecond) {
			if w, h := t.size(); w != width || h != height {
				width, height = w, h
				t.keys <- key{code: keyResize}
			}
		}
	}()
}

// suspend does nothing: there is no job control.
func (t *terminal) suspend() error { return nil }
