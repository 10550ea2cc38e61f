package engine

import "testing"

// linksPackage takes functions by go:linkname as fast JSON packages and big numbers do.
const linksPackage = `package links

import (
	"reflect"
	"unsafe"
)

type rtype struct{}

//go:linkname nanotime runtime.nanotime
func nanotime() int64

//go:linkname newArray reflect.unsafe_NewArray
func newArray(t *rtype, n int) unsafe.Pointer

//go:linkname mapassign reflect.mapassign
func mapassign(t *rtype, m unsafe.Pointer, key, value unsafe.Pointer)

//go:linkname numField reflect.(*rtype).NumField
func numField(t *rtype) int

//go:linkname field reflect.(*rtype).Field
func field(t *rtype, i int) reflect.StructField

//go:linkname indirect reflect.ifaceIndir
func indirect(t *rtype) bool

//go:linkname addVV math/big.addVV
func addVV(z, x, y []uint) uint

//go:linkname throw runtime.throw
func throw(text string)

func typeOf(v any) *rtype { return *(**rtype)(unsafe.Pointer(&v)) }

func Works(v any) []any {
	numbers := unsafe.Slice((*int)(newArray(typeOf(0), 3)), 3)
	numbers[2] = 7
	m := map[string]int{}
	key, value := "a", 5
	mapassign(typeOf(m), *(*unsafe.Pointer)(unsafe.Pointer(&m)), unsafe.Pointer(&key), unsafe.Pointer(&value))
	z := make([]uint, 1)
	carry := addVV(z, []uint{^uint(0)}, []uint{2})
	return []any{nanotime() > 0, numbers, m, numField(typeOf(v)), field(typeOf(v), 1).Name, indirect(typeOf(v)), indirect(typeOf(&v)), z, carry}
}

func Throws() (text any) {
	defer func() { text = recover() }()
	throw("bad")
	return nil
}
`

func TestLinkedFunctions(t *testing.T) {
	inModule(t, map[string]string{"go.mod": "module example.org/m\n\ngo 1.26\n", "links/links.go": linksPackage})
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{`import "example.org/m/links"; fmt.Sprint(links.Works(struct{ A, B int }{}))`, `[true [0 0 7] map[a:5] 2 B true false [1] 1]`},
		{`fmt.Sprint(links.Throws())`, `runtime.throw: bad`},
	} {
		if r, err := eval(s, c.src); err != nil || r.result() != c.want {
			t.Errorf("%s: %s, %v; want %s", c.src, r.result(), err, c.want)
		}
	}
}
