package interp

import (
	"fmt"
	"go/types"
	"reflect"
	"testing"

	"golang.org/x/tools/go/ssa"
)

// TestProgramFields fails when go/ssa changes what narrow.go reaches into.
func TestProgramFields(t *testing.T) {
	for _, c := range []struct {
		in    reflect.Type
		field string
		want  reflect.Type
	}{
		{reflect.TypeFor[ssa.Program](), "packages", reflect.TypeFor[map[*types.Package]*ssa.Package]()},
		{reflect.TypeFor[ssa.Package](), "objects", reflect.TypeFor[map[types.Object]ssa.Member]()},
	} {
		if f, ok := c.in.FieldByName(c.field); !ok || f.Type != c.want {
			t.Errorf("%v.%s is %v, want %v", c.in, c.field, f.Type, c.want)
		}
	}
}

// TestLinkingSeesLittle counts what linking looks into after many packages.
func TestLinkingSeesLittle(t *testing.T) {
	p := newProgram(t)
	before := seen(p)
	for k := range 200 {
		link(t, p, fmt.Sprintf("package main; var v%d = %d; func f%d() {}; type t%d int", k, k, k, k))
	}
	if after := seen(p); after > before+10 { // packages of the library come with their first use
		t.Errorf("linking looks into %d packages, %d at the start", after, before)
	}
}

func seen(p *Program) int {
	n := 0
	for _, q := range p.narrowed.packages {
		if q != p.narrowed.linked {
			n++
		}
	}
	return n
}
