package engine

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// Package fmt follows a map or a slice that contains itself until Go's stack overflows, which ends the process. So what
// cells print is looked at first, as far as its types leave that possible.

// tooNested is the depth at which a value is taken to contain itself.
const tooNested = 10_000

// printable is what fmt may print of values: copies of maps that goroutines may change. It panics when a value contains
// itself.
func (s *Session) printable(args []any) []any {
	concurrent, own := s.goroutines.live.Load() > 1, false
	for i, a := range args {
		switch a.(type) {
		case nil, string, int, float64, bool, error, []float64, []int, []string, []byte:
			continue
		}
		v := reflect.ValueOf(a)
		if containsItself(v) {
			panic(fmt.Errorf("stack overflow: a %T contains itself", a))
		}
		if concurrent && reachesMap(v.Type()) {
			if !own {
				args, own = slices.Clone(args), true
			}
			args[i] = s.stillOf(a, false)
		}
	}
	return args
}

// containsItself reports whether fmt would never come to the end of a value.
func containsItself(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer {
		v = v.Elem() // of which fmt prints more than the address
	}
	return v.IsValid() && composite(v.Kind()) && mayContainItself(v.Type()) && nested(v, 0)
}

func composite(k reflect.Kind) bool {
	return k == reflect.Map || k == reflect.Slice || k == reflect.Array || k == reflect.Struct || k == reflect.Interface
}

// nested reports whether fmt would follow a value deeper than any that ends.
func nested(v reflect.Value, depth int) bool {
	if depth > tooNested {
		return true
	}
	if v.IsValid() && v.CanInterface() && depth > 0 {
		switch v.Interface().(type) {
		case error, fmt.Stringer, fmt.Formatter:
			return false
		}
	}
	switch v.Kind() {
	case reflect.Interface:
		return !v.IsNil() && composite(v.Elem().Kind()) && nested(v.Elem(), depth+1)
	case reflect.Struct:
		for _, f := range v.Fields() {
			if composite(f.Kind()) && nested(f, depth+1) {
				return true
			}
		}
	case reflect.Array, reflect.Slice:
		if !composite(v.Type().Elem().Kind()) {
			return false
		}
		for i := range v.Len() {
			if nested(v.Index(i), depth+1) {
				return true
			}
		}
	case reflect.Map:
		if !composite(v.Type().Elem().Kind()) && !composite(v.Type().Key().Kind()) {
			return false
		}
		v = Snapshot(v)
		for it := v.MapRange(); it.Next(); {
			if nested(it.Value(), depth+1) || nested(it.Key(), depth+1) {
				return true
			}
		}
	}
	return false
}

var cyclicTypes sync.Map // reflect.Type -> whether a value can contain itself

// mayContainItself reports whether fmt can come from a value of the type to one of the same type, through interfaces too.
func mayContainItself(t reflect.Type) bool {
	if may, ok := cyclicTypes.Load(t); ok {
		return may.(bool)
	}
	may := reaches(t, map[reflect.Type]bool{})
	cyclicTypes.Store(t, may)
	return may
}

func reaches(t reflect.Type, above map[reflect.Type]bool) bool {
	if above[t] || t.Kind() == reflect.Interface {
		return true
	}
	if !composite(t.Kind()) {
		return false
	}
	above[t] = true
	defer delete(above, t)
	switch t.Kind() {
	case reflect.Map:
		return reaches(t.Key(), above) || reaches(t.Elem(), above)
	case reflect.Struct:
		for f := range t.Fields() {
			if reaches(f.Type, above) {
				return true
			}
		}
		return false
	}
	return reaches(t.Elem(), above)
}
