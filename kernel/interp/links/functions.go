// Package links has the functions that interpreted packages may take by the linkname directive. Modules that are fast at
// any price take functions of the runtime, of reflect or of math/big that way, without a body of their own: json-iterator,
// goccy/go-json, bigfft below modernc's SQLite. The interpreter reads no assembly, but this program is linked with the
// very functions; here are those that Go's linker gives to everybody. Pointers are unsafe ones, whatever type the taker
// gives them. runtime.throw panics instead of ending the process.
package links

import "unsafe" // also for go:linkname

//go:linkname runtimeNanotime runtime.nanotime
func runtimeNanotime() int64

//go:linkname runtimeFastrand runtime.fastrand
func runtimeFastrand() uint32

//go:linkname runtimeFastrandn runtime.fastrandn
func runtimeFastrandn(n uint32) uint32

//go:linkname runtimeFastrand64 runtime.fastrand64
func runtimeFastrand64() uint64

//go:linkname runtimeCheaprand runtime.cheaprand
func runtimeCheaprand() uint32

//go:linkname runtimeCheaprandn runtime.cheaprandn
func runtimeCheaprandn(n uint32) uint32

//go:linkname runtimeCputicks runtime.cputicks
func runtimeCputicks() int64

//go:linkname runtimeProcyield runtime.procyield
func runtimeProcyield(cycles uint32)

//go:linkname runtimeMemequal runtime.memequal
func runtimeMemequal(p, q unsafe.Pointer, size uintptr) bool

//go:linkname runtimeMemhash runtime.memhash
func runtimeMemhash(p unsafe.Pointer, seed, size uintptr) uintptr

//go:linkname runtimeStrhash runtime.strhash
func runtimeStrhash(p unsafe.Pointer, seed uintptr) uintptr

//go:linkname runtimeMemmove runtime.memmove
func runtimeMemmove(to, from unsafe.Pointer, n uintptr)

//go:linkname runtimeMemclr runtime.memclrNoHeapPointers
func runtimeMemclr(p unsafe.Pointer, n uintptr)

//go:linkname runtimeMallocgc runtime.mallocgc
func runtimeMallocgc(size uintptr, typ unsafe.Pointer, zero bool) unsafe.Pointer

//go:linkname runtimeNewarray runtime.newarray
func runtimeNewarray(typ unsafe.Pointer, n int) unsafe.Pointer

