package interp

import (
	"reflect"
	"sync"
	"unsafe" // also for go:linkname

	"github.com/goplus/ixgo"
)

// Compiled code calls the methods of interpreted types through functions that are made beforehand (slots/), a slot for
// each method, which are never given back. Large libraries have more methods than there are slots: the clients of
// Kubernetes alone have 40,000. So the last slots are for the methods that interfaces of compiled packages have, and the
// very last for those of types in cells. A method without a slot is called as any other by interpreted code; compiled code
// that calls it, which it can only by reflection, gets a panic.
const (
	slotsForInterfaces = 4096 // are left when only methods of interfaces get slots
	slotsForCells      = 2048 // are left when only types of cells do
	slotsForRunning    = 64   // are left when nothing does
)

// freeSlots is how many slots there are left.
var freeSlots = func() int {
	_, _, free := ixgo.IcallStat()
	return free
}

// SlotsLeft reports whether there is room for methods of more types.
func SlotsLeft() bool { return freeSlots() >= slotsForRunning }

// worthSlot reports whether a method of a type is to get a slot.
func worthSlot(t reflect.Type, method string) bool {
	least := slotsForInterfaces
	switch cell, expected := t.PkgPath() == "main", interfaceMethods()[method]; {
	case cell && expected:
		least = slotsForRunning / 2
	case cell || expected:
		least = slotsForCells
	}
	return freeSlots() > least
}

// interfaceMethods are the names of the methods of compiled packages' interfaces.
var interfaceMethods = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, path := range ixgo.PackageList() {
		p, _ := ixgo.LookupPackage(path)
		for _, t := range p.Interfaces {
			for m := range t.Methods() {
				names[m.Name] = true
			}
		}
	}
	return names
})

// withoutSlot is the function of all methods without one.
func withoutSlot() {
	panic("the interpreter has no room left for the method that compiled code calls here: reset the session or restart the kernel")
}

func init() { noFunction = reflect.ValueOf(withoutSlot).UnsafePointer() }

// noFunction is what reflectx takes for such methods.
//
//go:linkname noFunction github.com/goplus/reflectx.zeroIfn
var noFunction unsafe.Pointer
