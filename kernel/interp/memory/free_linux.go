// Package memory says how much memory the process can still take.
package memory

import (
	"bytes"
	"fmt"
	"os"
)

// Free is how many bytes the process can still take.
func Free() int64 {
	const all = 1 << 47
	free := int64(all)
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return free
	}
	for line := range bytes.Lines(info) {
		var kilobytes int64
		if n, _ := fmt.Sscanf(string(line), "MemAvailable: %d kB", &kilobytes); n == 1 {
			free = kilobytes << 10
		}
	}
	limit, used := number("/sys/fs/cgroup/memory.max"), number("/sys/fs/cgroup/memory.current")
	if limit > 0 {
		free = min(free, max(0, limit-used))
	}
	return free
}

// number is what a file says, or 0.
func number(file string) (n int64) {
	text, err := os.ReadFile(file)
	if err == nil {
		fmt.Sscan(string(text), &n)
	}
	return n
}