//go:linkname runtimeMapassign runtime.mapassign
func runtimeMapassign(typ, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname runtimeMapaccess2 runtime.mapaccess2
func runtimeMapaccess2(typ, m, key unsafe.Pointer) (unsafe.Pointer, bool)

//go:linkname runtimeMapassignFaststr runtime.mapassign_faststr
func runtimeMapassignFaststr(typ, m unsafe.Pointer, key string) unsafe.Pointer

//go:linkname runtimeMapiterinit runtime.mapiterinit
func runtimeMapiterinit(typ, m, it unsafe.Pointer)

//go:linkname runtimeMapiternext runtime.mapiternext
func runtimeMapiternext(it unsafe.Pointer)

//go:linkname reflectTypelinks reflect.typelinks
func reflectTypelinks() (sections []unsafe.Pointer, offset [][]int32)

//go:linkname reflectResolveTypeOff reflect.resolveTypeOff
func reflectResolveTypeOff(rtype unsafe.Pointer, off int32) unsafe.Pointer

//go:linkname reflectUnsafeNew reflect.unsafe_New
func reflectUnsafeNew(typ unsafe.Pointer) unsafe.Pointer

//go:linkname reflectUnsafeNewArray reflect.unsafe_NewArray
func reflectUnsafeNewArray(typ unsafe.Pointer, n int) unsafe.Pointer

//go:linkname reflectTypedmemmove reflect.typedmemmove
func reflectTypedmemmove(typ, to, from unsafe.Pointer)

// sliceHeader is a slice as the runtime passes it, with a pointer that the collector sees.
type sliceHeader struct {
	_    unsafe.Pointer
	_, _ int // length and capacity
}

//go:linkname reflectTypedslicecopy reflect.typedslicecopy
func reflectTypedslicecopy(typ unsafe.Pointer, to, from sliceHeader) int

//go:linkname reflectMapassign reflect.mapassign
func reflectMapassign(typ, m, key, value unsafe.Pointer)

//go:linkname reflectMapaccess reflect.mapaccess
func reflectMapaccess(typ, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname reflectMapiterinit reflect.mapiterinit
func reflectMapiterinit(typ, m, it unsafe.Pointer)

//go:linkname reflectMapiternext reflect.mapiternext
func reflectMapiternext(it unsafe.Pointer)

//go:linkname reflectMapiterkey reflect.mapiterkey
func reflectMapiterkey(it unsafe.Pointer) unsafe.Pointer

//go:linkname reflectMapiterelem reflect.mapiterelem
func reflectMapiterelem(it unsafe.Pointer) unsafe.Pointer

//go:linkname reflectMaplen reflect.maplen
func reflectMaplen(m unsafe.Pointer) int

//go:linkname reflectMakemap reflect.makemap
func reflectMakemap(typ unsafe.Pointer, n int) unsafe.Pointer

//go:linkname reflectIfaceE2I reflect.ifaceE2I
func reflectIfaceE2I(typ unsafe.Pointer, from any, to unsafe.Pointer)

//go:linkname bigAddVV math/big.addVV
func bigAddVV(z, x, y []uint) uint

//go:linkname bigSubVV math/big.subVV
func bigSubVV(z, x, y []uint) uint

//go:linkname bigAddVW math/big.addVW
func bigAddVW(z, x []uint, y uint) uint

//go:linkname bigSubVW math/big.subVW
func bigSubVW(z, x []uint, y uint) uint

//go:linkname bigShlVU math/big.shlVU
func bigShlVU(z, x []uint, s uint) uint

//go:linkname bigMulAddVWW math/big.mulAddVWW
func bigMulAddVWW(z, x []uint, m, a uint) uint

//go:linkname bigAddMulVVW math/big.addMulVVW
func bigAddMulVVW(z, x []uint, y uint) uint

// Functions are the functions by the names that they are taken by, as in "reflect.typelinks" or "reflect.(*rtype).Elem".
var Functions = map[string]any{
	"runtime.nanotime": runtimeNanotime, "runtime.fastrand": runtimeFastrand,
	"runtime.fastrandn": runtimeFastrandn, "runtime.fastrand64": runtimeFastrand64, "runtime.cheaprand": runtimeCheaprand,
	"runtime.cheaprandn": runtimeCheaprandn, "runtime.cputicks": runtimeCputicks, "runtime.procyield": runtimeProcyield,
	"runtime.memequal": runtimeMemequal, "runtime.throw": func(text string) { panic("runtime.throw: " + text) },
	"runtime.memhash": runtimeMemhash, "runtime.strhash": runtimeStrhash,
	"runtime.memmove": runtimeMemmove, "runtime.memclrNoHeapPointers": runtimeMemclr, "runtime.mallocgc": runtimeMallocgc, "runtime.newarray": runtimeNewarray,
	"runtime.mapassign": runtimeMapassign, "runtime.mapaccess2": runtimeMapaccess2, "runtime.mapassign_faststr": runtimeMapassignFaststr,
	"runtime.mapiterinit": runtimeMapiterinit, "runtime.mapiternext": runtimeMapiternext,
	"reflect.typelinks": reflectTypelinks, "reflect.resolveTypeOff": reflectResolveTypeOff,
	"reflect.unsafe_New": reflectUnsafeNew, "reflect.unsafe_NewArray": reflectUnsafeNewArray,
	"reflect.typedmemmove": reflectTypedmemmove, "reflect.typedslicecopy": reflectTypedslicecopy, "reflect.ifaceE2I": reflectIfaceE2I,
	"reflect.mapassign": reflectMapassign, "reflect.mapaccess": reflectMapaccess, "reflect.maplen": reflectMaplen, "reflect.makemap": reflectMakemap,
	"reflect.mapiterinit": reflectMapiterinit, "reflect.mapiternext": reflectMapiternext, "reflect.mapiterkey": reflectMapiterkey, "reflect.mapiterelem": reflectMapiterelem,
	"math/big.addVV": bigAddVV, "math/big.subVV": bigSubVV, "math/big.addVW": bigAddVW, "math/big.subVW": bigSubVW, "math/big.shlVU": bigShlVU,
	"math/big.mulAddVWW": bigMulAddVWW, "math/big.addMulVVW": bigAddMulVVW,
}
