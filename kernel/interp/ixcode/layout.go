// Package ixcode reaches the code and the frames of ixgo's interpreters, which ixgo keeps to itself: a function is a slice
// of closures, one for each SSA instruction, and each runs on a frame of boxed values. The structs here mirror ixgo's;
// Check compares them with ixgo's own.
package ixcode

import (
	"fmt"
	"go/types"
	"iter"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/goplus/ixgo"
	"golang.org/x/tools/go/ssa"
)

// Instruction executes one instruction in a frame.
type Instruction = func(*Frame)

// Frame is one execution of a function.
type Frame struct {
	Interp   *ixgo.Interp    `ixgo:"interp"`
	Caller   *Frame          `ixgo:"caller"`
	Callee   *Frame          `ixgo:"callee"` // the function being called, or one that was
	Function *Function       `ixgo:"pfn"`
	Deferred *Deferred       `ixgo:"_defer"` // what it is to call at its end, the last first
	Panic    *Panic          `ixgo:"_panic"` // that the function's deferred calls are running for, or were
	Block    *ssa.BasicBlock `ixgo:"block"`
	Stack    []any           `ixgo:"stack"` // results, parameters, free variables, other values
	IPC      int             `ixgo:"ipc"`   // index of the next instruction in Function.Code; -1 after the return
	Pred     int             `ixgo:"pred"`  // index of the block that control came from
	_        uint64          `ixgo:"deferid"`
}

// Panic is one on its way through a function.
type Panic struct {
	Value any       `ixgo:"arg"`
	_     *Panic    `ixgo:"link"`
	_     []uintptr `ixgo:"pcs"`
	_     bool      `ixgo:"aborted"`
	_     bool      `ixgo:"recovered"`
}

// Function is the code of an *ssa.Function in one interpreter.
type Function struct {
	Interp    *ixgo.Interp                 `ixgo:"Interp"`
	SSA       *ssa.Function                `ixgo:"Fn"`
	_         *ssa.BasicBlock              `ixgo:"Main"`
	_         unsafe.Pointer               `ixgo:"pool"`
	_         ssa.Instruction              `ixgo:"makeInstr"`
	registers map[ssa.Value]uint32         `ixgo:"index"`
	_         map[ssa.Instruction][]uint32 `ixgo:"instrIndex"`
	Code      []Instruction                `ixgo:"Instrs"`
	_         []Instruction                `ixgo:"Recover"`
	Blocks    []int                        `ixgo:"Blocks"` // where each basic block begins in Code
	Static    []any                        `ixgo:"stack"`  // the stack of a new frame: constants, addresses of globals, functions
	Source    []ssa.Instruction            `ixgo:"ssaInstrs"`
	Base      int                          `ixgo:"base"` // of its program counters, which tell frames apart
	Results   int                          `ixgo:"nres"`
	Params    int                          `ixgo:"narg"`
	FreeVars  int                          `ixgo:"nenv"`
	_         int32                        `ixgo:"used"`
	_         int32                        `ixgo:"cached"`
}

// Register is where frames keep the value in their stack. It is false for values that the code does not use.
func (f *Function) Register(v ssa.Value) (int, bool) {
	r, ok := f.registers[v]
	return int(r & 0xffffff), ok
}

// Array is the code's array.
func (f *Function) Array() *Instruction { return unsafe.SliceData(f.Code) }

// Use makes another array of as many instructions the function's code. Only the word that points to the array changes,
// which the interpreter reads anew for each instruction: goroutines in the function see the one or the other.
func (f *Function) Use(first *Instruction) {
	array := (*unsafe.Pointer)(unsafe.Pointer(&f.Code)) // a slice begins with the pointer to its array
	atomic.StorePointer(array, unsafe.Pointer(first))
}

// set makes do the k-th instruction.
func (f *Function) set(k int, do Instruction) {
	word := (*unsafe.Pointer)(unsafe.Pointer(&f.Code[k])) // a func value is one pointer
	atomic.StorePointer(word, *(*unsafe.Pointer)(unsafe.Pointer(&do)))
}

// Replace is set if the k-th instruction is still the one given.
func (f *Function) Replace(k int, was, do Instruction) {
	word := (*unsafe.Pointer)(unsafe.Pointer(&f.Code[k]))
	atomic.CompareAndSwapPointer(word, *(*unsafe.Pointer)(unsafe.Pointer(&was)), *(*unsafe.Pointer)(unsafe.Pointer(&do)))
}

