package simd

import "unsafe"

// Floats returns n zeros. Of many, it asks the system to back them by huge pages: convolutions go through 36 planes at a
// time and Adam through four arrays, and with pages of 4 KiB the processor spends much of that on looking up where they
// are, in a virtual machine twice.
func Floats(n int) []float32 {
	v := make([]float32, n)
	if 4*n >= hugeFrom {
		adviseHuge(uintptr(unsafe.Pointer(&v[0])), 4*n)
	}
	return v
}

// hugeFrom is how many bytes are worth huge pages of 2 MiB: with less, Go's heap mostly has an array's neighbours on the page.
const hugeFrom = 256 << 10

// hugePages is the range of whole huge pages that holds so many bytes from address at on.
func hugePages(at uintptr, bytes int) (from, length uintptr) {
	const page = 2 << 20
	from = at &^ (page - 1)
	return from, (at + uintptr(bytes) + page - 1 - from) &^ (page - 1)
}
