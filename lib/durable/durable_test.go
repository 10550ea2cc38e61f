package durable

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// watchSteps records the syncs and renames until the test ends.
func watchSteps(t *testing.T) *[]string {
	steps := &[]string{}
	file, folder, move := syncFile, syncFolder, rename
	t.Cleanup(func() { syncFile, syncFolder, rename = file, folder, move })
	syncFile = func(f *os.File) error {
		info, err := f.Stat()
		*steps = append(*steps, fmt.Sprintf("sync %d bytes", info.Size()))
		return errors.Join(err, file(f))
	}
	syncFolder = func(dir string) error {
		*steps = append(*steps, "sync "+filepath.Base(dir))
		return folder(dir)
	}
	rename = func(from, to string) error {
		*steps = append(*steps, "rename to "+filepath.Base(to))
		return move(from, to)
	}
	return steps
}

func TestWriteSyncsBeforeAndAfterTheRename(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	steps := watchSteps(t)
	if err := MkdirAll(filepath.Join(dir, "below")); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(filepath.Join(dir, "below", "x.json"), 0o600, []byte("12345")); err != nil {
		t.Fatal(err)
	}
	want := []string{"sync folder", "sync " + filepath.Base(filepath.Dir(dir)), "sync 5 bytes", "rename to x.json", "sync below"}
	if !slices.Equal(*steps, want) {
		t.Errorf("steps %q, want %q", *steps, want)
	}
	info, err := os.Stat(filepath.Join(dir, "below", "x.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestFoldersThatDoNotReachTheDisk: what a failing disk may have lost is told, what no system can do for a folder is not.
func TestFoldersThatDoNotReachTheDisk(t *testing.T) {
	dir := t.TempDir()
	before := syncFolder
	t.Cleanup(func() { syncFolder = before })
	syncFolder = func(string) error { return syscall.EIO }
	if err := WriteBytes(filepath.Join(dir, "x"), 0o600, nil); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), filepath.Join(dir, "x")) {
		t.Errorf("a file: %v", err)
	}
	if err := MkdirAll(filepath.Join(dir, "a", "b")); !errors.Is(err, syscall.EIO) {
		t.Errorf("folders: %v", err)
	}
	for err, want := range map[error]bool{syscall.EINVAL: true, syscall.ENOTSUP: true, syscall.EIO: false, syscall.ENOSPC: false} {
		if got := unsupported(&os.PathError{Op: "sync", Path: dir, Err: err}); got != want && runtime.GOOS != "windows" {
			t.Errorf("%v: %v", err, got)
		}
	}
}

// TestWriteLeavesWhatIsNoFile: a folder, a socket, a pipe or a device is not replaced by a file.
func TestWriteLeavesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	folder, socket := filepath.Join(dir, "folder"), filepath.Join(dir, "s")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip("no sockets in folders: ", err)
	}
	defer l.Close()
	for path, want := range map[string]string{folder: "it is a folder", socket: "not a file"} {
		for _, err := range []error{WriteBytes(path, 0o644, []byte("new")), CheckWritable(path)} {
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
			t.Errorf("%s has become a file: %v", path, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := WriteBytes(path, 0o644, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	err := Write(path, 0o644, func(w io.Writer) error {
		io.WriteString(w, strings.Repeat("new", 1<<20))
		return full
	})
	if !errors.Is(err, full) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if got, err := os.ReadFile(path); string(got) != "old" {
		t.Errorf("the file holds %.20q, %v", got, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%d entries are left", len(entries))
	}
}

func TestWriteThroughALink(t *testing.T) {
	dir := t.TempDir()
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "target")
	if err := os.Symlink("target", link); err != nil {
		t.Skip(err)
	}
	for _, content := range []string{"made", "replaced"} { // the link dangles at first
		if err := WriteBytes(link, 0o644, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(target); string(got) != content {
			t.Errorf("the target holds %q, %v", got, err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link is no link any more (%v)", err)
		}
	}
}

func TestLongNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 251)+".png")
	if err := WriteBytes(path, 0o644, nil); err != nil {
		t.Error(err)
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	keep := []string{"x.json", "mine.part", ".hidden", "below/.y", ".x.other.part", "another/.lock", "another/.y.77.part"}
	for _, name := range append([]string{".x.json.123.part", "below/.y.77.part"}, keep...) {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(Sweep(dir, ".lock"), Sweep(filepath.Join(dir, "missing"), ".lock")); err != nil {
		t.Fatal(err)
	}
	var left []string
	filepath.Walk(dir, func(path string, info os.FileInfo, _ error) error {
		if !info.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			left = append(left, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(left)
	slices.Sort(keep)
	if !slices.Equal(left, keep) {
		t.Errorf("left %q, want %q", left, keep)
	}
}

// CheckWritable sweeps what is long unfinished of its own file, and nothing else.
func TestAbandonedPartsOfAFileGo(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * abandoned)
	keep := []string{"x.json", "mine.part", ".x.json.y.part", ".x.json.99.part", ".y.json.1.part"}
	for _, name := range append([]string{".x.json.1.part", ".x.json.22.part"}, keep...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if name != ".x.json.99.part" { // somebody writes it now
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := CheckWritable(filepath.Join(dir, "x.json")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	slices.Sort(keep)
	if !slices.Equal(left, keep) {
		t.Errorf("left %q, want %q", left, keep)
	}
}

func TestAFileKeepsItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(path, 0o644, []byte("x")); err != nil {
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
		if err := WriteBytes(path, 0o644, nil); err == nil {
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
