package interp

import (
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// The package that corrected code and patched packages call.
func init() {
	funcs := map[string]reflect.Value{}
	for _, table := range []map[string]any{standardGenerics, ssarepair.Functions} {
		for name, f := range table {
			funcs[name] = reflect.ValueOf(f)
		}
	}
	ixgo.RegisterPackage(&ixgo.Package{
		Name: "interp", Path: ssarepair.Path, Deps: map[string]string{"hash": "hash", "hash/maphash": "maphash"},
		Interfaces: map[string]reflect.Type{}, NamedTypes: map[string]reflect.Type{}, AliasTypes: map[string]reflect.Type{},
		Vars:        map[string]reflect.Value{},
		Funcs:       funcs,
		TypedConsts: map[string]ixgo.TypedConst{}, UntypedConsts: map[string]ixgo.UntypedConst{},
	})
}
