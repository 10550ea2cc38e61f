package interp

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"github.com/msflow-go/msflow/kernel/interp/memory"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
	"golang.org/x/tools/go/ssa"
)

// Checked is a file with its types.
type Checked struct {
	Package *types.Package
	File    *ast.File
	Info    *types.Info
	Errors  []types.Error
}

// Check type-checks a file as the package pkg, whose scope may already hold objects of earlier packages.
func (p *Program) Check(fset *token.FileSet, pkg *types.Package, f *ast.File) *Checked {
	c := &Checked{Package: pkg, File: f, Info: ssarepair.NewInfo()}
	conf := &types.Config{
		Importer: p.ctx.Importer, Sizes: memory.Sizes, DisableUnusedImportCheck: true,
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
	p.loader.noteAnonymous(c.Info)
	p.redefine(pkg, rs, bodies)
	return pkg, nil
}
