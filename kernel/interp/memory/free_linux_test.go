package memory

import (
	"os"
	"path/filepath"
	"testing"
)

// A group's files count as little as they cost to give back, "max" is no limit, and of several groups the one with the least counts.
func TestFreeOfGroups(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"memory.max": "max\n", "memory.current": "900\n",
		"a/memory.max": "1000\n", "a/memory.current": "900\n", "a/memory.stat": "anon 100\nfile 800\ninactive_file 700\n",
		"a/b/memory.max": "max\n", "full/memory.max": "1000\n", "full/memory.current": "1200\n",
		"memory/old/memory.limit_in_bytes": "1000", "memory/old/memory.usage_in_bytes": "900", "memory/old/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for own, want := range map[string]int64{
		"": 1 << 47, "0::/\n": 1 << 47, "0::/a\n": 800, "0::/a/b\n": 800, "0::/full\n": 0, "0::/elsewhere\n": 1 << 47,
		"4:memory:/old\n1:cpu:/a\n0::/\n": 150, "4:cpu,memory:/old/below\n": 150, "1:name=systemd:/a\n": 1 << 47,
	} {
		if got := freeOfGroups(root, own); got != want {
			t.Errorf("a process in %q: %d are free, want %d", own, got, want)
		}
	}
	if free := Free(); free <= 0 || free > 1<<46 {
		t.Errorf("%d bytes are free here", free)
	}
	if used := Used(); used < 1<<20 {
		t.Errorf("%d bytes are used", used)
	}
}
