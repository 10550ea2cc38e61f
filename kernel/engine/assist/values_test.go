package assist

import (
	"reflect"
	"testing"
)

type list []list

type pointer *pointer

// A value may hold itself.
func TestMemoryOfWhatHoldsItself(t *testing.T) {
	l := list{nil, nil}
	l[0], l[1] = l, l
	var p pointer
	p = &p
	for _, v := range []any{l, p} {
		if got := Memory(reflect.ValueOf(v)); got <= 0 || got > 1<<20 {
			t.Errorf("%T takes %d bytes", v, got)
		}
	}
}
