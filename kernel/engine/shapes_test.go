package engine

import (
	"fmt"
	"go/constant"
	"reflect"

	"github.com/goplus/ixgo"
)

// A compiled package for testdata/cells/compiled_library.cells: its interface is implemented by cells, and its functions
// call back into them.

type Shape interface {
	Area() float64
	Name() string
}

type Point struct{ X, Y float64 }

func (p Point) Add(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }
func (p *Point) Scale(f float64)  { p.X *= f; p.Y *= f }

type Registry struct{ shapes []Shape }

func (r *Registry) Register(s Shape) *Registry {
	r.shapes = append(r.shapes, s)
	return r
}

func (r *Registry) Total() (t float64) {
	for _, s := range r.shapes {
		t += s.Area()
	}
	return t
}

func (r *Registry) Each(f func(i int, s Shape) bool) {
	for i, s := range r.shapes {
		if !f(i, s) {
			return
		}
	}
}

type Visitor func(name string, depth ...int) (string, error)

func Apply(v Visitor, names ...string) ([]string, error) {
	var out []string
	for i, n := range names {
		s, err := v(n, i, i*10)
		if err != nil {
			return out, fmt.Errorf("apply: %w", err)
		}
		out = append(out, s)
	}
	return out, nil
}

type Unit struct{}

func (Unit) Area() float64 { return 1 }
func (Unit) Name() string  { return "unit" }

var Default Shape = Unit{}

// The interpreter knows the types by their compiled package and name.
func init() {
	const path = "github.com/msflow-go/msflow/kernel/engine"
	p := &ixgo.Package{
		Name: "shapes", Path: path, Deps: map[string]string{"fmt": "fmt"},
		Interfaces: map[string]reflect.Type{"Shape": reflect.TypeFor[Shape]()},
		NamedTypes: map[string]reflect.Type{
			"Point": reflect.TypeFor[Point](), "Registry": reflect.TypeFor[Registry](),
			"Visitor": reflect.TypeFor[Visitor](), "Unit": reflect.TypeFor[Unit](),
		},
		AliasTypes:    map[string]reflect.Type{},
		Vars:          map[string]reflect.Value{"Default": reflect.ValueOf(&Default)},
		Funcs:         map[string]reflect.Value{"Apply": reflect.ValueOf(Apply)},
		TypedConsts:   map[string]ixgo.TypedConst{},
		UntypedConsts: map[string]ixgo.UntypedConst{"Version": {Typ: "untyped string", Value: constant.MakeString("v1")}},
	}
	ixgo.RegisterPackage(p)
}
