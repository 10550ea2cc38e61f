package interp

import (
	"go/types"
	"maps"
	"reflect"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/levels"
	"golang.org/x/tools/go/ssa"
)

// This file, ssa_narrow.go and package ixcode reach below the exported API of ixgo and go/ssa.
//
// ixgo calls a method through an interface by looking for the value's type in the interpreter's msets, the method sets of
// interpreted types. A type that is not there is taken for a compiled one and called through reflect's Type.MethodByName,
// which for a type made by reflectx jumps to a heap address: a segmentation fault that nothing can recover. With one
// interpreter for each package that happens whenever code of one package (a closure, a goroutine) meets a type of a later
// one:
//
//	func text(x fmt.Stringer) string { return x.String() }
//
//	type late struct{} // in a later package
//	func (late) String() string { return "late" }
//	func f() { text(late{}) }
//
// An entry without methods makes ixgo use its own lookup for such types, which is right for them. So every interpreter
// that is still in use is told of every interpreted type. The map is replaced, never changed, since the interpreter may be
// running.
//
// All interpreters share one map of types without methods. Only that of the newest package keeps the methods that ixgo
// entered, which makes its calls faster.
//
// The change that would make this unnecessary is one line of ixgo's findExternMethod: reflectx.MethodByName(typ, name) for
// typ.MethodByName(name).

// methodTypes are the program's interpreted types that have methods, and the interpreters to be told of them.
type methodTypes struct {
	all     methodSets     // every type told so far, without methods
	pending []reflect.Type // not yet in all
	interps []weak.Pointer[ixgo.Interp]
	newest  weak.Pointer[ixgo.Interp] // of those that do not only link methods
	own     methodSets                // what ixgo entered in that of the newest
}

// note is called once for every named type that gets a reflect type.
func (m *methodTypes) note(n *types.Named, rt reflect.Type) {
	if !types.IsInterface(n) && types.NewMethodSet(types.NewPointer(n)).Len() > 0 {
		m.pending = append(m.pending, rt, reflect.PointerTo(rt))
		repairUnexported(n, rt)
	}
}

// share tells a new interpreter of all types, and the others of the new ones. One that only links methods may do so while
// the newest package is running, which keeps its own method sets.
func (m *methodTypes) share(i *ixgo.Interp, whole bool) {
	if levels.LeftOut("reflect_methodsets") {
		return
	}
	own := *methodSetsOf(i)
	for t := range own {
		if _, known := m.all[t]; !known && mayHaveMethods(t) {
			m.pending = append(m.pending, t)
		}
	}
	last := m.newest.Value()
	if whole {
		m.newest, m.own = weak.Make(i), own
	}
	m.interps = append(m.interps, weak.Make(i))
	if len(m.pending) > 0 {
		m.all = withTypes(m.all, m.pending)
		m.pending = nil
		m.tellAll()
	} else if whole && last != nil {
		setMethodSets(last, m.all)
	}
	if newest := m.newest.Value(); newest != nil {
		setMethodSets(newest, withOwn(m.all, m.own))
	}
	if !whole {
		setMethodSets(i, withOwn(m.all, own))
	}
}

// mayHaveMethods leaves out int, []string and the like, of which each interpreter has entries.
func mayHaveMethods(t reflect.Type) bool {
	return t.PkgPath() != "" || t.Kind() == reflect.Struct || t.Kind() == reflect.Pointer
}

func (m *methodTypes) tellAll() {
	live := m.interps[:0]
	for _, w := range m.interps {
		if i := w.Value(); i != nil {
			live = append(live, w)
			setMethodSets(i, m.all)
		}
	}
	clear(m.interps[len(live):])
	m.interps = live
}

func withTypes(all methodSets, ts []reflect.Type) methodSets {
	all = maps.Clone(all)
	if all == nil {
		all = methodSets{}
	}
	for _, t := range ts {
		all[t] = nil
	}
	return all
}

// withOwn adds the method sets that ixgo entered, if there are any.
func withOwn(all, own methodSets) methodSets {
	var merged methodSets
	for t, fns := range own {
		if len(fns) == 0 {
			continue
		}
		if merged == nil {
			merged = withTypes(all, nil)
		}
		merged[t] = fns
	}
	if merged == nil {
		return all
	}
	return merged
}

type methodSets = map[reflect.Type](map[string]*ssa.Function)

// methodSetsField finds the field, and fails when ixgo has changed.
func methodSetsField() (reflect.StructField, bool) {
	f, ok := reflect.TypeFor[ixgo.Interp]().FieldByName("msets")
	return f, ok && f.Type == reflect.TypeFor[methodSets]()
}

var methodSetsOffset = func() uintptr {
	f, ok := methodSetsField()
	if !ok {
		panic("interp: ixgo.Interp.msets is not what this version of the engine was written for")
	}
	return f.Offset
}()

func methodSetsOf(i *ixgo.Interp) *methodSets {
	return (*methodSets)(unsafe.Add(unsafe.Pointer(i), methodSetsOffset))
}

func setMethodSets(i *ixgo.Interp, m methodSets) {
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(methodSetsOf(i))), *(*unsafe.Pointer)(unsafe.Pointer(&m)))
}
