package engine

import (
	"fmt"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine/assist"
	"github.com/msflow-go/msflow/kernel/interp"
)

// A package of the user's own, beside the notebook, in a workspace or in the place of a module, may be edited while the
// session lives. The next cell that uses it, itself or through others, has it loaded again, with all packages that import
// it: their variables are initialised anew, and the functions that cells declared with them are compiled again. Values keep
// the types that they were made with.

// source is a package that was loaded from source.
type source struct {
	imports []string
	embeds  []string // the patterns of its go:embed directives
	state   string   // of the files of a package that may be edited, "" of others
}

// stateOf tells the versions of a directory's Go files, and of those that they embed, apart.
func stateOf(dir string, embeds []string) string {
	here := os.DirFS(dir)
	files, _ := fs.Glob(here, "*.go")
	for _, pattern := range embeds {
		embedded, _ := filesOf(here, pattern)
		files = append(files, embedded...)
	}
	var b strings.Builder
	for _, f := range files {
		if info, err := fs.Stat(here, f); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", f, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// refresh loads again what was edited of the packages that the cell uses.
func (d *draft) refresh() error {
	m := d.s.modules
	if len(m.sources) == 0 && len(m.edited) == 0 {
		return nil
	}
	paths := d.usedPaths()
	edited := m.editedOf(paths)
	for _, path := range m.importersOf(edited) {
		m.replace(path)
	}
	for _, path := range paths {
		if _, compiled := ixgo.LookupPackage(path); compiled || m.dirs[path] != "" || !m.edited[path] {
			continue
		}
		if err := m.find(d.s.evalCtx, path); err != nil {
			m.forget(0)
			m.restore()
			return &Error{Kind: KindCompile, Value: fmt.Sprintf("package %s was edited: %v", path, err)}
		}
	}
	if len(edited) > 0 {
		d.s.notice("loaded again, as they were edited: " + someNames(edited))
	}
	return nil
}

// usedPaths are the packages that the cell imports, and those imported by earlier cells that it mentions, or that what it
// mentions does.
func (d *draft) usedPaths() []string {
	paths := append(importPaths(d.p.Imports), d.s.scope.imports.Dots...)
	names := d.mentionedThrough()
	for name, path := range d.s.scope.imports.Names {
		if d.p.Mentioned[name] || names[importDep(path)] {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// mentionedThrough are the names and packages that declarations of earlier cells mention, of those that the cell mentions.
func (d *draft) mentionedThrough() map[string]bool {
	names := map[string]bool{}
	used := make([]bool, len(d.s.scope.sources))
	for grown := true; grown; {
		grown = false
		for i, so := range d.s.scope.sources {
			if used[i] || !slices.ContainsFunc(so.Names, func(n string) bool {
				base, _, _ := strings.Cut(n, ".")
				return names[base] || d.p.Mentioned[base]
			}) {
				continue
			}
			used[i], grown = true, true
			maps.Copy(names, so.Deps)
		}
	}
	return names
}

// editedOf are those among packages, and those that they import, whose files have changed since they were loaded.
func (m *modules) editedOf(paths []string) (edited []string) {
	seen := map[string]bool{}
	var visit func(path string)
	visit = func(path string) {
		p, ok := m.sources[path]
		if !ok || seen[path] {
			return
		}
		seen[path] = true
		if p.state != "" && p.state != stateOf(m.dirs[path], p.embeds) {
			edited = append(edited, path)
		}
		for _, imported := range p.imports {
			visit(imported)
		}
	}
	for _, path := range paths {
		visit(path)
	}
	slices.Sort(edited)
	return edited
}

// importersOf are packages and all that import them, directly or not.
func (m *modules) importersOf(paths []string) []string {
	importers := slices.Clone(paths)
	for n := -1; n < len(importers); {
		n = len(importers)
		for path, p := range m.sources {
			if !slices.Contains(importers, path) && slices.ContainsFunc(p.imports, func(i string) bool { return slices.Contains(importers, i) }) {
				importers = append(importers, path)
			}
		}
	}
	return importers
}

// replace forgets a package that is to be loaded again when it is used.
func (m *modules) replace(path string) {
	old, dir := m.sources[path], m.dirs[path]
	restore := m.s.program.ForgetSource(path)
	delete(m.sources, path)
	delete(m.dirs, path)
	m.edited[path] = true
	m.former = append(m.former, func() {
		restore()
		m.sources[path], m.dirs[path] = old, dir
		delete(m.edited, path)
	})
}

// restore brings back the packages that were replaced for a cell that fails.
func (m *modules) restore() {
	for _, restore := range m.former {
		restore()
	}
	m.former = nil
}

// importDep is how a cell.Source says that it mentions a package.
func importDep(path string) string { return "import " + path }

// mentionsEdited reports whether a declaration of an earlier cell mentions a package that was loaded again.
func (m *modules) mentionsEdited(so cell.Source) bool {
	for path := range m.edited {
		if so.Deps[importDep(path)] {
			return true
		}
	}
	return false
}

// outdated says what goes on with what edited packages were before.
func (d *draft) outdated() (notices []string) {
	if len(d.s.modules.edited) == 0 {
		return nil
	}
	var names []string
	for _, so := range d.s.scope.sources {
		if d.s.modules.mentionsEdited(so) && !d.replaces(so) {
			names = append(names, so.Names...)
		}
	}
	for name, o := range d.s.scope.objects {
		if v, ok := o.(*types.Var); ok && !d.p.Declared[name] && !cell.IsHidden(name) && d.ofEdited(v.Type()) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		notices = append(notices, "still with the packages as they were before: "+someNames(names))
	}
	return notices
}

// ofEdited reports whether a type mentions one of a package as it was before it was edited.
func (d *draft) ofEdited(t types.Type) (found bool) {
	interp.WalkType(t, func(t types.Type) bool {
		if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil && !assist.OfCell(n.Obj()) {
			found = found || d.s.modules.edited[n.Obj().Pkg().Path()]
		}
		return !found
	})
	return found
}
