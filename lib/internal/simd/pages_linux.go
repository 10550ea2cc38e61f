package simd

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages from address at on. It is advice: what it changes is time, and where it cannot be followed
// nothing does, so an error is no matter.
func adviseHuge(at uintptr, bytes int) {
	from, length := hugePages(at, bytes)
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, length, unix.MADV_HUGEPAGE)
}
