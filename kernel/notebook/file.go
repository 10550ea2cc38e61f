package notebook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes the content to path in whole or not at all: to a temporary file beside it, which reaches the disk before
// it takes the name. Where path is a link, what it leads to is written and the link stays; a file that is there keeps its mode.
func WriteFile(path string, content []byte) error {
	if err := writeWhole(path, content); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

func writeWhole(path string, content []byte) error {
	target, err := behindLinks(path)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := temporary(target)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(target))
}

// CheckWritable finds out whether WriteFile will be able to write to path, without changing anything, for those who would
// rather know before hours of work than after.
func CheckWritable(path string) error {
	target, err := behindLinks(path)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	info, err := os.Stat(target)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s cannot be written: it is there and is not a file", path)
	case err == nil:
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("%s cannot be written: %w", path, err)
		}
		f.Close()
	}
	f, err := temporary(target)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	f.Close()
	return os.Remove(f.Name())
}

// temporary is a new file beside the target.
func temporary(target string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+"-*")
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

// syncFolder brings a renamed entry to the disk. Some file systems cannot, and then it is theirs to keep it.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}
