package interp

import (
	"fmt"
	"go/types"
	"math"
	"math/bits"
	"runtime/debug"
	"sync/atomic"
	"unsafe"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/memory"
	"golang.org/x/tools/go/ssa"
)

// ixgo asks reflect for slices of any size below 1<<59 elements, and the runtime ends the process when there is no memory
// for one; or the system does, once it is used:
//
//	b := make([]float64, 1<<40)
//
// Such a make panics, as it does in Go for sizes beyond the address space; and so does what makes a text or a slice longer, of which the
// last step in a loop is the largest.

// sizeError is the panic of a make, or of an array, that is too large.
type sizeError string

func (e sizeError) Error() string { return "runtime error: " + string(e) }
func (e sizeError) RuntimeError() {}

// checkedSize is the code of an instruction that allocates, preceded by a check of what it asks for; its own if that is
// little.
func checkedSize(f *ixcode.Function, in ssa.Instruction, own ixcode.Instruction) ixcode.Instruction {
	switch in := in.(type) {
	case *ssa.Alloc:
		t := in.Type().Underlying().(*types.Pointer).Elem()
		if !memory.Larger(t, unchecked) {
			return own
		}
		return func(fr *ixcode.Frame) {
			mustFit(1, memory.Sizes.Sizeof(t), "array", "size")
			own(fr)
		}
	case *ssa.MakeSlice:
		n, _ := f.Register(in.Len)
		c, _ := f.Register(in.Cap)
		size := memory.Sizes.Sizeof(in.Type().Underlying().(*types.Slice).Elem())
		return func(fr *ixcode.Frame) {
			mustFit(integer(fr.Stack[n]), size, "makeslice", "len")
			mustFit(integer(fr.Stack[c]), size, "makeslice", "cap")
			own(fr)
		}
	case *ssa.MakeChan:
		n, _ := f.Register(in.Size)
		size := memory.Sizes.Sizeof(in.Type().Underlying().(*types.Chan).Elem())
		return func(fr *ixcode.Frame) {
			mustFit(integer(fr.Stack[n]), size, "makechan", "size")
			own(fr)
		}
	case *ssa.BinOp:
		if isText(in.X.Type()) {
			return checkedText(f, in, own)
		}
	case *ssa.Call:
		return checkedAppend(f, in, own)
	}
	return own
}

func isText(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// checkedText is the code of a concatenation: in a loop each makes a text that is longer than all before.
func checkedText(f *ixcode.Function, in *ssa.BinOp, own ixcode.Instruction) ixcode.Instruction {
	x, okX := f.Register(in.X)
	y, okY := f.Register(in.Y)
	if !okX || !okY {
		return own
	}
	return func(fr *ixcode.Frame) {
		mustFit(int64(len(*boxed[string](fr.Stack[x]))+len(*boxed[string](fr.Stack[y]))), 1, "a text", "length")
		own(fr)
	}
}

// checkedAppend is the code of an append, which may make a slice that is larger than all before.
func checkedAppend(f *ixcode.Function, in *ssa.Call, own ixcode.Instruction) ixcode.Instruction {
	to, okTo := f.Register(in.Call.Args[0])
	more, okMore := f.Register(in.Call.Args[1])
	slice, ok := in.Type().Underlying().(*types.Slice)
	if !ok || !okTo || !okMore {
		return own
	}
	size, text := memory.Sizes.Sizeof(slice.Elem()), isText(in.Call.Args[1].Type())
	return func(fr *ixcode.Frame) {
		had := boxed[[]struct{}](fr.Stack[to])
		added := 0
		if text {
			added = len(*boxed[string](fr.Stack[more]))
		} else {
			added = len(*boxed[[]struct{}](fr.Stack[more]))
		}
		if n := len(*had) + added; n > cap(*had) {
			mustFit(int64(max(n, cap(*had)+cap(*had)/4)), size, "append", "len")
		}
		own(fr)
	}
}

// boxed is where an interface keeps a value that is no pointer: of a slice, of whatever elements, its length and capacity.
func boxed[T any](v any) *T {
	p := (*T)((*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1])
	if p == nil {
		p = new(T)
	}
	return p
}

// integer is the value of an int as it mostly is; others are left to ixgo's own checks.
func integer(v any) int64 {
	n, _ := v.(int)
	return int64(n)
}

// unchecked is how many bytes are asked for, at once or by pieces of a megabyte and more, without a look at how many are free.
const (
	unchecked = 64 << 20
	piece     = 1 << 20
)

// asked are the bytes of pieces since the last look.
var asked atomic.Uint64

// MustFit panics unless there is memory for n elements of size bytes, which the function called what is about to allocate.
func MustFit(n, size int64, what string) { mustFit(n, size, what, "size") }

// mustFit panics unless there is memory for n elements.
func mustFit(n, size int64, what, which string) {
	if n < 0 || size == 0 {
		return
	}
	high, bytes := bits.Mul64(uint64(n), uint64(size))
	if high == 0 && (bytes < piece || asked.Add(bytes) <= unchecked) {
		return
	}
	asked.Store(0)
	if high != 0 || bytes > math.MaxInt64>>16 {
		panic(sizeError(fmt.Sprintf("%s: %s out of range", what, which)))
	}
	wanted := int64(bytes) + unchecked // until the next look
	if memory.Free() >= wanted {
		return
	}
	debug.FreeOSMemory() // of garbage
	if free := memory.Free(); free < wanted {
		panic(sizeError(fmt.Sprintf("%s: %d bytes are more than the %d that are free", what, bytes, max(0, free-unchecked))))
	}
}
