//go:build amd64 || arm64

package slots

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/goplus/reflectx/abi"
)

// called is a function whose code lies at an address, as a method table calls it.
func called[F any](code unsafe.Pointer) F {
	at := &code
	return *(*F)(unsafe.Pointer(&at))
}

// TestEverySlot: each slot enters its own closure.
func TestEverySlot(t *testing.T) {
	defer clear(functions[:])
	for i := range count {
		functions[i] = closure(reflect.ValueOf(func(x int) int { return x - i }))
	}
	for i := range count {
		if got := called[func(int) int](address(i))(3); got != 3-i {
			t.Fatalf("slot %d of 3 gives %d, want %d", i, got, 3-i)
		}
	}
}

type pair struct{ a, b string }

// TestReceiversAndArguments: values behind pointers, arguments and results that have no room in registers, variadic methods; and the
// collector sees what only the call holds.
func TestReceiversAndArguments(t *testing.T) {
	p := &provider{}
	defer p.Clear()
	insert := func(m *abi.MethodInfo) unsafe.Pointer {
		code, _ := p.Insert(m)
		return code
	}
	wide := func(by *pair, s [3]string, m map[string]int, f float64, more ...*pair) (string, [5]int) {
		runtime.GC()
		return fmt.Sprint(by.a, by.b, s, m, f, *more[0], *more[1]), [5]int{1, 2, 3, 4, len(more)}
	}
	made := reflect.MakeFunc(reflect.TypeOf(wide), func(args []reflect.Value) []reflect.Value { return reflect.ValueOf(wide).CallSlice(args) })
	byPointer := called[func(*pair, [3]string, map[string]int, float64, ...*pair) (string, [5]int)](insert(&abi.MethodInfo{
		Func: made, Type: reflect.TypeFor[*pair](), Pointer: true, Variadic: true}))
	for range 10 {
		text, numbers := byPointer(&pair{strings.Repeat("x", 2), "y"}, [3]string{"p", "q", "r"}, map[string]int{"k": 7}, 2.5, &pair{"c", "d"}, &pair{"e", "f"})
		if text != "xxy[p q r] map[k:7] 2.5 {c d} {e f}" || numbers[4] != 2 {
			t.Fatalf("%q %v", text, numbers)
		}
	}
	byValue := called[func(*pair, int) string](insert(&abi.MethodInfo{Type: reflect.TypeFor[pair](),
		Func: reflect.ValueOf(func(by pair, n int) string { return strings.Repeat(by.a+by.b, n) })}))
	if got := byValue(&pair{"a", "b"}, 3); got != "ababab" {
		t.Errorf("a method of a value: %q", got)
	}
}

// TestTakenAndGivenBack: slots that are given back are taken again, and when none is left that is said.
func TestTakenAndGivenBack(t *testing.T) {
	p := &provider{}
	defer p.Clear()
	m := &abi.MethodInfo{Func: reflect.ValueOf(func(*pair) {}), Type: reflect.TypeFor[*pair](), Pointer: true}
	for i := range count {
		if code, slot := p.Insert(m); code == nil || slot != i {
			t.Fatalf("insertion %d: slot %d", i, slot)
		}
	}
	if code, slot := p.Insert(m); code != nil || slot != -1 || p.Available() != 0 {
		t.Errorf("beyond the last: slot %d", slot)
	}
	p.Remove([]int{7, 3, count + 5})
	for _, want := range []int{3, 7, -1} {
		if _, slot := p.Insert(m); slot != want {
			t.Errorf("slot %d, want %d", slot, want)
		}
	}
	if p.Used() != count || p.Cap() != count {
		t.Errorf("%d of %d", p.Used(), p.Cap())
	}
}
