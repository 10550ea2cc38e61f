package engine

import (
	"encoding/gob"
	"encoding/json"
	htmltemplate "html/template"
	"io"
	"math"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"sync"
	"text/template"
	"unsafe"

	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// Compiled code that reads a map which a goroutine of a cell is changing ends the process, and no lock can be held for it,
// since it may call methods of cells. So while several goroutines of cells run, functions that read whole values get copies
// of the maps in them, and reflection holds the lock for as long as it uses one.

// readers are such functions.
func (s *Session) readers() map[string]any {
	locked, changing := ssarepair.Reading, ssarepair.Writing
	return map[string]any{
		"encoding/json.Marshal": func(v any) ([]byte, error) { return json.Marshal(s.still(v)) },
		"encoding/json.MarshalIndent": func(v any, prefix, indent string) ([]byte, error) {
			return json.MarshalIndent(s.still(v), prefix, indent)
		},
		"(*encoding/json.Encoder).Encode":   func(e *json.Encoder, v any) error { return e.Encode(s.still(v)) },
		"(*encoding/gob.Encoder).Encode":    func(e *gob.Encoder, v any) error { return e.Encode(s.still(v)) },
		"(*text/template.Template).Execute": func(t *template.Template, w io.Writer, v any) error { return t.Execute(w, s.still(v)) },
		"(*text/template.Template).ExecuteTemplate": func(t *template.Template, w io.Writer, name string, v any) error {
			return t.ExecuteTemplate(w, name, s.still(v))
		},
		"(*html/template.Template).Execute": func(t *htmltemplate.Template, w io.Writer, v any) error { return t.Execute(w, s.still(v)) },
		"(*html/template.Template).ExecuteTemplate": func(t *htmltemplate.Template, w io.Writer, name string, v any) error {
			return t.ExecuteTemplate(w, name, s.still(v))
		},
		"(net/http.Header).Write": func(h http.Header, w io.Writer) error { return s.still(h).(http.Header).Write(w) },
		"(net/http.Header).WriteSubset": func(h http.Header, w io.Writer, not map[string]bool) error {
			return s.still(h).(http.Header).WriteSubset(w, not)
		},
		"maps.clone": func(m any) any {
			c := reflect.MakeMap(reflect.TypeOf(m))
			ssarepair.Entries(reflect.ValueOf(m), math.MaxInt, c.SetMapIndex)
			return c.Interface()
		},
		"reflect.DeepEqual": func(a, b any) bool { return reflect.DeepEqual(s.still(a), s.still(b)) },
		"(reflect.Value).MapIndex": func(m, k reflect.Value) (v reflect.Value) {
			locked(func() { v = m.MapIndex(k) })
			return v
		},
		"(reflect.Value).MapKeys": func(m reflect.Value) (keys []reflect.Value) {
			locked(func() { keys = m.MapKeys() })
			return keys
		},
		"(reflect.Value).SetMapIndex": func(m, k, v reflect.Value) { changing(func() { m.SetMapIndex(k, v) }) },
		"(*reflect.MapIter).Next": func(it *reflect.MapIter) (more bool) {
			locked(func() { more = it.Next() })
			return more
		},
	}
}

// lists are the methods of compiled maps of lists. They call nothing of a cell, so the lock is held.
var lists = func() map[string]any {
	all := map[string]any{
		"(net/http.Header).Clone": reading(http.Header.Clone),
		"(net/url.Values).Encode": reading(url.Values.Encode),
	}
	listMethods(all, "net/http.Header", http.Header.Add, http.Header.Set, http.Header.Del, http.Header.Get)
	listMethods(all, "net/textproto.MIMEHeader", textproto.MIMEHeader.Add, textproto.MIMEHeader.Set, textproto.MIMEHeader.Del, textproto.MIMEHeader.Get)
	listMethods(all, "net/url.Values", url.Values.Add, url.Values.Set, url.Values.Del, url.Values.Get)
	all["(net/http.Header).Values"] = readingOf(http.Header.Values)
	all["(net/textproto.MIMEHeader).Values"] = readingOf(textproto.MIMEHeader.Values)
	all["(net/url.Values).Has"] = readingOf(url.Values.Has)
	return all
}()

func listMethods[M any](all map[string]any, name string, add, set func(M, string, string), del func(M, string), get func(M, string) string) {
	for method, f := range map[string]func(M, string, string){"Add": add, "Set": set} {
		all["("+name+")."+method] = func(m M, k, v string) { ssarepair.Writing(func() { f(m, k, v) }) }
	}
	all["("+name+").Del"] = func(m M, k string) { ssarepair.Writing(func() { del(m, k) }) }
	all["("+name+").Get"] = readingOf(get)
}

func reading[M, R any](f func(M) R) func(M) R {
	return func(m M) (r R) {
		ssarepair.Reading(func() { r = f(m) })
		return r
	}
}

func readingOf[M, R any](f func(M, string) R) func(M, string) R {
	return func(m M, k string) (r R) {
		ssarepair.Reading(func() { r = f(m, k) })
		return r
	}
}

// still is a value whose maps no goroutine changes: those that it reaches are copied, if there are other goroutines.
func (s *Session) still(v any) any { return s.stillOf(v, true) }

// stillOf leaves what pointers inside of the value point to as it is unless it is to follow them, as fmt does not.
func (s *Session) stillOf(v any, follow bool) any {
	if s.goroutines.live.Load() <= 1 {
		return v
	}
	rv := reflect.ValueOf(v)
	if !rv.IsValid() || !reachesMap(rv.Type()) {
		return v
	}
	c := copier{follow: follow, seen: map[any]reflect.Value{}}
	if still, changed := c.copy(rv, 0); changed {
		return still.Interface()
	}
	return v
}

type copier struct {
	follow bool
	seen   map[any]reflect.Value // pointer -> what takes its place, at first itself, as it may lead back to itself
}

// deepCopies is how far the copying goes.
const deepCopies = 1000

// copy is v with copies of the maps in it, or v itself if there are none.
func (c *copier) copy(v reflect.Value, depth int) (still reflect.Value, changed bool) {
	if depth > deepCopies || !reachesMap(v.Type()) {
		return v, false
	}
	switch v.Kind() {
	case reflect.Map:
		return c.copyMap(v, depth), !v.IsNil()
	case reflect.Pointer:
		return c.copyPointer(v, depth)
	case reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		return c.copy(v.Elem(), depth+1)
	case reflect.Struct:
		return c.copyParts(v, v.NumField(), reflect.Value.Field, depth)
	case reflect.Array, reflect.Slice:
		return c.copyParts(v, v.Len(), reflect.Value.Index, depth)
	}
	return v, false
}

func (c *copier) copyMap(m reflect.Value, depth int) reflect.Value {
	if m.IsNil() {
		return m
	}
	still := reflect.MakeMapWithSize(m.Type(), m.Len())
	ssarepair.Entries(m, math.MaxInt, func(k, v reflect.Value) {
		v, _ = c.copy(v, depth+1)
		still.SetMapIndex(k, v)
	})
	return still
}

// copyPointer copies what is pointed to, unless its methods may rely on where it is.
func (c *copier) copyPointer(p reflect.Value, depth int) (reflect.Value, bool) {
	if p.IsNil() || !c.follow && depth > 0 || p.Type().NumMethod() > 0 {
		return p, false
	}
	key := p.Interface()
	if former, ok := c.seen[key]; ok {
		return former, former != p
	}
	c.seen[key] = p
	still, changed := c.copy(p.Elem(), depth+1)
	if !changed {
		return p, false
	}
	to := reflect.New(p.Type().Elem())
	to.Elem().Set(still)
	to = to.Convert(p.Type())
	c.seen[key] = to
	return to, true
}

// copyParts copies a struct, an array or a slice in which something is copied.
func (c *copier) copyParts(v reflect.Value, n int, part func(reflect.Value, int) reflect.Value, depth int) (reflect.Value, bool) {
	still, changed := copyOf(v), false
	for i := range n {
		own := writable(part(still, i))
		if p, anew := c.copy(own, depth+1); anew {
			own.Set(p)
			changed = true
		}
	}
	if changed {
		return still, true
	}
	return v, false
}

// copyOf is a value of its own that is equal to a struct, an array or a slice.
func copyOf(v reflect.Value) reflect.Value {
	if v.Kind() == reflect.Slice {
		still := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(still, v)
		return still
	}
	still := reflect.New(v.Type()).Elem()
	still.Set(v)
	return still
}

// writable is a field that may not be exported, of a struct that is.
func writable(field reflect.Value) reflect.Value {
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}

var mapTypes sync.Map // reflect.Type -> whether a map can be reached from a value

func reachesMap(t reflect.Type) bool {
	if may, ok := mapTypes.Load(t); ok {
		return may.(bool)
	}
	may := leadsToMap(t, map[reflect.Type]bool{})
	mapTypes.Store(t, may)
	return may
}

func leadsToMap(t reflect.Type, above map[reflect.Type]bool) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array:
		if above[t] {
			return false
		}
		above[t] = true
		return leadsToMap(t.Elem(), above)
	case reflect.Struct:
		if above[t] {
			return false
		}
		above[t] = true
		for f := range t.Fields() {
			if leadsToMap(f.Type, above) {
				return true
			}
		}
	}
	return false
}
