//go:build !unix

package remote

import (
	"errors"
	"runtime"
)

func (*Client) start([]string) error {
	return errors.New("PJRT plugins can be opened on Linux and macOS, not on " + runtime.GOOS + "/" + runtime.GOARCH)
}
