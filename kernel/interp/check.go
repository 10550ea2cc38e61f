package interp

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"runtime"

	"golang.org/x/tools/go/ssa"
)

// Checked is a file with its types.
type Checked struct {
	Package *types.Package
	File    *ast.File
	Info    *types.Info
	Errors  []types.Error
}

func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Scopes: map[ast.Node]*types.Scope{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Instances: map[*ast.Ident]types.Instance{},
	}
}

var sizes = types.SizesFor("gc", runtime.GOARCH)

// Check type-checks a file as the package pkg, whose scope may already hold objects of earlier packages.
func (p *Program) Check(fset *token.FileSet, pkg *types.Package, f *ast.File) *Checked {
	c := &Checked{Package: pkg, File: f, Info: newInfo()}
	conf := &types.Config{
		Importer: p.ctx.Importer, Sizes: sizes, DisableUnusedImportCheck: true,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok {
				c.Errors = append(c.Errors, e)
			}
		},
	}
	types.NewChecker(conf, fset, pkg, c.Info).Files([]*ast.File{f})
	c.Errors = append(c.Errors, endlessInterfaces(f, c.Info, fset)...)
	c.Errors = append(c.Errors, largeVariables(c, fset)...)
	return c
}

// largeVariables are the errors of variables of the package for which there is no room.
func largeVariables(c *Checked, fset *token.FileSet) (errs []types.Error) {
	for id, o := range c.Info.Defs {
		v, ok := o.(*types.Var)
		if ok && v.Parent() == c.Package.Scope() && isComposite(v.Type()) && larger(v.Type(), leastLarge) && larger(v.Type(), largest()) {
			errs = append(errs, types.Error{Fset: fset, Pos: id.Pos(), Msg: tooLargeText(id.Name, v.Type())})
		}
	}
	return errs
}

// Build makes SSA code of a checked file, some of whose functions take the place of earlier ones.
func (p *Program) Build(c *Checked, rs ...Redefinition) (pkg *ssa.Package, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("building SSA: %v", e)
		}
	}()
	p.ctx.Builder.BuildImports(c.Package, true)
	pkg = p.ssaProgram().CreatePackage(c.Package, []*ast.File{c.File}, c.Info, false)
	bodies := p.announce(pkg, rs)
	pkg.Build()
	p.redefine(pkg, rs, bodies)
	return pkg, nil
}
