package display

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/msflow-go/msflow/kernel/engine"
)

// What Text shows of a big value. Beyond these it says how much there is.
const (
	maxItems  = 100   // elements shown in full
	headItems = 20    // otherwise this many from the start
	tailItems = 5     // and from the end
	maxDepth  = 8     // of nesting
	maxText   = 10000 // bytes of a string, or of what a String method returns
	maxLeaves = 2000  // values in all
	lineWidth = 96    // longer ones are broken over lines
)

// Text is v as Go syntax: composite literals with types and names, maps in order of key, pointers followed instead of
// printed as addresses, values with a String or Error method as those say, big values shortened with their size.
func Text(v any) string {
	p := &printer{}
	return layout(p.top(v), 0)
}

// textList is the values of a call that returned several.
func textList(values []any) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = Text(v)
	}
	return strings.Join(parts, ", ")
}

// FullText is Text without its limits, for a reader who asks for all of a value.
func FullText(v any) string {
	p := &printer{full: true}
	return layout(p.top(v), 0)
}

type printer struct {
	full   bool // shorten nothing but cycles
	leaves int
	path   []place // what is being printed, against cycles
}

func (p *printer) top(v any) doc {
	switch v := v.(type) {
	case nil:
		return leaf("nil")
	case error:
		if s, ok := p.method(v); ok {
			return leaf(s) // unquoted: the result is the message
		}
	case string:
		return leaf(quoteTop(v))
	}
	return p.value(reflect.ValueOf(v), nil, 0)
}

// value prints v inside a literal that already tells v's type when that is implied.
func (p *printer) value(v reflect.Value, implied reflect.Type, depth int) doc {
	if p.leaves++; !p.full && (p.leaves > maxLeaves || depth > maxDepth) {
		return leaf("…")
	}
	if v.IsValid() && v.CanInterface() {
		if s, ok := p.method(v.Interface()); ok {
			return leaf(s)
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return p.pointer(v, implied, depth)
	case reflect.Interface:
		if v.IsNil() {
			return leaf("nil")
		}
		return p.value(v.Elem(), nil, depth)
	case reflect.Struct:
		return p.structure(v, implied, depth)
	case reflect.Slice, reflect.Array:
		return p.list(v, implied, depth)
	case reflect.Map:
		return p.mapping(v, implied, depth)
	}
	return leaf(scalar(v))
}

// method is what v says of itself through Error, String or Format.
func (p *printer) method(v any) (s string, ok bool) {
	if isNilPointer(v) {
		return "", false
	}
	defer func() {
		if r := recover(); r != nil {
			s, ok = fmt.Sprintf("<%s: printing it panicked: %v>", typeName(reflect.TypeOf(v)), r), true
		}
	}()
	switch v := v.(type) {
	case time.Time:
		return v.Round(0).String(), true // without the monotonic clock's reading
	case reflect.Value, reflect.Type:
		return fmt.Sprint(v), true
	case error:
		return shorten(v.Error()), true
	case fmt.Stringer:
		return shorten(v.String()), true
	case fmt.Formatter:
		return shorten(fmt.Sprint(v)), true
	}
	return "", false
}

func (p *printer) pointer(v reflect.Value, implied reflect.Type, depth int) doc {
	if v.IsNil() {
		return leaf("nil")
	}
	if p.meets(v) {
		return leaf("&" + typeName(v.Type().Elem()) + "{…}")
	}
	defer p.left()
	if implied != nil && implied.Kind() == reflect.Pointer {
		implied = implied.Elem() // []*T{{…}} leaves &T out as Go does
		return p.value(v.Elem(), implied, depth+1)
	}
	d := p.value(v.Elem(), nil, depth+1)
	d.open = "&" + d.open
	return d
}

// meets reports whether a pointer, map or slice is being printed already. If not, it is until left is called.
func (p *printer) meets(v reflect.Value) bool {
	at := place{v.Type(), v.Pointer(), 0}
	if v.Kind() == reflect.Slice {
		at.length = v.Len()
	}
	if slices.Contains(p.path, at) {
		return true
	}
	p.path = append(p.path, at)
	return false
}

func (p *printer) left() { p.path = p.path[:len(p.path)-1] }

// place is what a pointer, map or slice refers to.
type place struct {
	t       reflect.Type
	pointer uintptr
	length  int
}

func (p *printer) structure(v reflect.Value, implied reflect.Type, depth int) doc {
	d := doc{open: literalType(v.Type(), implied) + "{", close: "}"}
	for i := range v.NumField() {
		item := p.value(v.Field(i), nil, depth+1)
		item.open = v.Type().Field(i).Name + ": " + item.open
		d.items = append(d.items, item)
	}
	return d
}

func (p *printer) list(v reflect.Value, implied reflect.Type, depth int) doc {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return leaf(nilOf(v.Type(), implied))
	}
	elem := v.Type().Elem()
	if elem.Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		if s, ok := printable(v.Bytes()); ok {
			return leaf(typeName(v.Type()) + "(" + s + ")")
		}
	}
	if v.Kind() == reflect.Slice && !isScalar(elem) {
		if p.meets(v) {
			return leaf(literalType(v.Type(), implied) + "{…}")
		}
		defer p.left()
	}
	d := doc{open: literalType(v.Type(), implied) + "{", close: "}", fill: isScalar(elem)}
	for i := range v.Len() {
		if p.shortens(v) && i >= headItems && i < v.Len()-tailItems {
			if i == headItems {
				d.items = append(d.items, leaf("…"))
			}
			continue
		}
		d.items = append(d.items, p.value(v.Index(i), elem, depth+1))
	}
	if p.shortens(v) {
		d.close += " (" + thousands(v.Len()) + " elements)"
	}
	return d
}

