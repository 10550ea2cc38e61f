package magics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/lib/durable"
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
	return c.store(c.Arg, "wrote "+c.Arg, func() error { return durable.WriteBytes(c.Arg, 0o644, []byte(c.Body)) })
}

// store writes a file and says so, and what of an earlier one of the name is gone.
func (c *call) store(file, done string, write func() error) error {
	old, there := os.Stat(file)
	if err := write(); err != nil {
		return err
	}
	if there == nil {
		done += fmt.Sprintf(", which had %d bytes of %s", old.Size(), old.ModTime().Format(time.DateTime))
	}
	c.print("%s\n", done)
	return nil
}

func (c *call) shell() error {
	if command, ok := strings.CutPrefix(c.Arg, "*"); ok {
		return c.inModule(command)
	}
	line, err := c.withValues(c.Arg)
	if err != nil {
		return err
	}
	return c.command(exec.Command(shellName(), "-c", line))
}

// bash runs the rest of the cell, which is not its standard input: that is the cell's.
func (c *call) bash() error { return c.command(exec.Command("bash", "-c", c.Body)) }

func shellName() string { return cmp.Or(os.Getenv("SHELL"), "sh") }

func (c *call) program() error {
	if len(c.args) == 0 {
		return errors.New("give the name of a Go file")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return c.command(exec.Command(self, append([]string{"run"}, c.args...)...))
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
func (c *call) command(cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = stream{c.sink, engine.Stdout}, stream{c.sink, engine.Stderr}
	ownGroup(cmd)
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	if err := c.input(ctx, cmd); err != nil {
		return err
	}
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
