//go:build !linux

package main

import (
	"errors"
	"time"
)

// memory is the machine's memory and what of it is available, in bytes.
func memory() (total, free uint64, err error) {
	return 0, 0, errors.New("not known on this system")
}

// peakMemory is not known on this system.
func peakMemory() uint64 { return 0 }

// processorTime is not known on this system.
func processorTime() time.Duration { return 0 }
