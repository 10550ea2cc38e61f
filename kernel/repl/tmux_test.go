package repl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/datasets"
	_ "github.com/msflow-go/msflow/kernel/bindings"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/history"
	"github.com/msflow-go/msflow/kernel/live"
	"github.com/msflow-go/msflow/kernel/magics"
	"github.com/msflow-go/msflow/kernel/repl"
)

var _ datasets.Set // what cells of these tests work on

// TestMain is also the program that the tests drive: with MSFLOW_TEST_REPL set it is a session on its own terminal.
func TestMain(m *testing.M) {
	if os.Getenv("MSFLOW_TEST_REPL") == "" {
		os.Exit(m.Run())
	}
	errs := os.Stderr // the engine takes its place
	if err := session(); err != nil {
		var exit repl.ExitError
		if errors.As(err, &exit) {
			os.Exit(int(exit))
		}
		fmt.Fprint(errs, repl.ErrorText(err))
		os.Exit(1)
	}
	os.Exit(0)
}

func session() error {
	log, err := history.Open(os.Getenv("MSFLOW_HISTORY"))
	if err != nil {
		return err
	}
	start := func() (engine.Evaluator, error) {
		base, err := engine.New()
		if err != nil {
			return nil, err
		}
		return magics.New(base, log)
	}
	in, out, errs := os.Stdin, os.Stdout, os.Stderr
	mode := os.Getenv("MSFLOW_TEST_REPL")
	if mode == "script" || repl.Dumb() {
		eval, err := start()
		if err != nil {
			return err
		}
		if mode == "script" {
			return repl.Script(context.Background(), eval, in, out, errs)
		}
		return repl.Plain(context.Background(), repl.PlainOptions{Evaluator: eval, History: log, In: in, Out: out, Prompts: errs})
	}
	live.Install()
	return repl.Run(context.Background(), repl.Options{
		Start: start, History: log, Startup: os.Getenv("MSFLOW_STARTUP"), Version: "test", Colours: repl.Colours(), In: in, Out: out,
	})
}

// pane is a session in a terminal of tmux.
type pane struct {
	t      testing.TB
	socket string
	dir    string // where the session runs; its history is there
}

// setup of a pane; the zero value is 100×30 with colours.
type setup struct {
	width, height int
	dir           string // of an earlier pane, to share its history
	env           []string
	shell         bool // start it by typing its name in a shell
}

// open starts a session and waits for its prompt.
func open(t testing.TB, s setup) *pane {
	t.Helper()
	needTmux(t)
	if s.width == 0 {
		s.width = 100
	}
	if s.height == 0 {
		s.height = 30
	}
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &pane{t: t, socket: filepath.Join(t.TempDir(), "tmux"), dir: s.dir}
	env := append([]string{"TERM=xterm-256color", "MSFLOW_TEST_REPL=1", "MSFLOW_HISTORY=" + filepath.Join(s.dir, "history"), "HOME=" + s.dir, "NO_COLOR=", "COLORTERM="}, s.env...)
	args := []string{"-f", "/dev/null", "new-session", "-d", "-c", s.dir, "-x", fmt.Sprint(s.width), "-y", fmt.Sprint(s.height), "env"}
	// The shell tells that the session has left, and how; tmux's own word for it is sometimes missing.
	command := []string{"sh", "-c", `trap : INT; "$0"; echo "left with status $?"; exec sleep 600`, self}
	if s.shell {
		command = []string{"PS1=sh$ ", "bash", "--norc", "-i"}
	}
	p.tmux(append(append(args, env...), command...)...)
	if s.shell {
		p.wait("sh$")
		p.enter(self)
	}
	t.Cleanup(func() { exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	p.wait("In [1]:")
	return p
}

// needTmux skips where there is no tmux, except on machines that promise to have it.
func needTmux(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err == nil {
		return
	}
	const why = "tmux is not installed (apt-get install tmux): what the REPL shows on a screen is not tested"
	if os.Getenv("MSFLOW_REQUIRE_VENV") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

// key presses keys by tmux's names; typed types text; enter types a line and presses Enter.
func (p *pane) key(names ...string) { p.t.Helper(); p.tmux(append([]string{"send-keys"}, names...)...) }

func (p *pane) typed(s string) {
	p.t.Helper()
	if strings.HasSuffix(s, ";") { // tmux takes a last ; for itself
		s = s[:len(s)-1] + `\;`
	}
	p.tmux("send-keys", "-l", "--", s)
}

func (p *pane) enter(s string) { p.t.Helper(); p.typed(s); p.key("Enter") }

// run enters a line and waits for the next prompt, n.
func (p *pane) run(s string, n int) {
	p.t.Helper()
	p.enter(s)
	p.wait(fmt.Sprintf("In [%d]:", n))
}

// paste pastes text as a terminal does, between brackets.
func (p *pane) paste(s string) {
	p.t.Helper()
	cmd := exec.Command("tmux", "-S", p.socket, "load-buffer", "-")
	cmd.Stdin = strings.NewReader(s)
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("load-buffer: %v: %s", err, out)
	}
	p.tmux("paste-buffer", "-p", "-r")
}

// screen is what is to be seen, without blank ends of lines and blank lines at the end.
func (p *pane) screen() string {
	p.t.Helper()
	var b strings.Builder
	for line := range strings.Lines(p.tmux("capture-pane", "-p")) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// colours is the screen with its SGR sequences; all is the scrollback too.
func (p *pane) colours() string { return p.tmux("capture-pane", "-e", "-p") }
func (p *pane) all() string     { return p.tmux("capture-pane", "-p", "-S", "-") }

// cursor is the cursor's column and row.
func (p *pane) cursor() (x, y int) {
	p.t.Helper()
	fmt.Sscanf(p.tmux("display-message", "-p", "#{cursor_x} #{cursor_y}"), "%d %d", &x, &y)
	return x, y
}

const patience = time.Minute // on a busy machine

// wait waits until the screen contains a text.
func (p *pane) wait(text string) string {
	p.t.Helper()
	return p.until("never showed "+fmt.Sprintf("%q", text), func(s string) bool { return strings.Contains(s, text) })
}

// gone waits until the screen does not contain a text.
func (p *pane) gone(text string) string {
	p.t.Helper()
	return p.until("went on showing "+fmt.Sprintf("%q", text), func(s string) bool { return !strings.Contains(s, text) })
}

func (p *pane) until(failure string, ok func(screen string) bool) string {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(15 * time.Millisecond) {
		s := p.screen()
		if ok(s) {
			return s
		}
		if time.Now().After(end) {
			p.t.Fatalf("the screen %s; it is\n%s", failure, s)
		}
	}
}

// last waits until the screen ends with a text, blank ends of lines aside.
func (p *pane) last(text string) string {
	p.t.Helper()
	return p.until("never ended with\n"+text, func(s string) bool { return strings.HasSuffix(s, strings.TrimRight(text, "\n")+"\n") })
}

// piped runs the session with standard input from a pipe.
func piped(t *testing.T, script string, env ...string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), "MSFLOW_TEST_REPL=script", "MSFLOW_HISTORY="), env...)
	cmd.Stdin = strings.NewReader(script)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
