//go:build unix && !linux

package remote

import (
	"fmt"
	"os"
)

// anonymous is a file that has lost its name.
func anonymous(name string) (*os.File, error) {
	f, err := os.CreateTemp("", name)
	if err != nil {
		return nil, fmt.Errorf("taking memory for %s: %w", name, err)
	}
	return f, os.Remove(f.Name())
}
