// Package durable writes files in whole or not at all: whoever reads a path sees the old file or the complete new one,
// whenever the process or the machine stops.
package durable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Write lets fill write a file beside path and then renames it to path. The file's bytes and the folder's entry have
// reached the disk when it returns nil. Where path is a link, what it leads to is written and the link stays. A new file gets
// the mode perm; one that is there keeps its own, unless perm is for the owner alone. A process that was killed leaves its
// unfinished file behind, which Sweep and CheckWritable remove.
func Write(path string, perm fs.FileMode, fill func(io.Writer) error) error {
	target, err := behindLinks(path)
	if err == nil {
		err = replace(target, perm, fill)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// CheckWritable finds out whether Write will be able to write to path, without changing it, for those who would rather know
// before hours of work than after. It removes what killed processes left unfinished of this file.
func CheckWritable(path string) error {
	target, err := behindLinks(path)
	if err == nil {
		err = tryWriting(target)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return sweepOf(target, time.Now().Add(-abandoned))
}

func tryWriting(target string) error {
	info, err := os.Stat(target)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return errNoFile(info)
	case err == nil:
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		f.Close()
	}
	f, err := unfinished(target)
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// WriteBytes is Write of content that is there already.
func WriteBytes(path string, perm fs.FileMode, content []byte) error {
	return Write(path, perm, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// errNoFile says what is in a file's place: to rename a file to it would fail, or replace a device.
func errNoFile(there fs.FileInfo) error {
	if there.IsDir() {
		return errors.New("it is a folder, and a file is to be written")
	}
	return errors.New("it is there and is not a file")
}

func replace(path string, perm fs.FileMode, fill func(io.Writer) error) (err error) {
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return errNoFile(info)
	case err == nil && perm&0o077 != 0:
		perm = info.Mode().Perm()
	}
	f, err := unfinished(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(asked{f}, 1<<20)
	if err := fill(w); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Chmod(perm), ask(Sync, path), syncFile(f), ask(Close, path), f.Close()); err != nil {
		return err
	}
	return Rename(f.Name(), path)
}

// asked is an unfinished file, before each write to which a test is asked.
type asked struct{ *os.File }

func (a asked) Write(b []byte) (int, error) {
	if err := ask(Bytes, a.Name()); err != nil {
		return 0, err
	}
	return a.File.Write(b)
}

// Rename moves a file or folder within its file system so that the move outlasts a power cut.
func Rename(from, to string) error {
	if err := ask(Move, to); err != nil {
		return err
	}
	if err := rename(from, to); err != nil {
		return err
	}
	err := syncFolder(filepath.Dir(to))
	if filepath.Dir(from) != filepath.Dir(to) {
		err = errors.Join(err, syncFolder(filepath.Dir(from)))
	}
	return err
}

// MkdirAll makes a folder and those above it, so that they outlast a power cut.
func MkdirAll(path string) error {
	var missing []string
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || filepath.Dir(p) == p {
			break
		}
		missing = append(missing, p)
	}
	if len(missing) > 0 {
		if err := ask(Folder, path); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	for _, p := range missing {
		if err := syncFolder(filepath.Dir(p)); err != nil {
			return err
		}
	}
	return nil
}

// partSuffix ends the names of unfinished files.
const partSuffix = ".part"

// partName matches the names of unfinished files, and not those that other programs give theirs.
var partName = regexp.MustCompile(`^\..+\.[0-9]+\.part$`)

// Sweep removes what killed processes left unfinished in a folder, and in the folders below it. Nobody may be writing there, but for
// folders below that have a file called own: they are left to whoever writes in them.
func Sweep(dir, own string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && e.IsDir() && path != dir {
			if _, err := os.Lstat(filepath.Join(path, own)); err == nil {
				return filepath.SkipDir
			}
		}
		if err != nil || e.IsDir() || !partName.MatchString(e.Name()) {
			return err
		}
		return os.Remove(path)
	})
}

// abandoned is how long nobody has written to an unfinished file whose process is taken for dead: it may be one of another
// machine.
const abandoned = 10 * time.Minute

// sweepOf removes the unfinished files of one target that are older than a moment.
func sweepOf(target string, before time.Time) error {
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		return err
	}
	begin, end, _ := strings.Cut(partPattern(target), "*")
	for _, e := range entries {
		middle, begins := strings.CutPrefix(e.Name(), begin)
		middle, ends := strings.CutSuffix(middle, end)
		if !begins || !ends || strings.Trim(middle, "0123456789") != "" {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.ModTime().After(before) {
			continue // it may be gone by now
		}
		if err := os.Remove(filepath.Join(filepath.Dir(target), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// partPattern is the name of a target's unfinished files, as os.CreateTemp takes it. It is cut, since a name may be as long as
// file systems allow.
func partPattern(target string) string {
	const room = 200
	base := filepath.Base(target)
	return "." + strings.ReplaceAll(strings.ToValidUTF8(base[:min(len(base), room)], ""), "*", "_") + ".*" + partSuffix
}

// unfinished makes a file beside target that Sweep knows.
func unfinished(target string) (*os.File, error) {
	if _, err := os.Lstat(target); errors.Is(err, syscall.ENAMETOOLONG) {
		return nil, err
	}
	if err := ask(Create, target); err != nil {
		return nil, err
	}
	return os.CreateTemp(filepath.Dir(target), partPattern(target))
}

// maxLinks is how many links may follow each other, as on Linux.
const maxLinks = 40

// behindLinks is the file that a path leads to, whether or not it is there yet.
func behindLinks(path string) (string, error) {
	for range maxLinks {
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", errors.New("too many links follow each other")
}

// The steps that matter for what is on the disk, in one place so that the test sees their order.
var (
	syncFile = (*os.File).Sync
	rename   = os.Rename

	// syncFolder makes an entry of a folder last.
	syncFolder = func(dir string) error {
		if err := ask(SyncFolder, dir); err != nil {
			return fmt.Errorf("the folder did not reach the disk: %w", err)
		}
		d, err := os.Open(dir)
		if err != nil {
			return nil // one may write into a folder without reading it
		}
		defer d.Close()
		if err := d.Sync(); err != nil && !unsupported(err) {
			return fmt.Errorf("the folder did not reach the disk: %w", err)
		}
		return nil
	}
)

// unsupported reports whether a file system, or a system, cannot make a folder's entries last; the file is in place all the same.
func unsupported(err error) bool {
	return runtime.GOOS == "windows" || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EROFS)
}
