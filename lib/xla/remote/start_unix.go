//go:build unix

package remote

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/rpc"
	"os"
	"os/exec"
	"syscall"
)

// start starts msflow-device. It stands in a process group of its own, since Ctrl-C at the terminal is for the program to answer,
// and ends when the pipe to it is closed, be it by the death of the program.
func (c *Client) start(env []string) (err error) {
	program, err := find()
	if err != nil {
		return err
	}
	defer program.Close()
	if c.uploads.File, err = anonymous("msflow-uploads"); err != nil {
		return err
	}
	if c.downloads.File, err = anonymous("msflow-downloads"); err != nil {
		return err
	}
	theirRequests, requests, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirRequests.Close()
	replies, theirReplies, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirReplies.Close()
	cmd := exec.Command(program.path)
	cmd.Args[0] = name
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr // what plugins print is no result
	cmd.Env = append(os.Environ(), env...)
	cmd.ExtraFiles = []*os.File{theirRequests, theirReplies, c.uploads.File, c.downloads.File}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return errors.Join(notStarted(program.path, err), requests.Close(), replies.Close())
	}
	c.process, c.ended = cmd.Process, make(chan struct{})
	go func() {
		cmd.Wait()
		close(c.ended)
	}()
	c.rpc = rpc.NewClient(struct {
		io.Reader
		io.WriteCloser
	}{replies, requests})
	return nil
}

// notStarted explains why a file does not start: the kernel calls a missing loader of one that is there a missing file.
func notStarted(path string, err error) error {
	if _, missing := os.Stat(path); missing != nil {
		return fmt.Errorf("starting %s: %w", name, missing)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("msflow-device does not start here: it and XLA's plugins need the C library of glibc, which this system lacks "+
			"(on Alpine and in empty containers compute with --device cpu): %w", err)
	}
	return fmt.Errorf("starting %s: %w", path, err)
}
