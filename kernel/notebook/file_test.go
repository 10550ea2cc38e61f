package notebook

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALinkStaysALink(t *testing.T) {
	dir := t.TempDir()
	real, link, second := filepath.Join(dir, "real", "a"), filepath.Join(dir, "link"), filepath.Join(dir, "second")
	if err := os.Mkdir(filepath.Dir(real), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real/a", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(link, second); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"the link leads nowhere yet", "again"} {
		if err := WriteFile(second, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(real); err != nil || string(got) != content {
			t.Errorf("the file behind the links holds %q (%v)", got, err)
		}
	}
	for _, l := range []string{link, second} {
		if info, err := os.Lstat(l); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more (%v)", l, err)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(real)); len(left) != 1 {
		t.Errorf("files were left behind: %v", left)
	}
}

func TestAFileKeepsItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode became %v (%v)", info.Mode(), err)
	}
}

func TestUnwritableTargets(t *testing.T) {
	dir := t.TempDir()
	loop, dangling := filepath.Join(dir, "loop"), filepath.Join(dir, "dangling")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{loop: "loop", dangling: "missing/file"} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{dir, loop, dangling, filepath.Join(dir, "missing", "file"), filepath.Join(file, "below"), filepath.Join(dir, strings.Repeat("x", 300))} {
		if err := CheckWritable(path); err == nil || !strings.HasPrefix(err.Error(), path+" cannot be written") {
			t.Errorf("%.80s: %v", path, err)
		}
		if err := WriteFile(path, nil); err == nil {
			t.Errorf("%.80s was written", path)
		}
	}
	for _, path := range []string{file, filepath.Join(dir, "new")} {
		if err := CheckWritable(path); err != nil {
			t.Error(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("asking left %v", entries)
	}
	if got, _ := os.ReadFile(file); string(got) != "kept" {
		t.Errorf("asking changed the file to %q", got)
	}
}
