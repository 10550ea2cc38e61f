package engine

import (
	"go/types"
	"reflect"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// This file is the one place that reaches below ixgo's exported API.
//
// ixgo calls a method through an interface by looking for the value's type in
// the interpreter's msets, the method sets of interpreted types. A type that is
// not there is taken for a compiled one and called through reflect's
// Type.MethodByName, which for a type made by reflectx jumps to a heap address:
// a segmentation fault that nothing can recover. With one interpreter for each
// cell that happens whenever code of one cell (a closure, a goroutine) meets a
// type of a later one. An entry without methods makes ixgo use its own lookup
// for such types, which is right for them. So every interpreter that is still in
// use is told of every interpreted type. The map is replaced, never changed,
// since the interpreter may be running.
//
// The change that would make this unnecessary is one line of ixgo's
// findExternMethod: reflectx.MethodByName(typ, name) for typ.MethodByName(name).

// methodTypes are the session's interpreted types that have methods, and the
// interpreters to be told of them.
type methodTypes struct {
	types   []reflect.Type
	told    int // how many of types the interpreters in use know
	interps []weak.Pointer[ixgo.Interp]
}

// note is called once for every named type that gets a reflect type.
func (m *methodTypes) note(n *types.Named, rt reflect.Type) {
	if !types.IsInterface(n) && types.NewMethodSet(types.NewPointer(n)).Len() > 0 {
		m.types = append(m.types, rt, reflect.PointerTo(rt))
	}
}

// share tells a new interpreter of all types, and the others of the new ones.
func (m *methodTypes) share(i *ixgo.Interp) {
	addMethodTypes(i, m.types)
	live := m.interps[:0]
	for _, w := range m.interps {
		if old := w.Value(); old != nil {
			live = append(live, w)
			addMethodTypes(old, m.types[m.told:])
		}
	}
	clear(m.interps[len(live):])
	m.interps = append(live, weak.Make(i))
	m.told = len(m.types)
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
		panic("engine: ixgo.Interp.msets is not what this version of the engine was written for")
	}
	return f.Offset
}()

func addMethodTypes(i *ixgo.Interp, ts []reflect.Type) {
	if len(ts) == 0 {
		return
	}
	field := (*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(i), methodSetsOffset))
	old := *(*methodSets)(unsafe.Pointer(field))
	m := make(methodSets, len(old)+len(ts))
	for t, fns := range old {
		m[t] = fns
	}
	for _, t := range ts {
		if _, ok := m[t]; !ok {
			m[t] = nil
		}
	}
	atomic.StorePointer(field, *(*unsafe.Pointer)(unsafe.Pointer(&m)))
}
