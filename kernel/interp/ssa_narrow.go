package interp

import (
	"go/types"
	"maps"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// Linking looks into every package of the program, of which there are many. It needs the objects of those whose types it
// may meet, and nothing else of what is linked already. So it is shown one package in the place of all those, and no
// others; a package then costs much the same after a thousand packages.

// narrowed is what linking sees of a program.
type narrowed struct {
	packages map[*types.Package]*ssa.Package
	total    int                     // packages of the program when it was last looked through
	pinned   map[*types.Package]bool // what the bodies of generic functions mention: they are built while linking
	linked   *ssa.Package            // has the objects of the packages that it stands for

	variables map[*types.Package]bool // packages that AddVariables added
}

// newNarrowed makes linked a package of the program.
func newNarrowed(prog *ssa.Program) narrowed {
	t := types.NewPackage("linked", "linked")
	t.MarkComplete()
	linked := prog.CreatePackage(t, nil, nil, false)
	linked.Build()
	return narrowed{packages: map[*types.Package]*ssa.Package{}, pinned: map[*types.Package]bool{}, linked: linked, variables: map[*types.Package]bool{}}
}

// narrow shows linking what it needs, among it the package pkg that is to be linked, until undo is called.
func (p *Program) narrow(pkg *ssa.Package) (undo func()) {
	n, all := &p.narrowed, programPackages(pkg.Prog)
	n.packages[pkg.Pkg] = pkg
	if n.total++; n.total != len(*all) {
		n.lookThrough(*all)
	}
	whole := *all
	*all = n.packages
	return func() {
		*all = whole
		n.leave(pkg.Pkg, pkg)
	}
}

// leave takes a linked package out of sight.
func (n *narrowed) leave(t *types.Package, p *ssa.Package) {
	if n.idle(t, p) {
		delete(n.packages, t)
		return
	}
	maps.Copy(packageObjects(n.linked), packageObjects(p))
	n.packages[t] = n.linked
}

func (n *narrowed) lookThrough(all map[*types.Package]*ssa.Package) {
	n.packages, n.total = maps.Clone(all), len(all)
	for t, p := range all {
		if isLinked(p) && n.own(t) {
			n.leave(t, p)
		}
	}
}

// idle reports whether linking needs one of the program's packages only to link itself.
func (n *narrowed) idle(t *types.Package, p *ssa.Package) bool {
	return n.own(t) && !n.pinned[t] && !declaresTypes(p)
}

// own reports whether a package is one that was linked or that holds added variables, rather than a library.
func (n *narrowed) own(t *types.Package) bool { return t.Path() == "main" || n.variables[t] }

func declaresTypes(p *ssa.Package) bool {
	for _, m := range p.Members {
		if _, ok := m.(*ssa.Type); ok {
			return true
		}
	}
	return false
}

// Pin keeps what a package mentions in linking's sight when it declares a generic function: each instance of one is built
// where it is first used. It is to be called before the package is linked.
func (p *Program) Pin(c *Checked) {
	n := &p.narrowed
	if !declaresGeneric(c.Info) {
		return
	}
	n.pinned[c.Package] = true
	for _, o := range c.Info.Uses {
		if o.Pkg() != nil {
			n.pinned[o.Pkg()] = true
		}
	}
	n.total = 0 // packages out of sight may be among them
}

func declaresGeneric(info *types.Info) bool {
	for _, o := range info.Defs {
		if f, ok := o.(*types.Func); ok && (f.Signature().TypeParams() != nil || f.Signature().RecvTypeParams() != nil) {
			return true
		}
	}
	return false
}

// isLinked reports whether later interpreters take a package as initialised.
func isLinked(p *ssa.Package) bool { return p.Func("init").Blocks == nil }

// programPackages is the program's own map of its packages.
func programPackages(prog *ssa.Program) *map[*types.Package]*ssa.Package {
	return (*map[*types.Package]*ssa.Package)(fieldOf(prog, "packages"))
}

// packageObjects is a package's own map of what it declares.
func packageObjects(p *ssa.Package) map[types.Object]ssa.Member {
	return *(*map[types.Object]ssa.Member)(fieldOf(p, "objects"))
}

func fieldOf[T any](p *T, name string) unsafe.Pointer {
	return unsafe.Pointer(reflect.ValueOf(p).Elem().FieldByName(name).UnsafeAddr())
}
