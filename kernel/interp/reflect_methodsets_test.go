package interp

import (
	"os"
	"os/exec"
	"reflect"
	"testing"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// TestMethodSetsField fails when ixgo changes what msets.go reaches into: the field's type, or that an entry without
// methods is looked up the right way.
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

// TestOldCodeMeetsNewType calls a method of a type that is declared after the caller. Without the correction this ends the
// process, so the test runs in one of its own once more.
func TestOldCodeMeetsNewType(t *testing.T) {
	p := newProgram(t)
	_, early := link(t, p, `package main
import "fmt"
func make() func(fmt.Stringer) string { return func(x fmt.Stringer) string { return x.String() } }`)
	text, err := early.RunFunc("make")
	if err != nil {
		t.Fatal(err)
	}
	_, i := link(t, p, `package main
import "fmt"
type late struct{}
func (late) String() string { return "late" }
func f(text func(fmt.Stringer) string) string { return text(late{}) + text(&late{}) }`)
	if got, err := i.RunFunc("f", text); err != nil || got != "latelate" {
		t.Fatalf("got %v, %v", got, err)
	}
	if os.Getenv(levels.WithoutVariable) != "" {
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^TestOldCodeMeetsNewType$")
	c.Env = append(os.Environ(), levels.WithoutVariable+"=reflect_methodsets")
	if c.Run() == nil {
		t.Error("the program needs no reflect_methodsets")
	}
}
