package engine

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/interp"
)

// What a cell declares again reaches the functions of earlier cells that mention it. A function or method with the same
// type takes the place of the earlier one; see package interp. Of a constant, a variable or a function of another type the
// functions, methods and constants that mention it are compiled again with the cell. Those that no longer compile keep what
// they were compiled with, as do types, and the session says which. Variables are never computed again, and closures keep
// the variables and constants that they were made with.

// revision is what is compiled again with a cell.
type revision struct {
	again  map[int]bool    // of the scope's sources
	failed map[int]bool    // those that do not compile any more
	types  map[string]bool // types to be declared again, since a method gets another type
}

func newRevision() *revision {
	return &revision{again: map[int]bool{}, failed: map[int]bool{}, types: map[string]bool{}}
}

// checked is a cell that type-checks, with what else is to be compiled for it.
func (s *Session) checked(label, src string) (*draft, *interp.Checked, error) {
	rev := newRevision()
	for {
		d, err := s.draft(label, src, rev)
		if err != nil {
			return nil, nil, err
		}
		d.assemble()
		c := s.checkCell(d.newPackage, d.file)
		c.Errors = append(d.selfReferences(c), c.Errors...) // the others may follow from these
		switch {
		case d.dropFailed(c, rev):
		case len(c.Errors) > 0:
			return nil, nil, typeErrors(c.Errors)
		case !d.revise(c, rev):
			return d, c, nil
		}
	}
}

// dropFailed leaves out what was to be compiled again and does not compile.
func (d *draft) dropFailed(c *interp.Checked, rev *revision) (dropped bool) {
	for _, so := range d.p.Sources {
		k, again := d.again[so.Text]
		if again && slices.ContainsFunc(c.Errors, func(e types.Error) bool { return so.Decl.Pos() <= e.Pos && e.Pos <= so.Decl.End() }) {
			rev.failed[k], dropped = true, true
		}
	}
	return dropped
}

// revise adds what is to be compiled again because of what the cell declares.
func (d *draft) revise(c *interp.Checked, rev *revision) (more bool) {
	for name, former := range d.methods {
		if !sameMethod(former, c.Package.Scope().Lookup(name).(*types.Func)) {
			rev.types[receiverName(former)], more = true, true
		}
	}
	changed := d.changed(c)
	for k, so := range d.s.scope.sources {
		if !rev.again[k] && !rev.failed[k] && (mentionsOne(so, changed) || d.s.modules.mentionsEdited(so)) && d.canRevise(so) {
			rev.again[k], more = true, true
		}
	}
	return more
}

func mentionsOne(so cell.Source, names map[string]bool) bool {
	for name := range names {
		if so.Deps[name] {
			return true
		}
	}
	return false
}

// changed are the names of earlier cells that now mean something else. Types are not among them; see staleTypes.
func (d *draft) changed(c *interp.Checked) map[string]bool {
	names := map[string]bool{}
	for name := range d.p.Declared {
		former, now := d.s.scope.objects[name], c.Package.Scope().Lookup(name)
		if former == nil || now == nil || cell.IsHidden(name) || d.rebind[name] != "" {
			continue
		}
		if _, isType := former.(*types.TypeName); !isType && !sameFunc(former, now) && !sameConst(former, now) {
			names[name] = true
		}
	}
	return names
}

// sameFunc reports whether a function can take the place of another one. Those of a generic function are its instances.
func sameFunc(former, now types.Object) bool {
	f, ok := former.(*types.Func)
	g, too := now.(*types.Func)
	return ok && too && f.Signature().TypeParams() == nil && types.Identical(f.Type(), g.Type())
}

func sameConst(former, now types.Object) bool {
	a, ok := former.(*types.Const)
	b, too := now.(*types.Const)
	return ok && too && types.Identical(a.Type(), b.Type()) && constant.Compare(a.Val(), token.EQL, b.Val())
}

// sameMethod reports whether a function whose first parameter is the receiver can take a method's place.
func sameMethod(m, f *types.Func) bool {
	params := slices.Collect(f.Signature().Params().Variables())
	if len(params) == 0 || !types.Identical(params[0].Type(), m.Signature().Recv().Type()) {
		return false
	}
	rest := types.NewSignatureType(nil, nil, nil, types.NewTuple(params[1:]...), f.Signature().Results(), f.Signature().Variadic())
	m2 := types.NewSignatureType(nil, nil, nil, m.Signature().Params(), m.Signature().Results(), m.Signature().Variadic())
	return types.Identical(rest, m2)
}

func receiverName(m *types.Func) string {
	t := m.Signature().Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	return t.(*types.Named).Obj().Name()
}

// canRevise reports whether a source can be compiled again beside what the cell declares.
func (d *draft) canRevise(so cell.Source) bool {
	if so.Method {
		return !d.p.Methods[so.Names[0]] && d.s.formerMethod(d.p, so.Names[0], so.Pointer) != nil
	}
	return !so.Type && !slices.ContainsFunc(so.Names, func(n string) bool { return d.p.Declared[n] })
}

// formerMethod is the method "T.M" of a type of an earlier cell, if it is not generic.
func (s *Session) formerMethod(p *cell.Parsed, name string, pointer bool) *types.Func {
	base, method, _ := strings.Cut(name, ".")
	tn, ok := s.scope.objects[base].(*types.TypeName)
	if !ok || p.Declared[base] || tn.IsAlias() {
		return nil
	}
	n, ok := tn.Type().(*types.Named)
	if !ok || n.TypeParams() != nil {
		return nil
	}
	for m := range n.Methods() {
		_, isPointer := m.Signature().Recv().Type().(*types.Pointer)
		if m.Name() == method && isPointer == pointer && s.program.Redefinable(m) {
			return m
		}
	}
	return nil
}

