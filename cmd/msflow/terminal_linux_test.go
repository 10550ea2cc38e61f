package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// onPTY runs msflow in a process of its own whose standard error is a terminal of 100 columns, and returns all that it was sent.
func onPTY(t *testing.T, args ...string) string {
	t.Helper()
	master, slave, err := pty.Open()
	if err == nil {
		err = pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 100})
	}
	if err != nil {
		t.Skip("no pseudo-terminals: ", err)
	}
	defer master.Close()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = slave
	err = cmd.Start()
	slave.Close()
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(master) // it ends with an error when nobody has the terminal any more
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(text)
}

// TestProgressOnATerminal: a training shows a bar there and no lines of epochs, and a sweep a table of what runs, which goes at the end.
func TestProgressOnATerminal(t *testing.T) {
	tiny := []string{"--counts", "8,2,2", "--size", "64", "--epochs", "3", "--blocks", "1,1,1", "--cond", "8"}
	text := onPTY(t, append([]string{"train", "--out", t.TempDir() + "/run"}, tiny...)...)
	if strings.Contains(text, "gradient") || !strings.Contains(text, "training images") {
		t.Errorf("a training on a terminal shows %q", text)
	}
	file, _ := writePlan(t, "grid: {class: [gear, wood]}\nflags: {model: gaussian, counts: \"4,2,2\", size: 64}\n")
	text = onPTY(t, "sweep", "--jobs", "1", file)
	_, end, _ := strings.Cut(text, "  2/2   ")
	if strings.Count(text, "  0 of 2 complete, 1 running") == 0 || !strings.Contains(text, "\x1b[2A\x1b[J") || strings.Contains(end, "running") || !strings.Contains(end, "msflow table") {
		t.Errorf("a sweep on a terminal shows %q", text)
	}
}
