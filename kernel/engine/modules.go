package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/goplus/ixgo"
)

// modules finds packages that are not compiled in: by the user's go command, in the module whose go.mod is beside the
// notebook or above it, or else in a module of the session's own. They are interpreted from source.
type modules struct {
	s    *Session
	temp string            // the session's own module, once there is one
	dirs map[string]string // import path -> directory
	now  []string          // import paths that are added for the cell that is being compiled

	sources map[string]source // by import path
	edited  map[string]bool   // packages that have been replaced since the last cell that was compiled
	former  []func()          // bring back those that were for this cell
}

// sourceTags choose files without assembly and without links into the runtime, where a package has a choice.
var sourceTags = []string{"purego", "noasm", "safe"}

func (s *Session) useModules() {
	if s.modules == nil {
		s.modules = &modules{s: s}
	}
	s.modules.dirs, s.modules.sources, s.modules.edited = map[string]string{}, map[string]source{}, map[string]bool{}
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
	m.forget(0)
	m.restore()
}

// begin begins a cell.
func (m *modules) begin() { m.now, m.former = nil, nil }

// forget forgets the packages that were added for the cell, but for the first few.
func (m *modules) forget(keep int) {
	for _, path := range m.now[keep:] {
		delete(m.dirs, path)
		delete(m.sources, path)
		m.s.program.ForgetSource(path)
	}
	m.now = m.now[:keep]
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

// may reports whether a path can be a module's: its first element has a dot, or it is of a module that the user's go.mod or
// go.work names.
func (m *modules) may(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".") || slices.ContainsFunc(ownNames(), func(name string) bool { return within(path, name) })
}

// loading is a package, and all that it depends on, on its way into the session.
type loading struct {
	m      *modules
	ctx    context.Context
	dir    string // where the go command runs
	own    bool   // which is the session's own module
	listed map[string]listed
	open   map[string]bool // packages that are being added, lest one that imports itself do so for ever

	switched map[string]bool // modules of which a package is read as for a processor without assembly
	whole    map[string]bool // modules of which all are
}

// find makes a package and all it depends on known to the importer.
func (m *modules) find(ctx context.Context, path string) error {
	dir, own, err := m.directory()
	if err != nil {
		return err
	}
	l := &loading{m: m, ctx: ctx, dir: dir, own: own, listed: map[string]listed{}, switched: map[string]bool{}, whole: map[string]bool{}}
	for before := len(m.now); ; {
		l.open = map[string]bool{}
		err := l.add(path)
		var split *splitError
		if !errors.As(err, &split) || l.whole[split.module] {
			return err
		}
		l.whole[split.module] = true
		m.forget(before)
	}
}

// listed is what `go list` says of a package.
type listed struct {
	ImportPath    string
	Dir           string
	Standard      bool
	EmbedPatterns []string
	Module        *module
	Error         *struct{ Err string }
}

type module struct {
	Path, Version string
	Replace       *module
}

// module is the path of a package's module.
func (p listed) module() string {
	if p.Module == nil {
		return ""
	}
	return p.Module.Path
}

// local reports whether a package's source is somebody's own, which may be edited, and not in the module cache.
func (p listed) local() bool {
	m := p.Module
	if m != nil && m.Replace != nil {
		m = m.Replace
	}
	return m == nil || m.Version == ""
}

// lookup is what the go command says of a package. A session's own module gets what it has not yet, at the versions of the
// modules that it has already.
func (l *loading) lookup(path string) (listed, error) {
	if p, ok := l.listed[path]; ok {
		return p, nil
	}
	if !l.own { // it may have a vendor folder
		err := l.list(path, nil)
		return l.listed[path], err
	}
	err := l.list(path, nil, "-mod=readonly")
	if err != nil {
		l.m.s.notice("fetching " + path)
		err = l.m.fetch(l.ctx, l.dir, path, func(env []string) error { return l.list(path, env, "-mod=mod") })
	}
	return l.listed[path], err
}

// list adds a package and those that it depends on to those listed.
func (l *loading) list(path string, env []string, flags ...string) error {
	args := append([]string{"list", "-e", "-deps", "-tags", strings.Join(sourceTags, ","), "-json=ImportPath,Dir,Standard,EmbedPatterns,Module,Error"}, flags...)
	out, err := l.m.goCommand(l.ctx, l.dir, env, append(args, "--", path)...)
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading go list: %w", err)
		}
		if p.Error != nil && !(p.Dir != "" && strings.Contains(p.Error.Err, "build constraints exclude")) { // read says why
			return errors.New(strings.TrimSpace(p.Error.Err))
		}
		l.listed[p.ImportPath] = p
	}
}

// add makes one package known, after those that it imports, or says why it cannot be interpreted.
func (l *loading) add(path string) error {
	m := l.m
	if _, compiled := ixgo.LookupPackage(path); compiled || m.dirs[path] != "" || path == "unsafe" || path == "C" {
		return nil
	}
	p, err := l.lookup(path)
	if err != nil || p.Standard {
		return err
	}
	if l.open[path] {
		return fmt.Errorf("import cycle: package %s imports itself", path)
	}
	l.open[path] = true
	m.now = append(m.now, path)
	state := stateOf(p.Dir, p.EmbedPatterns) // before it is read, lest an edit meanwhile is not seen
	sp, err := l.read(p)
	if err != nil {
		return err
	}
	if missing := unlinked(sp.Files); len(missing) > 0 {
		giveBodies(sp.Files, missing, fmt.Sprintf("package %s takes %s from Go's runtime (go:linkname), which cells cannot%s",
			path, someNames(missing), whatToDo))
	}
	imports := importsOf(sp.Files)
	for _, imported := range imports {
		if err := l.add(imported); err != nil {
			return err
		}
	}
	if err := sp.Load(); err != nil {
		return l.loadError(p, err)
	}
	m.dirs[path], m.sources[path] = p.Dir, source{imports: imports}
	if p.local() {
		m.sources[path] = source{imports, p.EmbedPatterns, state}
	}
	return nil
}

// loadError says why a package does not type-check.
func (l *loading) loadError(p listed, err error) error {
	if l.switched[p.module()] && !l.whole[p.module()] {
		return &splitError{p.module(), err}
	}
	if name, ok := cgoFile(p.Dir); ok && strings.Contains(err.Error(), "undefined:") {
		return usesC(p.ImportPath, name)
	}
	return fmt.Errorf("package %s: %w", p.ImportPath, err)
}

func importsOf(files []*ast.File) (paths []string) {
	for _, f := range files {
		paths = append(paths, importPaths(f.Imports)...)
	}
	return paths
}
