package engine

import (
	"reflect"
	"testing"

	"github.com/goplus/ixgo"
)

// TestMethodSetsField fails when ixgo changes what msets.go reaches into: the
// field's type, or that an entry without methods is looked up the right way.
func TestMethodSetsField(t *testing.T) {
	f, ok := methodSetsField()
	if !ok || f.Offset != methodSetsOffset {
		t.Fatalf("ixgo.Interp.msets is %v (%v)", f.Type, ok)
	}
	var i ixgo.Interp
	rt := reflect.TypeFor[int]()
	setMethodSets(&i, withTypes(nil, []reflect.Type{rt}))
	v := reflect.ValueOf(&i).Elem().FieldByName("msets")
	if v.Len() != 1 || !v.MapIndex(reflect.ValueOf(rt)).IsValid() {
		t.Errorf("the entry is not in msets: %v", v)
	}
}

// TestOldCodeMeetsNewType is what the access is for: without it this ends the
// process.
func TestOldCodeMeetsNewType(t *testing.T) {
	s := newSession(t)
	for _, src := range []string{
		`text := func(x fmt.Stringer) string { return x.String() }`,
		`type late struct{}; func (late) String() string { return "late" }`,
	} {
		if _, err := eval(s, src); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := eval(s, `text(late{}) + text(&late{})`); err != nil || r.result() != "latelate" {
		t.Errorf("got %s, %v", r.result(), err)
	}
}