// redefineMethods makes the methods whose type is an earlier cell's functions with the receiver as their first parameter.
func (d *draft) redefineMethods(roots []string) {
	for _, decl := range d.p.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Recv == nil || len(f.Recv.List) != 1 {
			continue
		}
		base := cell.ReceiverBase(f.Recv.List[0].Type)
		if slices.Contains(roots, base) {
			continue
		}
		if former := d.s.formerMethod(d.p, base+"."+f.Name.Name, cell.IsPointer(f.Recv.List[0].Type)); former != nil {
			name := cell.Hidden + base + cell.Hidden + f.Name.Name
			d.methods[name] = former
			f.Name = cell.Ident(name, f.Name.NamePos)
			f.Type.Params.List = append([]*ast.Field{f.Recv.List[0]}, f.Type.Params.List...)
			f.Recv = nil
			nameParams(f.Type.Params)
		}
	}
}

// nameParams gives names to parameters without, as either all have one or none.
func nameParams(params *ast.FieldList) {
	for _, p := range params.List {
		if p.Names == nil {
			p.Names = []*ast.Ident{cell.Ident("_", p.Pos())}
		}
	}
}

// redefinitions are the functions that take the place of earlier ones. Of what is only compiled again, function values mean
// the same as before, with what it mentions as it is now.
func (d *draft) redefinitions(c *interp.Checked) (rs []interp.Redefinition) {
	repeated := d.repeated()
	for name := range d.p.Declared {
		former, now := d.s.scope.objects[name], c.Package.Scope().Lookup(name)
		if former == nil || now == nil || cell.IsHidden(name) || !sameFunc(former, now) {
			continue
		}
		if f := former.(*types.Func); d.s.scope.origin[f].count > 0 && d.s.program.Redefinable(f) {
			rs = append(rs, interp.Redefinition{Former: f, Now: now.(*types.Func), Values: repeated[name]})
		}
	}
	for name, m := range d.methods {
		rs = append(rs, interp.Redefinition{Former: m, Now: c.Package.Scope().Lookup(name).(*types.Func), Method: true, Values: true})
	}
	return rs
}

// kept says what goes on with the former meaning of names that the cell declares again.
func (d *draft) kept(c *interp.Checked) (notices []string) {
	changed := d.changed(c)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		var stale []string
		for _, so := range d.s.scope.sources {
			if so.Deps[name] && !d.replaces(so) {
				stale = append(stale, so.Names...)
			}
		}
		former, now := kindOf(d.s.scope.objects[name]), kindOf(c.Package.Scope().Lookup(name))
		if what := "the former one"; len(stale) > 0 {
			if former != now {
				what = "the " + former + " that it was"
			}
			notices = append(notices, fmt.Sprintf("%s is now another %s; still with %s: %s", name, now, what, someNames(stale)))
		}
	}
	return notices
}

// repeated are the names of what is compiled again.
func (d *draft) repeated() map[string]bool {
	names := map[string]bool{}
	for _, so := range d.p.Sources {
		if _, again := d.again[so.Text]; again {
			for _, n := range so.Names {
				names[n] = true
			}
		}
	}
	return names
}

// replaces reports whether the cell, with what is compiled again for it, declares all of a source's names.
func (d *draft) replaces(so cell.Source) bool {
	if _, again := d.again[so.Text]; again {
		return true
	}
	return !slices.ContainsFunc(so.Names, func(n string) bool { return !d.p.Declared[n] && !d.p.Methods[n] })
}

func kindOf(o types.Object) string {
	switch o.(type) {
	case *types.Func:
		return "function"
	case *types.Const:
		return "constant"
	case *types.TypeName:
		return "type"
	}
	return "variable"
}

// staleTypes says what still has the former type when a cell redefines one. A type that is only declared again for a new
// method brings its dependants along.
func (d *draft) staleTypes() (notices []string) {
	for _, name := range slices.Sorted(maps.Keys(d.p.Declared)) {
		o, ok := d.s.scope.objects[name].(*types.TypeName)
		if !ok || cell.IsHidden(name) || d.rebind != nil {
			continue
		}
		if stale := d.s.stale(o, d.p); len(stale) > 0 {
			notices = append(notices, fmt.Sprintf("%s is now another type; still with the former one: %s", name, someNames(stale)))
		}
	}
	return notices
}

// someNames lists names, unless there are many.
func someNames(names []string) string {
	const most = 8
	if n := len(names); n > most {
		names = append(names[:most:most], fmt.Sprintf("%d more", n-most))
	}
	return strings.Join(names, ", ")
}

// stale are the names of earlier cells that depend on a type and that the cell does not declare anew.
func (s *Session) stale(o *types.TypeName, p *cell.Parsed) (names []string) {
	for _, so := range s.scope.sources {
		if !so.Deps[o.Name()] || so.Method && strings.HasPrefix(so.Names[0], o.Name()+".") {
			continue
		}
		for _, n := range so.Names {
			if !p.Declared[n] {
				names = append(names, n)
			}
		}
	}
	for name, other := range s.scope.objects {
		v, ok := other.(*types.Var)
		if !ok || p.Declared[name] || cell.IsHidden(name) {
			continue
		}
		if mentionsType(v.Type(), o) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func mentionsType(t types.Type, o *types.TypeName) (found bool) {
	interp.WalkType(t, func(t types.Type) bool {
		n, ok := t.(*types.Named)
		found = found || ok && n.Obj() == o
		return !found
	})
	return found
}
