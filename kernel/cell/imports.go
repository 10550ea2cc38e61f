package cell

import (
	"go/ast"
	"go/types"
	"slices"
	"strconv"
)

// Imports are packages by the names that cells know them under.
type Imports struct {
	Names map[string]string // name -> path
	Dots  []string          // paths of those imported with a dot
}

// NewImports are none.
func NewImports() Imports { return Imports{Names: map[string]string{}} }

// Add takes in what a cell imports.
func (im *Imports) Add(of Imports) {
	for name, path := range of.Names {
		im.Names[name] = path
	}
	for _, path := range of.Dots {
		if !slices.Contains(im.Dots, path) {
			im.Dots = append(im.Dots, path)
		}
	}
}

// FileImports are what the file imports that a cell becomes.
type FileImports struct {
	Own   Imports         // by the cell itself, or for it as nothing declares the name: later cells know them too
	Named map[string]bool // every name of a package in the file's scope
}

// NewFileImports are none.
func NewFileImports() FileImports { return FileImports{Own: NewImports(), Named: map[string]bool{}} }

// Resolve loads what a cell imports. It ends at the first package that load cannot have.
func (f *FileImports) Resolve(specs []*ast.ImportSpec, load func(sp *ast.ImportSpec, path string) (*types.Package, error)) error {
	for _, sp := range specs {
		path, err := strconv.Unquote(sp.Path.Value)
		if err != nil {
			continue // the type checker says so
		}
		pkg, err := load(sp, path)
		if err != nil {
			return err
		}
		name := pkg.Name()
		if sp.Name != nil {
			name = sp.Name.Name
		}
		switch name {
		case "_":
		case ".":
			f.Own.Dots = append(f.Own.Dots, path)
		default:
			f.Name(name, path)
		}
	}
	return nil
}

// Name notes a package that the cell imports under a name.
func (f *FileImports) Name(name, path string) { f.Own.Names[name], f.Named[name] = path, true }

// Add writes an import into the file.
func (f *FileImports) Add(file *ast.File, name, path string) {
	AddImport(file, name, path)
	f.Named[name] = true
}

// Complete imports into the file what earlier cells imported and the cell mentions, and the compiled-in packages whose names
// it uses, as the x of x.Name, without declaring them. free tells whether a name has no meaning yet in the cell's package;
// the path of a name that no compiled-in package has is "".
func (f *FileImports) Complete(file *ast.File, p *Parsed, earlier Imports, free func(name string) bool, compiledIn func(name string) string) {
	for name, path := range earlier.Names {
		if p.Mentioned[name] && free(name) {
			f.Add(file, name, path)
		}
	}
	for _, path := range earlier.Dots {
		f.Add(file, ".", path)
	}
	for name, ids := range p.Free {
		if !free(name) || !slices.ContainsFunc(ids, func(id ast.Node) bool { return p.Selectors[id] }) {
			continue
		}
		if path := compiledIn(name); path != "" {
			f.Add(file, name, path)
			f.Own.Names[name] = path
		}
	}
}
