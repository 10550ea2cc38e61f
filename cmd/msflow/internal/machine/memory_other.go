//go:build !linux

// Package machine tells how much memory this machine has, and what this process has used of it and of the processor.
package machine

import (
	"errors"
	"time"
)

// Memory is the machine's memory and what of it is available, in bytes.
func Memory() (total, free uint64, err error) {
	return 0, 0, errors.New("not known on this system")
}

// PeakMemory is not known on this system.
func PeakMemory() uint64 { return 0 }

// ProcessorTime is not known on this system.
func ProcessorTime() time.Duration { return 0 }
