//go:build !amd64 && !arm64

package simd

import "runtime"

// variants lists the implementations, best first.
var variants = []variant{plain}

// Features names the instruction sets of this processor that the package knows of.
func Features() []string { return nil }

func pause() { runtime.Gosched() }
