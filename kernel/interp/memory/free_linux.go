// Package memory says how much memory the process can still take.
package memory

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Free is how many bytes the process can still take: of the machine, and of its control groups, of version 1 or 2, as containers and
// services have them.
func Free() int64 {
	free := int64(1 << 47)
	if kilobytes, ok := field("/proc/meminfo", "MemAvailable:"); ok {
		free = kilobytes << 10
	}
	own, _ := os.ReadFile("/proc/self/cgroup")
	return min(free, freeOfGroups("/sys/fs/cgroup", string(own)))
}

// version says how control groups keep a group's memory.
type version struct{ limit, used, stat, cache string }

var (
	first  = version{"memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat", "total_inactive_file"}
	second = version{"memory.max", "memory.current", "memory.stat", "inactive_file"}
)

// freeOfGroups is the least that the groups of a process, and those above them, have left. own is its /proc/self/cgroup; a container may
// not see the folder that this names, and then sees its group as the root.
func freeOfGroups(root, own string) int64 {
	free := min(first.free(filepath.Join(root, "memory")), second.free(root))
	for line := range strings.Lines(own) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, path, _ := strings.Cut(rest, ":")
		v, at := second, root
		switch {
		case slices.Contains(strings.Split(controllers, ","), "memory"):
			v, at = first, filepath.Join(root, "memory")
		case controllers != "":
			continue
		}
		for ; path != "/" && path != "." && path != ""; path = filepath.Dir(path) {
			free = min(free, v.free(filepath.Join(at, path)))
		}
	}
	return free
}

// free is what the group in a folder may still take. What it has read from files and does not use is given back when memory runs short.
func (v version) free(dir string) int64 {
	limit, ok := number(filepath.Join(dir, v.limit))
	if !ok || limit <= 0 {
		return 1 << 47
	}
	used, _ := number(filepath.Join(dir, v.used))
	cache, _ := field(filepath.Join(dir, v.stat), v.cache)
	return max(0, limit-max(0, used-cache))
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
