package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// othersShare runs cmd and tells which share of the machine other programs used meanwhile, 0 where the system does not
// say. A program that waits for all its threads, such as PyTorch's, suffers much more from a busy neighbour than that
// share.
func othersShare(cmd *exec.Cmd) (out []byte, share float64, err error) {
	before, start := busyTime(), time.Now()
	if out, err = cmd.Output(); err != nil {
		return nil, 0, err
	}
	own := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	all := time.Since(start) * time.Duration(runtime.NumCPU())
	if before == 0 || all <= 0 {
		return out, 0, nil
	}
	return out, max(0, float64(busyTime()-before-own)/float64(all)), nil
}

// busyTime is how long all processors together have been at work, or held by other virtual machines, since the system
// started.
func busyTime() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return parseBusy(string(text))
}

// parseBusy adds the fields of /proc/stat's first line that are not idle or waiting: hundredths of a second.
func parseBusy(text string) time.Duration {
	var user, nice, system, idle, wait, irq, soft, steal int64
	line, _, _ := strings.Cut(text, "\n")
	if _, err := fmt.Sscanf(line, "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &wait, &irq, &soft, &steal); err != nil {
		return 0
	}
	return time.Duration(user+nice+system+irq+soft+steal) * 10 * time.Millisecond
}
