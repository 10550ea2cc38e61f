// Package memory says how much memory the process can still take.
package memory

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Free is how many bytes the process can still take: of the machine, of its control group (of version 1 or 2, as containers have it)
// and of its own limit.
func Free() int64 {
	free := int64(1 << 47)
	if kilobytes, ok := field("/proc/meminfo", "MemAvailable:"); ok {
		free = kilobytes << 10
	}
	for _, g := range groups {
		free = min(free, g.free("/sys/fs/cgroup"))
	}
	return min(free, unreserved())
}

// group is where a version of control groups keeps a group's memory, relative to where groups are.
type group struct{ limit, used, stat, cache string }

var groups = []group{
	{"memory.max", "memory.current", "memory.stat", "inactive_file"},
	{"memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"},
}

// free is what a group may still take. What it has read from files and does not use is given back when memory runs short.
func (g group) free(root string) int64 {
	limit, ok := number(filepath.Join(root, g.limit))
	if !ok || limit <= 0 {
		return 1 << 47
	}
	used, _ := number(filepath.Join(root, g.used))
	cache, _ := field(filepath.Join(root, g.stat), g.cache)
	return max(0, limit-max(0, used-cache))
}

// unreserved is how much address space the process may still take (ulimit -v).
func unreserved() int64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &limit) != nil || limit.Cur > 1<<47 {
		return 1 << 47
	}
	pages, _ := number("/proc/self/statm")
	return max(0, int64(limit.Cur)-pages*int64(os.Getpagesize()))
}

// number is the first number of a file.
func number(file string) (n int64, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	_, err = fmt.Sscan(string(text), &n)
	return n, err == nil
}

// field is the number after a name at the beginning of a line.
func field(file, name string) (n int64, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(text) {
		if f := strings.Fields(string(line)); len(f) > 1 && f[0] == name {
			_, err := fmt.Sscan(f[1], &n)
			return n, err == nil
		}
	}
	return 0, false
}

// Used is how many bytes the process takes.
func Used() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var all, resident int64
	fmt.Sscan(string(text), &all, &resident)
	return resident * int64(os.Getpagesize())
}
