package magics

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

func (c *call) cd() error {
	dir := c.Arg
	if dir == "" || strings.HasPrefix(dir, "~") {
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		dir = home + strings.TrimPrefix(dir, "~")
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return c.pwd()
}

func (c *call) pwd() error {
	dir, err := os.Getwd()
	c.print("%s\n", dir)
	return err
}

func (c *call) env() error {
	name, value, set := strings.Cut(c.Arg, "=")
	switch {
	case set:
		return os.Setenv(name, value)
	case name != "":
		c.print("%s\n", os.Getenv(name))
	default:
		list := os.Environ()
		slices.Sort(list)
		c.print("%s\n", strings.Join(list, "\n"))
	}
	return nil
}

func (c *call) writeFile() error {
	if c.Arg == "" {
		return errors.New("give the name of a file")
	}
	if err := os.WriteFile(c.Arg, []byte(c.Body), 0o644); err != nil {
		return err
	}
	c.print("wrote %s\n", c.Arg)
	return nil
}

func (c *call) shell() error { return c.command(exec.Command(shellName(), "-c", c.Arg), "") }
func (c *call) bash() error  { return c.command(exec.Command("bash"), c.Body) }

func shellName() string { return cmp.Or(os.Getenv("SHELL"), "sh") }

func (c *call) program() error {
	if len(c.args) == 0 {
		return errors.New("give the name of a Go file")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return c.command(exec.Command(self, append([]string{"run"}, c.args...)...), "")
}

// stream is a standard stream of a sink as a Writer.
type stream struct {
	sink engine.Sink
	s    engine.Stream
}

func (w stream) Write(b []byte) (int, error) {
	w.sink.Stream(w.s, slices.Clone(b))
	return len(b), nil
}

// command runs a command with the cell's streams until it ends or the cell is stopped.
func (c *call) command(cmd *exec.Cmd, stdin string) error {
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = stream{c.sink, engine.Stdout}, stream{c.sink, engine.Stderr}
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-c.ctx.Done():
	}
	killGroup(cmd)
	return engine.Interrupted()
}
