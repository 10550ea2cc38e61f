package hot

import (
	"go/constant"
	"go/types"
	"math"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// Numbers are booleans, integers and floats of all sizes, also of named types. In a window each has eight bytes, of which
// it uses the first.

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type number interface {
	integer | float32 | float64
}

// kindOf is the kind of a number, or reflect.Invalid. Kinds that are the same in memory are one.
func kindOf(t types.Type) reflect.Kind {
	switch k := boxedKind(t); k {
	case reflect.Int:
		return reflect.Int64
	case reflect.Uint, reflect.Uintptr:
		return reflect.Uint64
	default:
		return k
	}
}

func isNumber(t types.Type) bool { return kindOf(t) != reflect.Invalid }

// boxedKind is the kind that a number has in an interface.
func boxedKind(t types.Type) reflect.Kind {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return reflect.Invalid
	}
	return kinds[b.Kind()]
}

var kinds = map[types.BasicKind]reflect.Kind{
	types.Bool: reflect.Bool, types.UntypedBool: reflect.Bool,
	types.Int: reflect.Int, types.Int8: reflect.Int8, types.Int16: reflect.Int16, types.Int32: reflect.Int32, types.Int64: reflect.Int64,
	types.Uint: reflect.Uint, types.Uint8: reflect.Uint8, types.Uint16: reflect.Uint16, types.Uint32: reflect.Uint32, types.Uint64: reflect.Uint64,
	types.Uintptr: reflect.Uintptr, types.Float32: reflect.Float32, types.Float64: reflect.Float64,
}

// bitsOf is a constant as it lies in a window.
func bitsOf(c *ssa.Const) (bits uint64) {
	v := c.Value
	if v == nil { // the zero value
		return 0
	}
	switch k := kindOf(c.Type()); k {
	case reflect.Bool:
		if constant.BoolVal(v) {
			return 1
		}
		return 0
	case reflect.Float32:
		f, _ := constant.Float32Val(constant.ToFloat(v))
		return uint64(math.Float32bits(f))
	case reflect.Float64:
		f, _ := constant.Float64Val(constant.ToFloat(v))
		return math.Float64bits(f)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, _ := constant.Uint64Val(constant.ToInt(v))
		return littleEndian(u, k)
	default:
		i, _ := constant.Int64Val(constant.ToInt(v))
		return littleEndian(uint64(i), k)
	}
}

// littleEndian puts an integer of kind k where the first bytes of a word lie.
func littleEndian(u uint64, k reflect.Kind) (word uint64) {
	p := unsafe.Pointer(&word)
	switch sizes[k] {
	case 1:
		*(*uint8)(p) = uint8(u)
	case 2:
		*(*uint16)(p) = uint16(u)
	case 4:
		*(*uint32)(p) = uint32(u)
	default:
		word = u
	}
	return word
}

var sizes = map[reflect.Kind]int{
	reflect.Bool: 1, reflect.Int8: 1, reflect.Uint8: 1, reflect.Int16: 2, reflect.Uint16: 2,
	reflect.Int32: 4, reflect.Uint32: 4, reflect.Float32: 4, reflect.Int64: 8, reflect.Uint64: 8, reflect.Float64: 8,
}

// boxed is an interface value as Go keeps it.
type boxed struct{ typ, data unsafe.Pointer }

func dataOf(v *any) unsafe.Pointer { return (*boxed)(unsafe.Pointer(v)).data }

// unboxer copies a number out of an interface.
func unboxer(k reflect.Kind, s slot) func(w *window, v any) {
	switch sizes[k] {
	case 1:
		return unbox[uint8](s)
	case 2:
		return unbox[uint16](s)
	case 4:
		return unbox[uint32](s)
	}
	return unbox[uint64](s)
}

func unbox[T any](s slot) func(w *window, v any) {
	return func(w *window, v any) {
		if p := (*T)(dataOf(&v)); p != nil {
			*at[T](w, s) = *p
		} else {
			*at[uint64](w, s) = 0
		}
	}
}

// boxer puts a number into an interface. The type is nil for one without a name.
func boxer(k reflect.Kind, named reflect.Type, s slot) func(w *window) any {
	box := plainBoxer(k, s)
	if named == nil {
		return box
	}
	name := reflect.Zero(named).Interface()
	typ := (*boxed)(unsafe.Pointer(&name)).typ
	return func(w *window) any {
		v := box(w)
		(*boxed)(unsafe.Pointer(&v)).typ = typ
		return v
	}
}

func plainBoxer(k reflect.Kind, s slot) func(w *window) any {
	switch k {
	case reflect.Bool:
		return box[bool](s)
	case reflect.Int:
		return box[int](s)
	case reflect.Int8:
		return box[int8](s)
	case reflect.Int16:
		return box[int16](s)
	case reflect.Int32:
		return box[int32](s)
	case reflect.Int64:
		return box[int64](s)
	case reflect.Uint:
		return box[uint](s)
	case reflect.Uint8:
		return box[uint8](s)
	case reflect.Uint16:
		return box[uint16](s)
	case reflect.Uint32:
		return box[uint32](s)
	case reflect.Uint64:
		return box[uint64](s)
	case reflect.Uintptr:
		return box[uintptr](s)
	case reflect.Float32:
		return box[float32](s)
	default:
		return box[float64](s)
	}
}

func box[T any](s slot) func(w *window) any {
	return func(w *window) any { return *at[T](w, s) }
}
