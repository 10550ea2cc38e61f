//go:build !linux

package simd

// adviseHuge does nothing: only Linux takes this advice.
func adviseHuge(uintptr, int) {}
