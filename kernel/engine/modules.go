package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/goplus/ixgo"
	"golang.org/x/mod/modfile"
)

// modules finds packages that are not compiled in: by the user's go command, in
// the module whose go.mod is beside the notebook or above it, or else in a
// module of the session's own. They are interpreted from source.
type modules struct {
	s    *Session
	temp string            // the session's own module, once there is one
	dirs map[string]string // import path -> directory
	now  []string          // import paths that are added for the cell that is being compiled
}

// sourceTags choose files without assembly and without links into the runtime, where a package has a choice.
var sourceTags = []string{"purego", "noasm", "safe"}

func (s *Session) useModules() {
	if s.modules == nil {
		s.modules = &modules{s: s}
	}
	s.modules.dirs = map[string]string{}
	ctx := s.program.Context()
	ctx.BuildContext.BuildTags = sourceTags
	ctx.BuildContext.CgoEnabled = false
	ctx.Lookup = func(_, path string) (dir string, found bool) {
		dir, found = s.modules.dirs[path]
		return dir, found
	}
}

// undo forgets the packages that were added for a cell, unless it is the cell itself that does not type-check.
func (m *modules) undo(why error) {
	var own *sourceErrors
	if errors.As(why, &own) {
		return
	}
	for _, path := range m.now {
		delete(m.dirs, path)
		m.s.program.ForgetSource(path)
	}
}

func (m *modules) close() {
	if m.temp != "" {
		os.RemoveAll(m.temp)
	}
}

// importPackage is the package of that path, found and loaded if need be.
func (s *Session) importPackage(path string) (*types.Package, error) {
	if _, compiled := ixgo.LookupPackage(path); !compiled && s.modules.dirs[path] == "" && s.modules.may(path) {
		if err := s.modules.find(s.evalCtx, path); err != nil {
			return nil, err
		}
	}
	pkg, err := s.program.Context().Importer.Import(path)
	return pkg, plainImportError(err)
}

func plainImportError(err error) error {
	if err != nil && strings.Contains(err.Error(), "not found package") {
		return errors.New("there is no such package in the standard library or compiled in")
	}
	return err
}

// may reports whether a path can be a module's: its first element has a dot, or
// there is a go.mod whose module it is of.
func (m *modules) may(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	if strings.Contains(first, ".") {
		return true
	}
	mod := moduleName(userModule())
	return mod != "" && (path == mod || strings.HasPrefix(path, mod+"/"))
}

// userModule is the directory of the go.mod beside the notebook or above it.
func userModule() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return ""
}

func moduleName(dir string) string {
	if dir == "" {
		return ""
	}
	text, _ := os.ReadFile(filepath.Join(dir, "go.mod"))
	return modfile.ModulePath(text)
}

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

// find makes a package and all it depends on known to the importer.
func (m *modules) find(ctx context.Context, path string) error {
	dir, own, err := m.directory()
	if err != nil {
		return err
	}
	list, err := m.list(ctx, dir, path)
	if err != nil && own {
		if err := m.get(ctx, dir, path); err != nil {
			return err
		}
		list, err = m.list(ctx, dir, path)
	}
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := m.add(p); err != nil {
			return err
		}
	}
	return nil
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	Error      *struct{ Err string }
}

func (m *modules) list(ctx context.Context, dir, path string) (list []listed, err error) {
	out, err := m.goCommand(ctx, dir, nil, "list", "-e", "-deps", "-tags", strings.Join(sourceTags, ","),
		"-json=ImportPath,Dir,Standard,Error", "--", path)
	if err != nil {
		return nil, err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		if p.Error != nil && !(p.Dir != "" && strings.Contains(p.Error.Err, "build constraints exclude")) { // add says why
			return nil, errors.New(strings.TrimSpace(p.Error.Err))
		}
		list = append(list, p)
	}
}

// add makes one package known, or says why it cannot be interpreted.
func (m *modules) add(p listed) error {
	if p.Standard || m.dirs[p.ImportPath] != "" {
		return nil
	}
	if _, compiled := ixgo.LookupPackage(p.ImportPath); compiled {
		return nil
	}
	m.now = append(m.now, p.ImportPath)
	sp, err := m.s.program.ReadSource(p.ImportPath, p.Dir)
	if err != nil {
		var none *build.NoGoError
		if errors.As(err, &none) {
			if name, ok := cgoFile(p.Dir); ok {
				return fmt.Errorf("package %s uses cgo (%s), which cannot be interpreted", p.ImportPath, name)
			}
			return fmt.Errorf("package %s has no Go files for this platform without assembly", p.ImportPath)
		}
		return fmt.Errorf("package %s: %w", p.ImportPath, err)
	}
	if name, bodiless := withoutBody(sp.Files); bodiless {
		return fmt.Errorf("package %s implements %s in assembly, which cannot be interpreted", p.ImportPath, name)
	}
	if err := sp.Load(); err != nil {
		return fmt.Errorf("package %s: %w", p.ImportPath, err)
	}
	m.dirs[p.ImportPath] = p.Dir
	return nil
}

// cgoFile is a file in the directory that imports "C".
func cgoFile(dir string) (name string, found bool) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if bytes.Contains(text, []byte("import \"C\"")) {
			return filepath.Base(f), true
		}
	}
	return "", false
}

// withoutBody finds a function that is not written in Go.
func withoutBody(files []*ast.File) (name string, found bool) {
	for _, f := range files {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body == nil && !linknamed(f, fd.Name.Name) {
				return fd.Name.Name, true
			}
		}
	}
	return "", false
}

func linknamed(f *ast.File, name string) bool {
	for _, g := range f.Comments {
		for _, c := range g.List {
			if fields := strings.Fields(c.Text); len(fields) > 1 && fields[0] == "//go:linkname" && fields[1] == name {
				return true
			}
		}
	}
	return false
}

// get adds a module to the go.mod in dir. Without a network the module cache
// still serves.
func (m *modules) get(ctx context.Context, dir, path string) error {
	m.s.foreground.Load().sink.Notice("fetching " + path)
	_, err := m.goCommand(ctx, dir, nil, "get", "--", path)
	if err == nil {
		return nil
	}
	cache, cacheErr := m.goCommand(ctx, dir, nil, "env", "GOMODCACHE")
	if cacheErr != nil {
		return err
	}
	local := []string{"GOPROXY=file://" + filepath.ToSlash(strings.TrimSpace(string(cache))) + "/cache/download", "GOSUMDB=off"}
	if _, cached := m.goCommand(ctx, dir, local, "get", "--", path); cached == nil {
		m.s.foreground.Load().sink.Notice(path + ": no network; using the version in the module cache")
		return nil
	}
	return err
}

func (m *modules) goCommand(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = dir
	c.Env = append(append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0", "PWD="+dir), env...)
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

// Get adds a module, or the one of a package, with @version if need be, to the go.mod beside the notebook or else to the
// session's own module, and says which.
func (s *Session) Get(ctx context.Context, module string, sink Sink) (where string, err error) {
	s.evaluating.Lock()
	defer s.evaluating.Unlock()
	r := s.begin(&Cell{}, sink)
	defer r.end()
	dir, own, err := s.modules.directory()
	if err != nil {
		return "", err
	}
	if own {
		return "the session's module", s.modules.get(ctx, dir, module)
	}
	return filepath.Join(dir, "go.mod"), s.modules.get(ctx, dir, module)
}
