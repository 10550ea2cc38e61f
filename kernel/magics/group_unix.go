//go:build unix

package magics

import (
	"os/exec"
	"syscall"
)

// ownGroup lets a command be ended with all that it starts.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(c *exec.Cmd) { syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