// Functions are those of an interpreter that have code.
func Functions(i *ixgo.Interp) iter.Seq[*Function] {
	return func(yield func(*Function) bool) {
		for _, f := range Keyed(i) {
			if !yield(f) {
				return
			}
		}
	}
}

// Keyed are the same functions with the ssa.Function that code of the interpreter names them by.
func Keyed(i *ixgo.Interp) iter.Seq2[*ssa.Function, *Function] {
	return func(yield func(*ssa.Function, *Function) bool) {
		for fn, f := range functions(i) {
			if len(f.Code) > 0 && f.Interp == i && !yield(fn, f) {
				return
			}
		}
	}
}

// FunctionOf is the code of f in an interpreter, or nil.
func FunctionOf(i *ixgo.Interp, f *ssa.Function) *Function {
	return functions(i)[f]
}

func functions(i *ixgo.Interp) map[*ssa.Function]*Function {
	return *(*map[*ssa.Function]*Function)(unsafe.Add(unsafe.Pointer(i), offsets.funcs))
}

// TypeOf is the type of values in an interpreter's frames, or nil for one that the interpreter's code does not mention.
func TypeOf(i *ixgo.Interp, t types.Type) reflect.Type {
	return (*(*map[types.Type]reflect.Type)(unsafe.Add(unsafe.Pointer(i), offsets.types)))[t]
}

// offsets are where an ixgo.Interp has what is used of it.
var offsets = func() (o struct{ funcs, types uintptr }) {
	if err := Check(); err != nil {
		panic(err)
	}
	interp := reflect.TypeFor[ixgo.Interp]()
	f, _ := interp.FieldByName("funcs")
	t, _ := interp.FieldByName("preloadTypes")
	o.funcs, o.types = f.Offset, t.Offset
	return o
}()

// Check fails when ixgo has changed what is mirrored here.
func Check() error {
	interp := reflect.TypeFor[ixgo.Interp]()
	err := fmt.Errorf("ixgo.Interp is not what this program was written for")
	t, ok := interp.FieldByName("preloadTypes")
	if !ok || t.Type != reflect.TypeFor[map[types.Type]reflect.Type]() {
		return err
	}
	f, ok := interp.FieldByName("funcs")
	if !ok || f.Type.Kind() != reflect.Map || f.Type.Key() != reflect.TypeFor[*ssa.Function]() || f.Type.Elem().Kind() != reflect.Pointer {
		return err
	}
	function := f.Type.Elem().Elem()
	if err := mirrors(reflect.TypeFor[Function](), function); err != nil {
		return err
	}
	code, _ := function.FieldByName("Instrs")
	if code.Type.Elem().Kind() != reflect.Func || code.Type.Elem().NumIn() != 1 || code.Type.Elem().NumOut() != 0 {
		return fmt.Errorf("ixgo's instructions are not what this program was written for")
	}
	frame := code.Type.Elem().In(0).Elem()
	if err := mirrors(reflect.TypeFor[Frame](), frame); err != nil {
		return err
	}
	f, _ = frame.FieldByName("_defer")
	if err := mirrors(reflect.TypeFor[Deferred](), f.Type.Elem()); err != nil {
		return err
	}
	f, _ = frame.FieldByName("_panic")
	return mirrors(reflect.TypeFor[Panic](), f.Type.Elem())
}

// mirrors fails unless the fields have the names that the tags say, lie at the same places and are of the same type, as
// far as it has a name here.
func mirrors(our, theirs reflect.Type) error {
	err := fmt.Errorf("ixgo's %v is not what this program was written for", theirs)
	if our.Size() != theirs.Size() || our.NumField() != theirs.NumField() {
		return err
	}
	for k := range our.NumField() {
		a, b := our.Field(k), theirs.Field(k)
		if a.Tag.Get("ixgo") != b.Name || a.Offset != b.Offset || a.Type.Kind() != b.Type.Kind() && a.Type.Kind() != reflect.UnsafePointer {
			return fmt.Errorf("%w: field %s", err, b.Name)
		}
		switch a.Type.Kind() {
		case reflect.Int, reflect.Map, reflect.Interface:
			if a.Type != b.Type {
				return fmt.Errorf("%w: field %s", err, b.Name)
			}
		}
	}
	return nil
}
