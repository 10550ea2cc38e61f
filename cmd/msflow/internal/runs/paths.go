package runs

import (
	"os"
	"path/filepath"
	"strings"
)

// Relative is a path as the run keeps it: one that was given relative to the working folder becomes relative to the run's
// folder and begins with a dot, so that both can move together. What is no file stays as it is.
func (r Folder) Relative(path string) string {
	if _, err := os.Stat(path); path == "" || filepath.IsAbs(path) || err != nil {
		return path
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(r.real(), full)
	if err != nil {
		return full
	}
	if rel = filepath.ToSlash(rel); !strings.HasPrefix(rel, ".") {
		rel = "./" + rel
	}
	return rel
}

// Absolute is the path that relative made relative.
func (r Folder) Absolute(path string) string {
	if !strings.HasPrefix(path, "./") && !strings.HasPrefix(path, "../") && path != "." && path != ".." {
		return path
	}
	return filepath.Join(r.real(), filepath.FromSlash(path))
}

// real is the folder's absolute path without links.
func (r Folder) real() string {
	full, err := filepath.Abs(string(r))
	if err != nil {
		return string(r)
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		return real
	}
	return full
}
