package engine

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/msflow-go/msflow/kernel/cell"
)

// embed gives variables the files that go:embed directives above them name, relative to the working directory, which is the
// notebook's folder. The contents become constants of the cell, as in a package.
func (d *draft) embed() error {
	for _, e := range d.p.Embeds {
		refuse := func(msg string) error {
			return &sourceErrors{kind: KindCompile, list: []at{{d.s.program.Context().FileSet.Position(e.Spec.Pos()), msg}}}
		}
		switch {
		case len(e.Spec.Names) > 1:
			return refuse("go:embed cannot apply to multiple vars")
		case len(e.Spec.Values) > 0:
			return refuse("go:embed cannot apply to var with initializer")
		}
		files, err := embedded(e.Patterns)
		if err != nil {
			return refuse("go:embed: " + err.Error())
		}
		_, isFS := e.Spec.Type.(*ast.SelectorExpr)
		if !isFS && len(files) > 1 {
			return refuse("go:embed: several files for one that is no embed.FS")
		}
		d.setEmbedded(e.Spec, files, isFS)
	}
	return nil
}

// embeddedFile is one with its content. That of a folder has a name that ends in a slash.
type embeddedFile struct{ name, content string }

// embedded are the files that patterns name.
func embedded(patterns string) (files []embeddedFile, err error) {
	list, err := patternsOf(patterns)
	if err != nil {
		return nil, err
	}
	here, seen := os.DirFS("."), map[string]bool{}
	for _, pattern := range list {
		names, err := filesOf(here, pattern)
		if err != nil {
			return nil, fmt.Errorf("pattern %s: %w", pattern, err)
		}
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			content, err := fs.ReadFile(here, name)
			if err != nil {
				return nil, err
			}
			files = append(files, embeddedFile{name, string(content)})
		}
	}
	return files, nil
}

// filesOf are the files that one pattern names. Of folders, those inside whose names begin with a dot or an underscore need
// the word all.
func filesOf(here fs.FS, pattern string) (names []string, err error) {
	pattern, all := strings.CutPrefix(pattern, "all:")
	if pattern == "." || !fs.ValidPath(pattern) {
		return nil, errors.New("invalid pattern syntax")
	}
	matches, err := fs.Glob(here, pattern)
	if err != nil {
		return nil, err
	}
	for _, match := range matches {
		err := fs.WalkDir(here, match, func(name string, d fs.DirEntry, err error) error {
			hidden := strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")
			switch {
			case err != nil:
				return err
			case name != match && d.IsDir() && (hidden && !all || isModule(here, name)):
				return fs.SkipDir
			case d.Type().IsRegular() && (name == match || !hidden || all):
				names = append(names, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no matching files found")
	}
	return names, nil
}

func isModule(here fs.FS, dir string) bool {
	_, err := fs.Stat(here, path.Join(dir, "go.mod"))
	return err == nil
}

// withFolders adds the folders that files are in, and sorts them as package embed does: by folder, then by name.
func withFolders(files []embeddedFile) []embeddedFile {
	have := map[string]bool{}
	for _, f := range files {
		for dir := path.Dir(f.name); dir != "." && !have[dir]; dir = path.Dir(dir) {
			have[dir] = true
			files = append(files, embeddedFile{name: dir + "/"})
		}
	}
	slices.SortFunc(files, func(a, b embeddedFile) int {
		x, y := strings.TrimSuffix(a.name, "/"), strings.TrimSuffix(b.name, "/")
		return cmp.Or(strings.Compare(path.Dir(x), path.Dir(y)), strings.Compare(path.Base(x), path.Base(y)))
	})
	return files
}

// patternsOf are the words of a directive, which may be quoted.
func patternsOf(text string) (list []string, err error) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		word, _, _ := strings.Cut(text, " ")
		pattern := word
		if text[0] == '"' || text[0] == '`' {
			if word, err = strconv.QuotedPrefix(text); err != nil {
				return nil, err
			}
			if pattern, err = strconv.Unquote(word); err != nil {
				return nil, err
			}
		}
		list, text = append(list, pattern), text[len(word):]
	}
	return list, nil
}

// setEmbedded gives a variable its value: T("text"), or the embed.FS of names and contents.
func (d *draft) setEmbedded(sp *ast.ValueSpec, files []embeddedFile, isFS bool) {
	pos := sp.Pos()
	text := func(s string) ast.Expr {
		return &ast.BasicLit{ValuePos: pos, Kind: token.STRING, Value: strconv.Quote(s)}
	}
	var value ast.Expr
	if isFS {
		var all []ast.Expr
		for _, f := range withFolders(files) {
			all = append(all, text(f.name), text(f.content))
		}
		value = &ast.TypeAssertExpr{X: call(runtimeSel("FS", pos), pos, pos, all...), Lparen: pos, Type: sp.Type, Rparen: pos}
	} else {
		value = call(&ast.ParenExpr{Lparen: pos, X: sp.Type, Rparen: pos}, pos, pos, text(files[0].content))
	}
	sp.Values = []ast.Expr{value}
	at := slices.IndexFunc(d.p.Items, func(it *cell.Item) bool { return it.Pos > pos })
	if at < 0 {
		at = len(d.p.Items)
	}
	d.p.Items = slices.Insert(d.p.Items, at, &cell.Item{Vars: sp, IsVar: true, Pos: pos})
}

// fileSystem is the embed.FS of names, in the order in which package embed looks for them, and contents.
func fileSystem(namesAndContents ...string) any {
	type file struct { // as package embed has it
		name, data string
		_          [16]byte // a hash
	}
	var files []file
	for i := 0; i < len(namesAndContents); i += 2 {
		files = append(files, file{name: namesAndContents[i], data: namesAndContents[i+1]})
	}
	list := &files
	return *(*embed.FS)(unsafe.Pointer(&list))
}
