//go:build !linux

package interp

// FreeMemory is how many bytes the process can still take, as far as is known.
func FreeMemory() int64 { return 1 << 47 }
