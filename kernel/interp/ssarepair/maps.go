package ssarepair

import (
	"go/types"
	"reflect"
	"sync"

	"golang.org/x/tools/go/ssa"
)

// ixgo's m[k] = v deletes the key when v is a nil interface, and m[k], m[k] = v and delete(m, k) panic when k is one:
//
//	m := map[string]error{}
//	m["a"] = nil
//	_, there := m["a"] // false
//
// The key of the first is put back, and the others are called as functions.

// nilKeys corrects what an instruction does with a map.
func (r *repairer) nilKeys(in ssa.Instruction) []ssa.Instruction {
	switch in := in.(type) {
	case *ssa.MapUpdate:
		if mayBeNil(in.Key) {
			return []ssa.Instruction{r.call("SetKey", in.Map, in.Key, in.Value)}
		}
		if mayBeNil(in.Value) {
			return []ssa.Instruction{in, r.call("KeepNil", in.Map, in.Key, in.Value)}
		}
	case *ssa.Call:
		if f, ok := in.Call.Value.(*ssa.Builtin); ok && f.Name() == "delete" && mayBeNil(in.Call.Args[1]) {
			return []ssa.Instruction{r.call("DeleteKey", in.Call.Args...)}
		}
	case *ssa.Lookup:
		return r.lookup(in)
	}
	return nil
}

func (r *repairer) lookup(in *ssa.Lookup) []ssa.Instruction {
	if _, ok := in.X.Type().Underlying().(*types.Map); !ok || !mayBeNil(in.Index) {
		return nil
	}
	return lookupCall(in)
}

func lookupCall(in *ssa.Lookup) []ssa.Instruction {
	name, result := "Lookup", "T"
	if in.CommaOk {
		name, result = "LookupOK", "(T, bool)"
	}
	c := callOf(name, "m, k", result, in.X.Type().Underlying().(*types.Map).Elem(), in.Pos())
	c.Call.Args = []ssa.Value{in.X, in.Index}
	replace(in, c)
	return []ssa.Instruction{c}
}

// guardMaps makes operations on maps hold a lock. Go ends the process when two goroutines use a map at once and one of
// them writes.
func (r *repairer) guardMaps(in ssa.Instruction) []ssa.Instruction {
	switch in := in.(type) {
	case *ssa.MapUpdate:
		c := callOf("SetKey", "m, k, v", "", types.Typ[types.Int], in.Pos())
		c.Call.Args = []ssa.Value{in.Map, in.Key, in.Value}
		return []ssa.Instruction{c}
	case *ssa.Lookup:
		if _, ok := in.X.Type().Underlying().(*types.Map); ok {
			return lookupCall(in)
		}
	case *ssa.Call:
		if f, ok := in.Call.Value.(*ssa.Builtin); ok && f.Name() == "delete" {
			return []ssa.Instruction{r.call("DeleteKey", in.Call.Args...)}
		}
	case *ssa.Next:
		if !in.IsString {
			return []ssa.Instruction{r.call("RLock"), in, r.call("RUnlock")}
		}
	}
	return nil
}

// mapLock is held by the guarded operations on maps; see guardMaps.
var mapLock sync.RWMutex

// Reading calls f, which reads a map, while nobody changes one.
func Reading(f func()) {
	mapLock.RLock()
	defer mapLock.RUnlock()
	f()
}

// Writing calls f, which changes a map, while nobody uses one.
func Writing(f func()) {
	mapLock.Lock()
	defer mapLock.Unlock()
	f()
}

// Entries calls f for entries of a map, at most as many as given, as they are while nobody holds the lock to change it.
func Entries(m reflect.Value, most int, f func(k, v reflect.Value)) {
	var keys, values []reflect.Value
	mapLock.RLock()
	for it := m.MapRange(); len(keys) < most && it.Next(); {
		keys, values = append(keys, it.Key()), append(values, it.Value())
	}
	mapLock.RUnlock()
	for i, k := range keys {
		f(k, values[i])
	}
}

func mapOf(m any, k any) (rm, rk reflect.Value) {
	rm = reflect.ValueOf(m)
	if k == nil {
		return rm, reflect.Zero(rm.Type().Key())
	}
	return rm, reflect.ValueOf(k)
}

// setKey is m[k] = v.
func setKey(m, k, v any) {
	mapLock.Lock()
	defer mapLock.Unlock()
	rm, rk := mapOf(m, k)
	rv := reflect.ValueOf(v)
	if v == nil {
		rv = reflect.Zero(rm.Type().Elem())
	}
	rm.SetMapIndex(rk, rv)
}

// keepNil is m[k] = v for an interface v, after ixgo's own.
func keepNil(m, k, v any) {
	if v == nil {
		setKey(m, k, v)
	}
}

// deleteKey is delete(m, k).
func deleteKey(m, k any) {
	mapLock.Lock()
	defer mapLock.Unlock()
	rm, rk := mapOf(m, k)
	rm.SetMapIndex(rk, reflect.Value{})
}

func lookup(m, k any) any {
	v, _ := lookupOK(m, k)
	return v
}

// lookupOK is m[k] with comma-ok.
func lookupOK(m, k any) (any, bool) {
	mapLock.RLock()
	defer mapLock.RUnlock()
	rm, rk := mapOf(m, k)
	v := rm.MapIndex(rk)
	if !v.IsValid() {
		return reflect.Zero(rm.Type().Elem()).Interface(), false
	}
	return v.Interface(), true
}
