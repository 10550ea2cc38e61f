package repl_test

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A terminal that answers as kitty, iTerm2 or one with sixels gets pictures in pixels; one that does not answer gets
// blocks.
func TestFiguresInPixels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers map[string]string // to queries
		want    string            // in what is written to the terminal
	}{
		"kitty":  {map[string]string{"\x1b_Gi=31": "\x1b_Gi=31;OK\x1b\\", "\x1b[16t": "\x1b[6;20;10t", "\x1b[c": "\x1b[?62;4c"}, "\x1b_Ga=T,f=100,q=2,C=1,c=6,r=2,m=0;"},
		"iTerm2": {map[string]string{"\x1b[>0q": "\x1bP>|iTerm2 3.5.0\x1b\\", "\x1b[c": "\x1b[?62;4c"}, "\x1b]1337;File=inline=1;"},
		"sixel":  {map[string]string{"\x1b[c": "\x1b[?62;4;22c"}, "\x1bP0;1q\"1;1;60;40"},
		"none":   {map[string]string{"\x1b[c": "\x1b[?1;2c"}, "saved as "},
		"silent": {nil, "saved as "},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPTY(t, c.answers)
			p.wait("In [1]:")
			p.write(figureCell + "\r")
			out := p.wait("In [2]:")
			i := strings.Index(out, c.want)
			if i < 0 {
				t.Fatalf("%q is not in %q", c.want, out)
			}
			switch name {
			case "kitty":
				body, _, _ := strings.Cut(out[i+len(c.want):], "\x1b\\")
				checkPNG(t, body)
			case "iTerm2":
				_, body, _ := strings.Cut(out[i:], ":")
				body, _, _ = strings.Cut(body, "\a")
				checkPNG(t, body)
			}
			if path := regexp.MustCompile(`saved as (\S+)`).FindStringSubmatch(out); path != nil {
				os.RemoveAll(filepath.Dir(path[1]))
			}
		})
	}
}

func checkPNG(t *testing.T, text string) {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil || m.Bounds().Dx() != 60 || m.Bounds().Dy() != 40 {
		t.Errorf("%v, %v", m, err)
	}
}

// ptyPane is a session on a terminal of which this test is the other end.
type ptyPane struct {
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	out    strings.Builder
}

func openPTY(t *testing.T, answers map[string]string) *ptyPane {
	t.Helper()
	master, slave, err := pty.Open()
	if err == nil {
		err = pty.Setsize(master, &pty.Winsize{Rows: 40, Cols: 100})
	}
	if err != nil {
		t.Skip("no pseudo-terminals: ", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "MSFLOW_TEST_REPL=1", "TERM=xterm-256color", "MSFLOW_HISTORY="+filepath.Join(t.TempDir(), "h"), "COLORTERM=", "NO_COLOR=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	p := &ptyPane{t: t, master: master}
	go p.read(answers)
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		master.Close()
	})
	return p
}

// read keeps what the session writes and answers its queries, once each.
func (p *ptyPane) read(answers map[string]string) {
	b := make([]byte, 64<<10)
	asked := map[string]bool{}
	for {
		n, err := p.master.Read(b)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.out.Write(b[:n])
		all := p.out.String()
		p.mu.Unlock()
		for _, query := range []string{"\x1b_Gi=31", "\x1b[>0q", "\x1b[16t", "\x1b[c"} {
			if answer := answers[query]; answer != "" && !asked[query] && strings.Contains(all, query) {
				asked[query] = true
				p.write(answer)
			}
		}
	}
}

func (p *ptyPane) write(s string) {
	if _, err := p.master.WriteString(s); err != nil {
		p.t.Error(err)
	}
}

// wait waits until what was written contains a text, without its control sequences.
func (p *ptyPane) wait(text string) string {
	p.t.Helper()
	plain := regexp.MustCompile(`\x1b\[[\d;]*m`)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		out := p.out.String()
		p.mu.Unlock()
		if strings.Contains(plain.ReplaceAllString(out, ""), text) {
			return out
		}
		if time.Now().After(end) {
			p.t.Fatalf("never wrote %q, but %q", text, out)
		}
	}
}
