//go:build amd64 || arm64

// Package slots lets compiled code call methods of types that are made while the program runs. Such a method is a closure, and a method
// table wants an address of code: a slot is a few bytes of code that enter one closure. All slots are one function of assembly. One
// function for each, as reflectx brings them, is 100 bytes of code and 170 of names and tables, and its copy of reflect's stub is one
// that the garbage collector does not know.
package slots

import (
	"reflect"
	"unsafe"

	"github.com/goplus/reflectx/abi"
)

// count is how many slots stubs_*.s has.
const count = 32768

// functions are the closures that slots enter.
var functions [count]unsafe.Pointer

// first is where the code of slot 0 begins; the others follow, stride bytes each.
func first() uintptr

//lint:ignore U1000 its address is taken in assembly, which staticcheck does not read
func stubs()

//lint:ignore U1000 stubs jump to it in assembly
func enter()

func init() { abi.AddMethodProvider(&provider{}) }

// provider is what reflectx asks for slots.
type provider struct {
	used int
	next int // no slot below is free
}

// Insert takes a slot for a method and returns its code and number, or nil and -1 when all are taken.
func (p *provider) Insert(m *abi.MethodInfo) (unsafe.Pointer, int) {
	for ; p.next < count; p.next++ {
		if functions[p.next] != nil {
			continue
		}
		functions[p.next] = closure(onReceiver(m))
		p.used++
		return address(p.next), p.next
	}
	return nil, -1
}

func address(slot int) unsafe.Pointer {
	at := first() + uintptr(slot)*stride
	return *(*unsafe.Pointer)(unsafe.Pointer(&at))
}

// closure is what a variable of the function type points to, as Go passes it in the context register.
func closure(f reflect.Value) unsafe.Pointer {
	boxed := f.Interface()
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&boxed))[1]
}

// onReceiver is the method as method tables call it: a receiver that is no pointer lies behind one.
func onReceiver(m *abi.MethodInfo) reflect.Value {
	if (m.Pointer || m.OnePtr) && !m.Indirect {
		return m.Func
	}
	of := m.Func.Type()
	var in, out []reflect.Type
	for t := range of.Ins() {
		in = append(in, t)
	}
	for t := range of.Outs() {
		out = append(out, t)
	}
	in[0] = reflect.PointerTo(m.Type)
	call := m.Func.Call
	if m.Variadic {
		call = m.Func.CallSlice
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, m.Variadic), func(args []reflect.Value) []reflect.Value {
		args[0] = args[0].Elem()
		return call(args)
	})
}

// Remove gives slots back.
func (p *provider) Remove(slots []int) {
	for _, i := range slots {
		if i < count && functions[i] != nil {
			functions[i] = nil
			p.used--
			p.next = min(p.next, i)
		}
	}
}

func (p *provider) Available() int { return count - p.used }
func (p *provider) Used() int      { return p.used }
func (p *provider) Cap() int       { return count }

// Clear gives all slots back.
func (p *provider) Clear() {
	clear(functions[:])
	*p = provider{}
}
