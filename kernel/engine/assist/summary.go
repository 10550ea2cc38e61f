package assist

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/kernel/interp/ssarepair"
)

// Summary writes a value on one line of at most n code points, without running methods of interpreted types and without
// looking at all of a large value.
func Summary(v any, n int) string {
	w := &summarizer{left: n}
	w.value(reflect.ValueOf(v), 0)
	if w.left <= 0 {
		return strings.TrimRight(w.b.String(), " ,") + "…"
	}
	return w.b.String()
}

type summarizer struct {
	b    strings.Builder
	left int
}

func (w *summarizer) write(s string) {
	if w.left <= 0 {
		return
	}
	r := []rune(strings.ReplaceAll(s, "\n", "⏎"))
	if len(r) > w.left {
		r = r[:w.left]
	}
	w.left -= len([]rune(s))
	w.b.WriteString(string(r))
}

// deepest is how far nested values are followed.
const deepest = 6

func (w *summarizer) value(v reflect.Value, depth int) {
	if w.left <= 0 {
		return
	}
	if depth > deepest {
		w.write("…")
		return
	}
	if text, ok := ownText(v); ok {
		w.write(text)
		return
	}
	switch v.Kind() {
	case reflect.Invalid:
		w.write("nil")
	case reflect.String:
		w.write(strconv.Quote(firstBytes(v.String(), 4*w.left+8)))
	case reflect.Slice, reflect.Array:
		w.list(v, depth)
	case reflect.Map:
		w.mapping(v, depth)
	case reflect.Struct:
		w.structure(v, depth)
	case reflect.Pointer:
		if v.IsNil() {
			w.write("nil")
			return
		}
		w.write("&")
		w.value(v.Elem(), depth+1)
	case reflect.Interface:
		if v.IsNil() {
			w.write("nil")
			return
		}
		w.value(v.Elem(), depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		w.write(typeName(v.Type()))
	default:
		w.write(fmt.Sprint(plainValue(v)))
	}
}

func (w *summarizer) list(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		w.write("nil")
		return
	}
	w.write("[")
	for i := range v.Len() {
		if i > 0 {
			w.write(" ")
		}
		w.value(v.Index(i), depth+1)
		if w.left <= 0 {
			return
		}
	}
	w.write("]")
}

// Readable reports whether the caller may read maps. Go ends the process when one is read while a running cell changes it.
var Readable = func() bool { return true }

func (w *summarizer) mapping(v reflect.Value, depth int) {
	if v.IsNil() {
		w.write("nil")
		return
	}
	w.write("map[")
	const most = 64 // keys are sorted, and looked at, up to here
	if !Readable() {
		w.write(fmt.Sprintf("%d entries, in use]", v.Len()))
		return
	}
	var entries []string
	ssarepair.Entries(v, most, func(key, value reflect.Value) {
		e := &summarizer{left: w.left}
		e.value(key, depth+1)
		e.write(":")
		e.value(value, depth+1)
		entries = append(entries, e.b.String())
	})
	slices.Sort(entries)
	w.write(strings.Join(entries, " "))
	if v.Len() > most {
		w.write(" …")
	}
	w.write("]")
}

func (w *summarizer) structure(v reflect.Value, depth int) {
	w.write("{")
	for i := range v.NumField() {
		if i > 0 {
			w.write(" ")
		}
		w.write(v.Type().Field(i).Name + ":")
		w.value(v.Field(i), depth+1)
		if w.left <= 0 {
			return
		}
	}
	w.write("}")
}

// ownText is what a compiled type's Error or String method says.
func ownText(v reflect.Value) (text string, ok bool) {
	if !v.IsValid() || !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() || interpreted(v.Type()) {
		return "", false
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map || v.Kind() == reflect.Interface {
		return "", false // could be long
	}
	switch x := v.Interface().(type) {
	case error:
		return Safely(x.Error), true
	case fmt.Stringer:
		if v.Kind() == reflect.Struct && v.NumMethod() > 0 || v.Kind() != reflect.Pointer && v.Kind() != reflect.Struct {
			return Safely(x.String), true
		}
	}
	return "", false
}

func interpreted(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() == "main" || t.PkgPath() == ""
}

func plainValue(v reflect.Value) any {
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		if v.Kind() == reflect.Float32 {
			return float32(v.Float())
		}
		return v.Float()
	case v.CanComplex():
		return v.Complex()
	case v.Kind() == reflect.Bool:
		return v.Bool()
	}
	return v
}

func firstBytes(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// typeName is a reflect type as cells write it.
func typeName(t reflect.Type) string {
	return strings.ReplaceAll(strings.ReplaceAll(t.String(), "main.", ""), "interface {}", "any")
}

// Safely keeps a panic in a value's own method from hiding the first panic.
func Safely(f func() string) (s string) {
	defer func() {
		if e := recover(); e != nil {
			s = fmt.Sprintf("(and its text panicked: %v)", e)
		}
	}()
	return f()
}
