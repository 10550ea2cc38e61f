package jupyter

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"
)

// Jupyter starts another kernel on the connection file of one that died, and says no more than that it did. So a kernel leaves
// a note beside that file while it lives, in which Go's runtime writes what ends the process, and takes it away when it ends
// in order. One that finds a note tells its client why the one before it is gone.

// noteFile is the note of the kernel on a connection file.
func noteFile(connection string) string { return connection + ".died" }

// whyDied is what the note of an earlier kernel on the connection file says; "" if there is none.
func whyDied(connection string) string {
	f, err := os.Open(noteFile(connection))
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 64<<10))
	return deathOf(text)
}

// ends matches how Go's runtime begins to say what ends a process.
var ends = regexp.MustCompile(`(?m)^(fatal error: |panic: |SIG|unexpected fault |runtime: out of memory).*$`)

// deathOf says in words why a kernel died, of which the runtime wrote so much.
func deathOf(text []byte) string {
	why := "it was killed, as the system does when memory runs out"
	if line := ends.Find(text); line != nil {
		why = string(line)
	}
	return fmt.Sprintf("The kernel before this one died, and its variables with it: %s", why)
}

// leaveNote leaves a note until remove is called. Where none can be written, there is none.
func leaveNote(connection string) (remove func()) {
	f, err := os.OpenFile(noteFile(connection), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return func() {}
	}
	defer f.Close()
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		os.Remove(f.Name())
		return func() {}
	}
	return func() {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		os.Remove(f.Name())
	}
}
