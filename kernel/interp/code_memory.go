package interp

import (
	"fmt"
	"go/types"
	"math"
	"math/bits"

	"github.com/msflow-go/msflow/kernel/interp/ixcode"
	"github.com/msflow-go/msflow/kernel/interp/memory"
	"golang.org/x/tools/go/ssa"
)

// ixgo asks reflect for slices of any size below 1<<59 elements, and the runtime ends the process when there is no memory
// for one; or the system does, once it is used:
//
//	b := make([]float64, 1<<40)
//
// Such a make panics, as it does in Go for sizes beyond the address space.

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
	}
	return own
}

// integer is the value of an int as it mostly is; others are left to ixgo's own checks.
func integer(v any) int64 {
	n, _ := v.(int)
	return int64(n)
}

// unchecked is how many bytes are asked for without a look at how many are free.
const unchecked = 256 << 20

// MustFit panics unless there is memory for n elements of size bytes, which the function called what is about to allocate.
func MustFit(n, size int64, what string) { mustFit(n, size, what, "size") }

// mustFit panics unless there is memory for n elements.
func mustFit(n, size int64, what, which string) {
	if n < 0 || size == 0 {
		return
	}
	high, bytes := bits.Mul64(uint64(n), uint64(size))
	if high == 0 && bytes <= unchecked {
		return
	}
	if high != 0 || bytes > math.MaxInt64>>16 {
		panic(sizeError(fmt.Sprintf("%s: %s out of range", what, which)))
	}
	if free := memory.Free(); int64(bytes) > free {
		panic(sizeError(fmt.Sprintf("%s: %d bytes are more than the %d that are free", what, bytes, free)))
	}
}
