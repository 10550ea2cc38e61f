package durable

import (
	"errors"
	"io/fs"
	"os"
)

// Growing is a file whose lines are there as soon as they are written, for results that come one by one.
type Growing struct {
	file   *os.File
	closed bool
}

// Grow makes an empty file, in place of one that is there.
func Grow(path string) (*Growing, error) {
	if err := ask(Create, path); err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Growing{file: f}, nil
}

// Name is the file's path.
func (g *Growing) Name() string { return g.file.Name() }

// Write adds to the file.
func (g *Growing) Write(b []byte) (int, error) { return asked{g.file}.Write(b) }

// Sync makes what was written last.
func (g *Growing) Sync() error {
	if err := ask(Sync, g.Name()); err != nil {
		return err
	}
	return g.file.Sync()
}

// Close closes the file, once.
func (g *Growing) Close() error {
	if g.closed {
		return nil
	}
	g.closed = true
	return errors.Join(ask(Close, g.Name()), g.file.Close())
}
