package interp

import (
	"go/ast"
	"go/types"
	"maps"
	"reflect"
	"sync"

	"github.com/goplus/ixgo"
	"github.com/goplus/reflectx"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/types/typeutil"
)

// loader stands between a program's interpreters and ixgo's own loader of compiled packages. It gives every named type
// that the packages declare one reflect type for the whole program, so that values keep their identity from package to
// package, and gives earlier packages' variables their storage.
type loader struct {
	ixgo.Loader
	p *Program

	mu        sync.Mutex
	installed map[string]*ixgo.Package
	replaced  map[string]map[string]reflect.Value // path of a compiled package -> variables that are others for the program
	reflected typeutil.Map                        // *types.Named -> reflect.Type
	anonymous typeutil.Map                        // see noteAnonymous -> reflect.Type
	named     sync.Map                            // reflect.Type -> types.Type
	record    *ixgo.TypesRecord
	nested    map[*types.Named]int
	embedders *embedders

	interfaces []*types.Named // see finishInterfaces
}

func newLoader(p *Program, compiled ixgo.Loader) *loader {
	l := &loader{Loader: compiled, p: p, installed: map[string]*ixgo.Package{}, replaced: map[string]map[string]reflect.Value{}, nested: map[*types.Named]int{}}
	l.newRecord()
	return l
}

// Import leaves out of a compiled package's imports what only its code needs.
func (l *loader) Import(path string) (*types.Package, error) {
	lighten(path)
	return l.Loader.Import(path)
}

// lighten makes the types of a compiled package load without the generic packages that it imports. They are source, and
// none of their types is seen from outside: compiling them would be a good part of a program's start, and of the first
// package with fmt. A package is looked at once.
func lighten(path string) {
	lightMu.Lock()
	defer lightMu.Unlock()
	lightenImports(path)
}

var (
	lightMu sync.Mutex
	light   = map[string]bool{}
)

func lightenImports(path string) {
	if light[path] {
		return
	}
	light[path] = true
	p, ok := ixgo.LookupPackage(path)
	if !ok || p.Source != "" {
		return
	}
	for dep := range p.Deps {
		if dep == "slices" || dep == "maps" || dep == "cmp" {
			delete(p.Deps, dep)
		} else {
			lightenImports(dep)
		}
	}
}

// Installed finds the variables of earlier packages under their unique paths.
func (l *loader) Installed(path string) (*ixgo.Package, bool) {
	l.mu.Lock()
	p, ok := l.installed[path]
	l.mu.Unlock()
	if ok {
		return p, true
	}
	p, ok = l.Loader.Installed(path)
	if own := l.replaced[path]; ok && own != nil {
		other := *p
		other.Vars = maps.Clone(p.Vars)
		maps.Copy(other.Vars, own)
		return &other, true
	}
	return p, ok
}

func (l *loader) install(path string, vars map[string]reflect.Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.installed[path] = &ixgo.Package{Name: "main", Path: path, Vars: vars}
}

func (l *loader) uninstall(path string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.installed, path)
}

// variable is the address of an earlier package's variable.
func (l *loader) variable(path, name string) reflect.Value {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.installed[path]; p != nil {
		return p.Vars[name]
	}
	return reflect.Value{}
}

// recordLoader is the loader of the record itself: it must not ask the record.
type recordLoader struct {
	ixgo.Loader
	l *loader
}

func (k recordLoader) LookupReflect(t types.Type) (reflect.Type, bool) {
	if rt, ok := k.Loader.LookupReflect(t); ok {
		return rt, true
	}
	if n, ok := t.(*types.Named); ok {
		if isError(n) {
			return errorType, true
		}
		if rt := k.l.reflected.At(n); rt != nil {
			return rt.(reflect.Type), true
		}
		k.l.meets(n)
		return k.l.embedders.first(k.l.record, n)
	}
	return nil, false
}

// newRecord starts a new reflectx context. Its cache of interfaces goes by the names of types, so it must not outlive the
// redefinition of a type.
func (l *loader) newRecord() {
	rctx := reflectx.NewContext()
	rctx.SetHasImethod(func(typ reflect.Type, m reflectx.Method) bool {
		promoted.Clear()
		return m.FuncId != -1 && (ast.IsExported(m.Name) || typ.PkgPath() != m.PkgPath) && worthSlot(typ, m.Name)
	})
	ctx := l.p.ctx
	l.record = ixgo.NewTypesRecord(ctx, rctx, ctx.Builder.Program(), recordLoader{l.Loader, l}, l.p, l.nested)
	l.embedders = newEmbedders()
	ixcode.Know(l.record, &l.anonymous)
}

func (l *loader) renewRecord() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keepMade()
	l.newRecord()
}

// keepMade keeps the named types that the record has made within others, such as those of a package's fields. Variables
// have them, though no code has asked for them yet: what asks later must not get them made again.
func (l *loader) keepMade() {
	for n, rt := range ixcode.Made(l.record) {
		if l.reflected.At(n) == nil && atPackageLevel(n) && !mentionsTypeParam(n) {
			l.keep(n, rt)
		}
	}
}

func atPackageLevel(n *types.Named) bool {
	pkg := n.Obj().Pkg()
	return pkg != nil && n.Obj().Parent() == pkg.Scope()
}

// keep makes a reflect type that of a named type for the whole program.
func (l *loader) keep(n *types.Named, rt reflect.Type) {
	l.reflected.Set(n, rt)
	l.named.Store(rt, n)
	l.p.methods.note(n, rt)
}

func (l *loader) reflectType(t types.Type) reflect.Type {
	l.mu.Lock()
	defer l.mu.Unlock()
	rt, _ := l.record.ToType(t)
	finishReceivers()
	l.finishInterfaces()
	return rt
}

// LookupReflect gives a named type, or a pointer to one, its reflect type.
func (l *loader) LookupReflect(t types.Type) (reflect.Type, bool) {
	if rt, ok := l.Loader.LookupReflect(t); ok {
		return rt, true
	}
	ptr, isPtr := t.(*types.Pointer)
	if isPtr {
		t = ptr.Elem()
	}
	n, ok := t.(*types.Named)
	if !ok || mentionsTypeParam(n) {
		return nil, false
	}
	var rt reflect.Type
	switch {
	case isError(n):
		rt = errorType
	case n.Obj().Pkg() == nil:
		return nil, false
	default:
		rt = l.reflectNamed(n)
	}
	if isPtr {
		rt = reflect.PointerTo(rt)
	}
	return rt, true
}

// error is looked up like a named type: in instances of generic functions ixgo would take it for a local one.
var errorType = reflect.TypeFor[error]()

func isError(n *types.Named) bool { return n == types.Universe.Lookup("error").Type() }

func (l *loader) reflectNamed(n *types.Named) reflect.Type {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.reflected.At(n); v != nil {
		return v.(reflect.Type)
	}
	rt, _ := l.record.ToType(n)
	finishReceivers()
	l.finishInterfaces()
	l.keep(n, rt)
	return rt
}

// LookupTypes is the inverse of LookupReflect.
func (l *loader) LookupTypes(rt reflect.Type) (types.Type, bool) {
	if t, ok := l.named.Load(rt); ok {
		return t.(types.Type), true
	}
	return l.Loader.LookupTypes(rt)
}
