package interp

import (
	"go/types"
	"maps"
	"reflect"
	"strings"
	"sync"
	"weak"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"
)

// Program is a go/ssa program that grows: each package linked sees the types, functions and variables of those before it,
// which keep their identity and their storage. Its packages are all called main.
type Program struct {
	*Interp
	// GuardMaps makes what is linked from now on hold a lock while it uses a map, so that several goroutines can. It is
	// several times slower.
	GuardMaps bool

	host   Host
	loader *loader

	methods      methodTypes
	imported     map[*types.Package]bool // packages that have been imported, directly or not
	libraries    int                     // how many of them are source
	linked       typeutil.Map            // receiver type -> interpreter that holds its methods
	narrowed     narrowed
	redefined    []redefined                              // by the package that is being built
	jumps        map[weak.Pointer[ixcode.Function]]*fresh // code that calls what was redefined
	calls        map[calling]*fresh                       // its calls
	emptyProgram reflect.Value                            // see forgetRuntimeTypes
}

// Host is what a growing program asks of whoever it belongs to.
type Host struct {
	Options
	// Lock is held by the caller of Check, Build and Link. Link gives it back while the initialisers of libraries run, and
	// methods that compiled code calls for the first time take it.
	Lock sync.Locker
	// Init, if it is not nil, runs the initialisers of a library, which may take for ever.
	Init func(run func() error) error
}

// NewProgram is an empty program.
func NewProgram(h Host) (*Program, error) {
	if h.Stop == nil {
		h.Stop = NewStopper(func(*ssa.Function, bool) any { return nil })
	}
	ctx := ixgo.NewContext(ixgo.SupportMultipleInterp)
	p := &Program{jumps: map[weak.Pointer[ixcode.Function]]*fresh{}, calls: map[calling]*fresh{}, Interp: New(ctx, h.Options), host: h, imported: map[*types.Package]bool{}}
	p.loader = newLoader(p, ctx.Loader)
	ctx.Loader = p.loader
	p.known = &p.loader.anonymous
	if err := p.warm(); err != nil {
		return nil, err
	}
	p.narrowed = newNarrowed(p.ssaProgram())
	return p, nil
}

func (p *Program) ssaProgram() *ssa.Program { return p.ctx.Builder.Program() }

// Context is the interpreter's own, for its importer, its file set and its lookup of packages.
func (p *Program) Context() *ixgo.Context { return p.ctx }

// Override puts other functions in the place of those named, as in "time.Sleep" or "(*sync.Mutex).Lock", for interpreted
// code.
func (p *Program) Override(funcs map[string]any) {
	for name, f := range funcs {
		p.ctx.RegisterExternal(name, f)
		if strings.HasPrefix(name, "(") {
			p.overrideMethod(name[strings.LastIndexByte(name, '.')+1:], reflect.ValueOf(f))
		}
	}
}

// overrideMethod does so for calls through interfaces. The function's first parameter is the receiver.
func (p *Program) overrideMethod(name string, f reflect.Value) {
	if p.overridden[name] == nil {
		p.overridden[name] = map[reflect.Type]reflect.Value{}
	}
	p.overridden[name][f.Type().In(0)] = f
}

// OverrideVariable makes a variable of a compiled package another one, whose address is given, for interpreted code. It is to be
// called before anything is linked.
func (p *Program) OverrideVariable(path, name string, address any) {
	if p.loader.replaced[path] == nil {
		p.loader.replaced[path] = map[string]reflect.Value{}
	}
	p.loader.replaced[path][name] = reflect.ValueOf(address)
}

// ReadSource reads the package in a directory, whose source the program will interpret, with the files that it has for a
// processor, as in GOARCH. It is not checked yet.
func (p *Program) ReadSource(path, dir, processor string) (*ixgo.SourcePackage, error) {
	own := p.ctx.BuildContext.GOARCH
	p.ctx.BuildContext.GOARCH = processor
	err := p.ctx.AddImport(path, dir)
	p.ctx.BuildContext.GOARCH = own
	if err != nil {
		return nil, err
	}
	sp := p.ctx.SourcePackage(path)
	for _, f := range sp.Files {
		keepDefersIn(f)
	}
	return sp, nil
}

