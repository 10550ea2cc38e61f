package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/modfile"
)

// userModule is the directory of the go.mod or go.work beside the notebook or above it, "" when there is none.
func userModule() string {
	if os.Getenv("GOWORK") == "off" {
		return above("go.mod")
	}
	return above("go.mod", "go.work")
}

// above is the nearest directory, from that of the notebook up, with one of the files.
func above(names ...string) string {
	dir, err := os.Getwd()
	for err == nil {
		for _, name := range names {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
				return dir
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return ""
}

// workFile is the go.work that the go command would take, "" when there is none.
func workFile() string {
	switch set := os.Getenv("GOWORK"); set {
	case "off":
		return ""
	case "", "auto":
		if dir := above("go.work"); dir != "" {
			return filepath.Join(dir, "go.work")
		}
		return ""
	default:
		return set
	}
}

// ownNames are the paths of the user's module, of those that it requires, and of those beside it in a workspace. They may
// look like paths of the standard library.
func ownNames() (names []string) {
	if dir := above("go.mod"); dir != "" {
		names = moduleNames(filepath.Join(dir, "go.mod"))
	}
	work := workFile()
	text, err := os.ReadFile(work)
	if err != nil {
		return names
	}
	f, err := modfile.ParseWork(work, text, nil)
	if err != nil { // the go command says so
		return names
	}
	for _, use := range f.Use {
		dir := filepath.FromSlash(use.Path)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(work), dir)
		}
		names = append(names, moduleNames(filepath.Join(dir, "go.mod"))...)
	}
	return names
}

// moduleNames are the path of a module and of those that it requires.
func moduleNames(file string) (names []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	f, err := modfile.ParseLax(file, text, nil)
	if err != nil || f.Module == nil {
		return nil
	}
	names = append(names, f.Module.Mod.Path)
	for _, r := range f.Require {
		names = append(names, r.Mod.Path)
	}
	return names
}

// within reports whether a package can be of a module.
func within(path, module string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// directory is where the go command is to run.
func (m *modules) directory() (dir string, own bool, err error) {
	if dir := userModule(); dir != "" {
		return dir, false, nil
	}
	if m.temp == "" {
		removeLeft(sessionFolder)
		if m.temp, err = os.MkdirTemp("", fmt.Sprintf("%s%d-", sessionFolder, os.Getpid())); err != nil {
			return "", false, err
		}
		err = os.WriteFile(filepath.Join(m.temp, "go.mod"), []byte("module session\n\ngo 1.26\n"), 0o644)
	}
	return m.temp, true, err
}

// sessionFolder begins the names of the folders of sessions' own modules. The number of their process follows.
const sessionFolder = "msflow-session-"

// removeLeft removes folders whose process was killed, more than an hour ago.
func removeLeft(prefix string) {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range folders {
		var pid int
		if _, err := fmt.Sscanf(strings.TrimPrefix(filepath.Base(dir), prefix), "%d-", &pid); err != nil {
			continue
		}
		p, err := os.FindProcess(pid)
		gone := err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
		if info, err := os.Stat(dir); gone && err == nil && time.Since(info.ModTime()) > time.Hour {
			os.RemoveAll(dir)
		}
	}
}