// shortens reports whether v has too many elements to be shown in full.
func (p *printer) shortens(v reflect.Value) bool { return !p.full && v.Len() > maxItems }

func (p *printer) mapping(v reflect.Value, implied reflect.Type, depth int) doc {
	if v.IsNil() {
		return leaf(nilOf(v.Type(), implied))
	}
	if p.meets(v) {
		return leaf(literalType(v.Type(), implied) + "{…}")
	}
	defer p.left()
	v = engine.Snapshot(v)
	d := doc{open: literalType(v.Type(), implied) + "{", close: "}"}
	for i, key := range sortedKeys(v) {
		if p.shortens(v) && i >= headItems {
			d.items = append(d.items, leaf("…"))
			d.close += " (" + thousands(v.Len()) + " entries)"
			break
		}
		item := p.value(v.MapIndex(key), v.Type().Elem(), depth+1)
		item.open = layout(p.value(key, v.Type().Key(), depth+1), 0) + ": " + item.open
		d.items = append(d.items, item)
	}
	return d
}

// sortedKeys orders numbers by size and everything else by its text.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.CanInt() && b.CanInt():
			return int(min(1, max(-1, a.Int()-b.Int())))
		case a.CanUint() && b.CanUint() && a.Uint() != b.Uint():
			if a.Uint() < b.Uint() {
				return -1
			}
			return 1
		case a.CanFloat() && b.CanFloat() && a.Float() != b.Float():
			if a.Float() < b.Float() {
				return -1
			}
			return 1
		}
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return keys
}

func scalar(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.String:
		return strconv.Quote(shorten(v.String()))
	case reflect.Func:
		if v.IsNil() {
			return "nil"
		}
		return typeName(v.Type()) + " {…}"
	case reflect.Chan:
		if v.IsNil() {
			return "nil"
		}
		return fmt.Sprintf("%s (%d of %d)", typeName(v.Type()), v.Len(), v.Cap())
	case reflect.UnsafePointer:
		return "unsafe.Pointer"
	}
	return fmt.Sprint(v) // reads unexported fields too
}

func isScalar(t reflect.Type) bool {
	k := t.Kind()
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String
}

var (
	cellPackage = regexp.MustCompile(`\bmain\.`)
	byteSlice   = regexp.MustCompile(`\[\]uint8\b`)
)

// typeName is how a cell writes t: without the package that cells live in.
func typeName(t reflect.Type) string {
	s := cellPackage.ReplaceAllString(t.String(), "")
	return strings.ReplaceAll(byteSlice.ReplaceAllString(s, "[]byte"), "interface {}", "any")
}

func literalType(t, implied reflect.Type) string {
	if t == implied {
		return ""
	}
	return typeName(t)
}

func nilOf(t, implied reflect.Type) string {
	if t == implied {
		return "nil"
	}
	return typeName(t) + "(nil)"
}

// printable is b as a quoted string when it is text that fits a line or two.
func printable(b []byte) (string, bool) {
	if len(b) == 0 || len(b) > maxText || !utf8.Valid(b) {
		return "", false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return "", false
		}
	}
	return strconv.Quote(string(b)), true
}

// quoteTop quotes a result; one of several lines stays readable as such.
func quoteTop(s string) string {
	s = shorten(s)
	if strings.Contains(s, "\n") && strconv.CanBackquote(strings.ReplaceAll(s, "\n", "")) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

func shorten(s string) string {
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "… (" + thousands(len(s)) + " bytes)"
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
