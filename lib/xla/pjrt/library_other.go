//go:build !((linux || darwin) && (amd64 || arm64))

package pjrt

import (
	"errors"
	"runtime"
)

var errPlatform = errors.New("PJRT plugins can be opened on Linux and macOS on amd64 and arm64, not on " + runtime.GOOS + "/" + runtime.GOARCH)

// Preload opens a library that plugins need, for all that are opened later.
func Preload(string) error { return errPlatform }

func entry(string, string) (uintptr, bool, error) { return 0, false, errPlatform }

func invoke(uintptr, ...uintptr) uintptr { return 0 }