// ForgetSource forgets a package that ReadSource read. What is linked with it keeps it; restore brings it back for others.
func (p *Program) ForgetSource(path string) (restore func()) {
	restores := []func(){forget(*(*map[string]*ixgo.SourcePackage)(fieldOf(p.ctx, "pkgs")), path)}
	if i, ok := p.ctx.Importer.(*ixgo.Importer); ok {
		restores = append(restores, forget(*(*map[string]*types.Package)(fieldOf(i, "pkgs")), path))
	}
	if l, ok := p.loader.Loader.(*ixgo.TypesLoader); ok {
		restores = append(restores, forget(*(*map[string]*types.Package)(fieldOf(l, "packages")), path),
			forget(*(*map[string]func() error)(fieldOf(l, "pkgloads")), path))
	}
	return func() {
		for _, restore := range restores {
			restore()
		}
	}
}

// forget deletes an entry, which restore puts back.
func forget[V any](m map[string]V, key string) (restore func()) {
	old, ok := m[key]
	delete(m, key)
	return func() {
		if delete(m, key); ok {
			m[key] = old
		}
	}
}

// Variable is the address of a package's variable, given the path that the package was linked under.
func (p *Program) Variable(path, name string) reflect.Value { return p.loader.variable(path, name) }

// AddVariables adds a package that needs no linking, with the addresses of its variables.
func (p *Program) AddVariables(pkg *types.Package, vars map[string]reflect.Value) {
	pkg.MarkComplete()
	if len(vars) > 0 {
		p.loader.install(pkg.Path(), vars)
	}
	p.ssaProgram().CreatePackage(pkg, nil, nil, false).Build()
	p.narrowed.variables[pkg] = true
	p.narrowed.total++
}

// DropVariables forgets the addresses.
func (p *Program) DropVariables(path string) { p.loader.uninstall(path) }

// Keep makes the variables of a linked package, by name, known to later ones.
func (p *Program) Keep(path string, i *ixgo.Interp, names []string) {
	vars := map[string]reflect.Value{}
	for _, name := range names {
		if v, ok := i.GetVarAddr(name); ok {
			vars[name] = reflect.ValueOf(v)
		}
	}
	p.loader.install(path, vars)
}

// Mark remembers which packages the program has. What undo then forgets, as its package could not be built, linked or
// initialised, no later package is linked with.
func (p *Program) Mark() (undo func()) {
	prog := p.ssaProgram()
	packages, imported, n := maps.Clone(*programPackages(prog)), maps.Clone(p.imported), p.narrowed
	n.packages, n.pinned = maps.Clone(n.packages), maps.Clone(n.pinned)
	return func() {
		p.undoRedefinitions()
		p.forgetRuntimeTypes()
		created := *(*map[*types.Package]bool)(fieldOf(p.ctx.Builder, "created"))
		byPath := *(*map[string]*ssa.Package)(fieldOf(prog, "imported"))
		for t, pkg := range *programPackages(prog) { // in place: copies of the program share the map
			if packages[t] == nil {
				delete(*programPackages(prog), t)
				delete(created, t)
				if byPath[t.Path()] == pkg {
					delete(byPath, t.Path())
				}
			}
		}
		p.imported = imported
		p.narrowed.packages, p.narrowed.pinned, p.narrowed.total = n.packages, n.pinned, n.total
	}
}

// ReflectType is the type of values of type t in interpreted code.
func (p *Program) ReflectType(t types.Type) reflect.Type { return p.loader.reflectType(t) }

// RedefinesType is to be called before a package is built that declares a type with the name of an earlier one.
func (p *Program) RedefinesType() { p.loader.renewRecord() }

// Packages is how many packages the program has.
func (p *Program) Packages() int { return len(*programPackages(p.ssaProgram())) }

// Prune forgets the packages of which nothing is live. Those with types stay, as values of their types may live on, and
// those that generic functions mention; so do compiled functions, which need no package any more.
func (p *Program) Prune(live map[*types.Package]bool) {
	packages := *programPackages(p.ssaProgram())
	for t, pkg := range packages {
		if isLinked(pkg) && !live[t] && p.narrowed.idle(t, pkg) {
			delete(packages, t)
			delete(p.narrowed.variables, t)
		}
	}
}
