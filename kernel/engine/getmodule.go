package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// Get adds a module, or the one of a package, with @version if need be, to the go.mod beside the notebook or else to the
// session's own module, and says which. A directory, as in ./lib, is the module that it holds, which is taken from there.
func (s *Session) Get(ctx context.Context, module string, sink Sink) (where string, err error) {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	r := s.begin(&Cell{}, sink)
	defer r.end()
	dir, own, err := s.modules.directory()
	if err != nil {
		return "", err
	}
	where = filepath.Join(dir, "go.mod")
	if own {
		where = "the session's module"
	}
	if isDirectory(module) {
		return where, s.modules.addFolder(ctx, dir, own, module)
	}
	s.notice("fetching " + module)
	return where, s.modules.fetch(ctx, dir, module, func(env []string) error {
		_, err := s.modules.goCommand(ctx, dir, env, "get", "--", module)
		return err
	})
}

func (s *Session) notice(text string) { s.foreground.Load().sink.Notice(text) }

// isDirectory reports whether what to get is written as a directory, and not as the path of a module.
func isDirectory(module string) bool {
	path := filepath.ToSlash(module)
	return path == "." || path == ".." || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") || filepath.IsAbs(module)
}

// addFolder makes a module in a directory known to the go.mod in dir.
func (m *modules) addFolder(ctx context.Context, dir string, own bool, folder string) error {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return fmt.Errorf("adding %s: %w", folder, err)
	}
	text, err := os.ReadFile(filepath.Join(abs, "go.mod"))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has no go.mod, so it is no module: `go mod init NAME` makes one there", folder)
	}
	if err != nil {
		return fmt.Errorf("adding %s: %w", folder, err)
	}
	name := modfile.ModulePath(text)
	switch {
	case name == "":
		return fmt.Errorf("%s does not say the module's name", filepath.Join(folder, "go.mod"))
	case abs == dir:
		return fmt.Errorf("%s is the module beside the notebook: its packages can be imported as they are, as in import %q", folder, name)
	}
	at := abs
	if relative, err := filepath.Rel(dir, abs); err == nil && !own {
		if at = relative; !isDirectory(at) {
			at = "." + string(filepath.Separator) + relative
		}
	}
	if _, err := m.goCommand(ctx, dir, nil, "mod", "edit", "-require="+name+"@"+localVersion, "-replace="+name+"="+at); err != nil {
		return fmt.Errorf("adding %s: %w", folder, err)
	}
	m.s.notice(fmt.Sprintf("import %q gives the package in %s", name, folder))
	return nil
}

// localVersion is what the go command writes where a module is replaced by a directory.
const localVersion = "v0.0.0-00010101000000-000000000000"

// fetch does something that may need the network, with more for the go command's environment. Without a network the module
// cache still serves.
func (m *modules) fetch(ctx context.Context, dir, what string, do func(env []string) error) error {
	err := do(nil)
	if err == nil {
		return nil
	}
	cache, cacheErr := m.goCommand(ctx, dir, nil, "env", "GOMODCACHE")
	if cacheErr != nil {
		return err
	}
	local := []string{"GOPROXY=file://" + filepath.ToSlash(strings.TrimSpace(string(cache))) + "/cache/download", "GOSUMDB=off"}
	if do(local) != nil {
		return err
	}
	m.s.notice(what + ": no network; using the version in the module cache")
	return nil
}

func (m *modules) goCommand(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = dir
	c.Env = append(append(os.Environ(), "CGO_ENABLED=0", "PWD="+dir), env...)
	if dir == m.temp {
		c.Env = append(c.Env, "GOWORK=off")
	}
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("finding modules needs the go command, which is not installed")
	case ctx.Err() != nil:
		return nil, m.s.failed(interrupted{})
	case err != nil:
		text := strings.TrimSpace(errOut.String())
		if text == "" {
			text = err.Error()
		}
		return nil, errors.New(text)
	}
	return out.Bytes(), nil
}
