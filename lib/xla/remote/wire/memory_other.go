//go:build !unix

package wire

import (
	"errors"
	"os"
	"sync"
)

// Shared is memory shared between the program and msflow-device, which runs on Linux and macOS.
type Shared struct {
	sync.Mutex
	File *os.File
}

var errPlatform = errors.New("msflow-device shares memory on Linux and macOS only")

// Grow makes the memory at least n bytes large.
func (*Shared) Grow(int) ([]byte, error) { return nil, errPlatform }

// Map gives the memory of a file that is n bytes large.
func (*Shared) Map(int) ([]byte, error) { return nil, errPlatform }
