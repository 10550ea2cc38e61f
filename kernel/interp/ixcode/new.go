package ixcode

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe" // also for go:linkname

	"github.com/goplus/ixgo"
	"github.com/goplus/reflectx"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// New is ixgo.NewInterp for an interpreter with a loader of its own, whose record of types begin is given before it is
// used.
func New(ctx *ixgo.Context, main *ssa.Package, loader ixgo.Loader, begin func(*ixgo.TypesRecord)) (*ixgo.Interp, error) {
	i, err := ixgo.NewInterp(ctx, &ssa.Package{Prog: ssa.NewProgram(token.NewFileSet(), 0)}) // without a type
	if err != nil {
		return nil, err
	}
	nested := *(*map[*types.Named]int)(field(ctx, "nestedMap"))
	methods := *(**reflectx.Context)(field(i, "rctx"))
	chooseMethods(ctx, methods, main.Prog)
	record := ixgo.NewTypesRecord(ctx, methods, main.Prog, loader, i, nested)
	begin(record)
	*(**ixgo.TypesRecord)(field(i, "record")) = record
	*(**ssa.Package)(field(i, "mainpkg")) = main
	record.Load(main)
	return i, load(ctx, i, main.Prog)
}

// chooseMethods says which methods of a program's types compiled code can call.
func chooseMethods(ctx *ixgo.Context, methods *reflectx.Context, prog *ssa.Program) {
	if ctx.MethodChecker == nil {
		return
	}
	check := ctx.MethodChecker(ctx, prog)
	methods.SetHasImethod(func(t reflect.Type, m reflectx.Method) bool {
		return m.Type != unusedFunc && m.FuncId != -1 && check(t, m)
	})
}

// Know gives a record reflect types that it is not to make.
func Know(record *ixgo.TypesRecord, known *typeutil.Map) {
	byType := *(**typeutil.Map)(field(record, "tcache"))
	byReflect := *(*map[reflect.Type]types.Type)(field(record, "rcache"))
	known.Iterate(func(t types.Type, rt any) {
		byType.Set(t, rt)
		byReflect[rt.(reflect.Type)] = t
	})
}

// Made are the named types that a record has made, with their reflect types.
func Made(record *ixgo.TypesRecord) map[*types.Named]reflect.Type {
	made := map[*types.Named]reflect.Type{}
	(*(**typeutil.Map)(field(record, "tcache"))).Iterate(func(t types.Type, rt any) {
		if n, ok := t.(*types.Named); ok {
			made[n] = rt.(reflect.Type)
		}
	})
	return made
}

// InInstance reports whether a record makes types for an instance of a generic function.
func InInstance(record *ixgo.TypesRecord) bool { return InstanceArguments(record) != "" }

// InstanceArguments names the type arguments of the generic function for whose instance a record makes types.
func InstanceArguments(record *ixgo.TypesRecord) string { return *(*string)(field(record, "fntargs")) }

// Nested numbers the types that a record's packages declare in functions.
func Nested(record *ixgo.TypesRecord) map[*types.Named]int {
	return *(*map[*types.Named]int)(field(record, "nested"))
}

// Outside makes the type as outside of functions.
func Outside(record *ixgo.TypesRecord, t types.Type) reflect.Type {
	arguments := (*string)(field(record, "fntargs"))
	defer func(own string) { *arguments = own }(*arguments)
	*arguments = ""
	rt, _ := record.ToType(t)
	return rt
}

// load makes the variables and the code of a program's packages that are not linked.
func load(ctx *ixgo.Context, i *ixgo.Interp, prog *ssa.Program) error {
	globals := *(*map[string]any)(field(i, "globals"))
	set := *(*map[string]bool)(field(i, "chkinit"))
	var pkgs []*ssa.Package
	for _, pkg := range prog.AllPackages() {
		if pkg.Func("init").Blocks == nil {
			continue
		}
		pkgs = append(pkgs, pkg)
		for _, m := range pkg.Members {
			v, ok := m.(*ssa.Global)
			if !ok {
				continue
			}
			t := preToType(i, v.Type().Underlying().(*types.Pointer).Elem())
			if own, ok := findExternValue(i, v.String()); ok && own.Kind() == reflect.Pointer && own.Elem().Type() == t {
				globals[v.String()], set[v.String()] = own.Interface(), true
			} else {
				globals[v.String()] = reflect.New(t).Interface()
			}
		}
	}
	linked := linkVariables(ctx, i, globals, set)
	if err := checkPackages(i, pkgs); err != nil {
		return err
	}
	for name, target := range linked {
		if set[name] && set[target] {
			return fmt.Errorf("%s, which is linked with %s, has a value of its own", name, target)
		}
	}
	return nil
}

// linkVariables lets variables be those that go:linkname says, and gives the names of both.
func linkVariables(ctx *ixgo.Context, i *ixgo.Interp, globals map[string]any, set map[string]bool) map[string]string {
	linked := map[string]string{}
	for _, sp := range *(*map[string]*ixgo.SourcePackage)(field(ctx, "pkgs")) {
		for _, l := range sp.Links {
			name, target := l.PkgPath+"."+l.Name, l.Linkname.PkgPath+"."+l.Linkname.Name
			if _, ok := globals[name]; !ok || l.Kind != ast.Var {
				continue
			}
			if own, ok := findExternVar(i, l.Linkname.PkgPath, l.Linkname.Name); ok && own.Kind() == reflect.Pointer {
				globals[name], set[target], linked[name] = own.Interface(), true, target
			} else if v, ok := globals[target]; ok {
				globals[name], linked[name] = v, target
			}
		}
	}
	return linked
}

// Rename changes how a type without a name, made by reflectx, is written.
func Rename(t reflect.Type, text string) {
	const flags, name, extraStar = 20, 40, 2 // where the runtime's description of a type has them; the name begins with a star
	description := (*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1]
	*(*uint8)(unsafe.Add(description, flags)) &^= extraStar
	*(*int32)(unsafe.Add(description, name)) = resolveReflectName(newName(text, "", false))
}

func field[T any](p *T, name string) unsafe.Pointer {
	return unsafe.Pointer(reflect.ValueOf(p).Elem().FieldByName(name).UnsafeAddr())
}

// unusedFunc is the type of methods that nothing can call.
//
//go:linkname unusedFunc github.com/goplus/ixgo.tyUnusedFunc
var unusedFunc reflect.Type

//go:linkname preToType github.com/goplus/ixgo.(*Interp).preToType
func preToType(i *ixgo.Interp, t types.Type) reflect.Type

//go:linkname findExternValue github.com/goplus/ixgo.findExternValue
func findExternValue(i *ixgo.Interp, name string) (reflect.Value, bool)

//go:linkname findExternVar github.com/goplus/ixgo.findExternVar
func findExternVar(i *ixgo.Interp, path, name string) (reflect.Value, bool)

//go:linkname checkPackages github.com/goplus/ixgo.checkPackages
func checkPackages(i *ixgo.Interp, pkgs []*ssa.Package) error

//go:linkname newName github.com/goplus/reflectx.newName
func newName(name, tag string, exported bool) struct{ *byte }

//go:linkname resolveReflectName github.com/goplus/reflectx.resolveReflectName
func resolveReflectName(struct{ *byte }) int32
