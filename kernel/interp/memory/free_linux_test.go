package memory

import (
	"os"
	"path/filepath"
	"testing"
)

// A group's files count as little as they cost to give back, and "max" is no limit.
func TestFreeOfGroups(t *testing.T) {
	for _, c := range []struct {
		group int
		files map[string]string
		want  int64
	}{
		{0, map[string]string{"memory.max": "1000\n", "memory.current": "900\n", "memory.stat": "anon 100\nfile 800\ninactive_file 700\n"}, 800},
		{0, map[string]string{"memory.max": "1000\n", "memory.current": "1200\n", "memory.stat": "inactive_file 0\n"}, 0},
		{0, map[string]string{"memory.max": "max\n", "memory.current": "900\n"}, 1 << 47},
		{0, nil, 1 << 47},
		{1, map[string]string{"memory/memory.limit_in_bytes": "1000", "memory/memory.usage_in_bytes": "900", "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n"}, 150},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got := groups[c.group].free(root); got != c.want {
			t.Errorf("version %d with %q: %d are free, want %d", c.group+1, c.files, got, c.want)
		}
	}
	if free := Free(); free <= 0 || free > 1<<46 {
		t.Errorf("%d bytes are free here", free)
	}
}
