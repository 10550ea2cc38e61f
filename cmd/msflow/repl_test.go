package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/notebook"
)

// terminal is a program in a terminal of tmux. The REPL's own tests drive it key by key; see kernel/repl.
type terminal struct {
	t      *testing.T
	socket string
}

func inTerminal(t *testing.T, dir string, command ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		const why = "tmux is not installed (apt-get install tmux): the REPL is not tested"
		if os.Getenv("MSFLOW_REQUIRE_VENV") != "" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	term := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	args := []string{"-f", "/dev/null", "new-session", "-d", "-c", dir, "-x", "100", "-y", "40", "env", "-u", "NO_COLOR", "TERM=xterm-256color", "HOME=" + dir, "MSFLOW_HISTORY=" + dir + "/history"}
	term.tmux(append(args, command...)...)
	t.Cleanup(func() { exec.Command("tmux", "-S", term.socket, "kill-server").Run() })
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

// enter types a line and waits until the screen matches.
func (term *terminal) enter(line, pattern string) string {
	term.t.Helper()
	term.tmux("send-keys", "-l", "--", line)
	term.tmux("send-keys", "Enter")
	return term.wait(pattern)
}

func (term *terminal) wait(pattern string) string {
	term.t.Helper()
	re := regexp.MustCompile(pattern)
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		s := term.tmux("capture-pane", "-p")
		if re.MatchString(s) {
			return s
		}
		if time.Now().After(end) {
			term.t.Fatalf("the screen never matched %q; it is\n%s", pattern, s)
		}
	}
}

// A training is started at the prompt, interrupted, looked at, continued and saved as a notebook, which then runs by
// itself.
func TestTrainingInTheREPL(t *testing.T) {
	program := buildREPL(t)
	dir := t.TempDir()
	term := inTerminal(t, dir, program, "repl")
	term.wait(`In \[1\]:`)
	term.enter("data := must(datasets.Synthetic(datasets.Size(64), datasets.Counts(16, 4, 4)))", `In \[2\]:`)
	term.enter("d := must(detector.New(detector.Config{Seed: 1, Scales: []int{1, 2}, Blocks: []int{1, 1}}))", `In \[3\]:`)
	const epochs = 100 // more than a screen that is looked at late misses
	term.enter(fmt.Sprintf("must(d.Fit(ctx, data.Train, detector.Epochs(%d)))", epochs), `epoch \d+/100, loss \d+, [\d.]+ images/s, \d+m?\d*s left`)
	term.wait(`loss [▁-█]{2}`) // the curve so far
	term.tmux("send-keys", "C-c")
	s := term.wait(`interrupted after \d+ epochs[^\n]*\n[^\n]*\nIn \[4\]:`)
	m := regexp.MustCompile(`interrupted after (\d+) epochs`).FindStringSubmatch(s)
	if strings.Contains(s, "epoch ") {
		t.Errorf("the progress did not stay in place:\n%s", s)
	}
	term.enter("len(d.Epochs)", `Out\[4\]: `+m[1]+"\n")
	term.enter("plots.Training(d)", `saved as \S+\.png`)
	term.tmux("send-keys", "C-l")
	term.enter(fmt.Sprintf("must(d.Fit(ctx, data.Train, detector.Epochs(%d), detector.Continue()))", epochs), fmt.Sprintf(`trained %d epochs to a loss of`, epochs))
	term.enter("len(d.Epochs)", fmt.Sprintf(`Out\[7\]: %d\n`, epochs))
	term.enter("typo(", `\.\.\.:`)
	term.enter(")", `undefined: typo`)
	term.enter("%save training.ipynb", `wrote 7 inputs to training.ipynb`)
	term.tmux("send-keys", "C-d")

	out, err := exec.Command(program, "run", filepath.Join(dir, "training.ipynb"), "-o", filepath.Join(dir, "out.ipynb")).CombinedOutput()
	if err != nil {
		t.Fatalf("the saved notebook does not run: %v\n%s", err, out)
	}
	n, err := notebook.Read(filepath.Join(dir, "out.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	last := n.Cells[len(n.Cells)-1]
	if len(last.Outputs) != 1 || last.Outputs[0].Data["text/plain"] != fmt.Sprint(epochs) {
		t.Errorf("the notebook ends with %+v", last.Outputs)
	}
}

func TestMsflowAlone(t *testing.T) {
	program := buildREPL(t)
	term := inTerminal(t, t.TempDir(), program)
	term.wait(`MSFlow for Go[^\n]*\nIn \[1\]:`)
	term.enter("1 + 1", `Out\[1\]: 2`)
	term.tmux("send-keys", "C-d")
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader("1 + 1\n")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Usage:") {
		t.Errorf("without a terminal: %v, %s", err, out)
	}
	cmd = exec.Command(program, "repl")
	cmd.Stdin = strings.NewReader("1 + 1\nnothingLikeIt\n")
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitError || !strings.HasPrefix(string(out), "2\nstdin:2:1: undefined: nothingLikeIt\n") {
		t.Errorf("a script: %v, %s", err, out)
	}
	term = inTerminal(t, t.TempDir(), program, "repl", "--no-color")
	term.wait(`In \[1\]:`)
	term.enter("undefinedName", `In \[2\]:`)
	if s := term.tmux("capture-pane", "-e", "-p"); strings.Contains(s, "\x1b[") {
		t.Errorf("--no-color: %q", s)
	}
}

func buildREPL(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "msflow")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}
