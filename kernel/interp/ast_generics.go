package interp

import (
	"crypto/hkdf"
	"crypto/pbkdf2"
	"hash"
	"hash/maphash"
	"reflect"

	"github.com/goplus/ixgo"
	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// Generic functions of the standard library cannot be called through reflection. ixgo brings most of them as source; these
// are the ones it lacks. They are instantiated with an interface here, and the source that programs see calls that.
func init() {
	for path, src := range standardPatches {
		ixgo.RegisterPatch(path, src)
	}
}

var standardPatches = map[string]string{
	"errors": `package errors

import "errors"

func AsType[E error](err error) (e E, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}
`,
	"reflect": `package reflect

import "reflect"

func TypeAssert[T any](v reflect.Value) (T, bool) {
	x, ok := v.Interface().(T)
	return x, ok
}
`,
	"hash/maphash": `package maphash

import (
	"hash/maphash"
	"msflow/interp"
)

func Comparable[T comparable](seed maphash.Seed, v T) uint64 { return interp.HashComparable(seed, v) }

func WriteComparable[T comparable](h *maphash.Hash, x T) { interp.WriteComparable(h, x) }
`,
	"crypto/hkdf": `package hkdf

import (
	"hash"
	"msflow/interp"
)

func Extract[H hash.Hash](h func() H, secret, salt []byte) ([]byte, error) {
	return interp.HKDFExtract(func() hash.Hash { return h() }, secret, salt)
}

func Expand[H hash.Hash](h func() H, pseudorandomKey []byte, info string, keyLength int) ([]byte, error) {
	return interp.HKDFExpand(func() hash.Hash { return h() }, pseudorandomKey, info, keyLength)
}

func Key[Hash hash.Hash](h func() Hash, secret, salt []byte, info string, keyLength int) ([]byte, error) {
	return interp.HKDFKey(func() hash.Hash { return h() }, secret, salt, info, keyLength)
}
`,
	"crypto/pbkdf2": `package pbkdf2

import (
	"hash"
	"msflow/interp"
)

func Key[Hash hash.Hash](h func() Hash, password string, salt []byte, iter, keyLength int) ([]byte, error) {
	return interp.PBKDF2Key(func() hash.Hash { return h() }, password, salt, iter, keyLength)
}
`,
}

// standardGenerics are what the patches call, in the package that init registers.
var standardGenerics = map[string]any{
	"HashComparable":  func(seed maphash.Seed, v any) uint64 { return maphash.Comparable(seed, v) },
	"WriteComparable": func(h *maphash.Hash, v any) { maphash.WriteComparable(h, v) },
	"HKDFExtract":     hkdf.Extract[hash.Hash],
	"HKDFExpand":      hkdf.Expand[hash.Hash],
	"HKDFKey":         hkdf.Key[hash.Hash],
	"PBKDF2Key":       pbkdf2.Key[hash.Hash],
}

// init registers the package that corrected code and patched packages call.
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
