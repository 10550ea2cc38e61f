package display

import (
	"fmt"
	"html"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/engine"
)

// Rows and columns that a table shows; of more rows the first and last few.
const (
	maxRows    = 60
	headRows   = 10
	tailRows   = 5
	maxColumns = 30
	maxCell    = 200 // characters
)

// table shows slices, arrays and maps of structs, slices of maps and of slices of scalars, maps to slices of structs and maps to
// scalars as HTML tables.
func table(v any) (Data, bool) {
	r := reflect.ValueOf(v)
	if _, ok := (&printer{}).method(v); ok {
		return Data{}, false
	}
	var t *grid
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		t = gridOfList(r)
	case reflect.Map:
		t = gridOfMap(r)
	}
	if t == nil || t.rows == 0 {
		return Data{}, false
	}
	return Data{Data: MIMEMap{MIMETypeHTML: t.html()}}, true
}

// grid is the content of a table.
type grid struct {
	header []string // column names; the first is above the row labels
	rows   int
	row    func(i int) (label string, cells []reflect.Value)
	size   string
}

func gridOfList(v reflect.Value) *grid {
	elem := indirectType(v.Type().Elem())
	g := &grid{rows: v.Len()}
	switch {
	case elem.Kind() == reflect.Struct && elem.NumField() > 0:
		g.header = fieldNames(elem, "")
		g.row = func(i int) (string, []reflect.Value) { return fmt.Sprint(i), fields(v.Index(i), elem) }
	case elem.Kind() == reflect.Map && elem.Key().Kind() == reflect.String && v.Type().Elem() == elem:
		g.ofMaps(v)
	case v.Type().Elem().Kind() == reflect.Slice && isScalar(v.Type().Elem().Elem()):
		columns := 0
		for i := range v.Len() {
			columns = max(columns, v.Index(i).Len())
		}
		g.header = []string{""}
		for j := range columns {
			g.header = append(g.header, fmt.Sprint(j))
		}
		g.row = func(i int) (string, []reflect.Value) { return fmt.Sprint(i), elements(v.Index(i)) }
	default:
		return nil
	}
	g.size = sizeText(g.rows, len(g.header)-1)
	return g
}

func gridOfMap(v reflect.Value) *grid {
	elem := indirectType(v.Type().Elem())
	v = engine.Snapshot(v)
	keys := sortedKeys(v)
	g := &grid{rows: len(keys)}
	switch {
	case elem.Kind() == reflect.Struct && elem.NumField() > 0:
		g.header = fieldNames(elem, "key")
		g.row = func(i int) (string, []reflect.Value) {
			return cellText(keys[i]), fields(v.MapIndex(keys[i]), elem)
		}
	case elem.Kind() == reflect.Slice && v.Type().Elem() == elem && indirectType(elem.Elem()).Kind() == reflect.Struct:
		g.ofLists(v, keys, indirectType(elem.Elem()))
	case isScalar(elem):
		g.header = []string{"key", "value"}
		g.row = func(i int) (string, []reflect.Value) {
			return cellText(keys[i]), []reflect.Value{v.MapIndex(keys[i])}
		}
	default:
		return nil
	}
	g.size = sizeText(g.rows, len(g.header)-1)
	return g
}

// ofMaps has a row for each map of a list, and a column for each key that the maps of the rows shown have.
func (g *grid) ofMaps(v reflect.Value) {
	names := map[string]bool{}
	for i := range v.Len() {
		if g.hides(i) {
			continue
		}
		for _, key := range engine.Snapshot(v.Index(i)).MapKeys() {
			names[key.String()] = true
		}
	}
	columns := slices.Sorted(maps.Keys(names))
	g.header = append([]string{""}, columns...)
	g.row = func(i int) (string, []reflect.Value) {
		m := engine.Snapshot(v.Index(i))
		cells := make([]reflect.Value, len(columns))
		for j, name := range columns {
			if cells[j] = m.MapIndex(reflect.ValueOf(name).Convert(m.Type().Key())); cells[j].IsValid() && cells[j].Kind() == reflect.Interface {
				cells[j] = cells[j].Elem()
			}
		}
		return fmt.Sprint(i), cells
	}
}

// ofLists has the structs of all lists in a map, one list after the other.
func (g *grid) ofLists(v reflect.Value, keys []reflect.Value, elem reflect.Type) {
	var ends []int // of each key's rows
	g.rows = 0
	for _, key := range keys {
		g.rows += v.MapIndex(key).Len()
		ends = append(ends, g.rows)
	}
	g.header = fieldNames(elem, "key")
	g.row = func(i int) (string, []reflect.Value) {
		k, _ := slices.BinarySearch(ends, i+1)
		list := v.MapIndex(keys[k])
		return cellText(keys[k]), fields(list.Index(list.Len()-ends[k]+i), elem)
	}
}

// hides reports whether a row is among those left out.
func (g *grid) hides(i int) bool { return g.rows > maxRows && i >= headRows && i < g.rows-tailRows }

func indirectType(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func isNumber(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Complex128
}

func fieldNames(t reflect.Type, first string) []string {
	names := []string{first}
	for i := range t.NumField() {
		names = append(names, t.Field(i).Name)
	}
	return names
}

func fields(v reflect.Value, t reflect.Type) []reflect.Value {
	cells := make([]reflect.Value, t.NumField())
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return cells
		}
		v = v.Elem()
	}
	for i := range cells {
		cells[i] = v.Field(i)
	}
	return cells
}

func elements(v reflect.Value) []reflect.Value {
	cells := make([]reflect.Value, v.Len())
	for i := range cells {
		cells[i] = v.Index(i)
	}
	return cells
}

func sizeText(rows, columns int) string {
	return fmt.Sprintf("%s rows × %s columns", thousands(rows), thousands(columns))
}

func (g *grid) html() string {
	var b strings.Builder
	b.WriteString(`<table class="dataframe">` + "\n<thead><tr>")
	columns, cut := g.header, len(g.header) > maxColumns+1
	if cut {
		columns = columns[:maxColumns+1]
	}
	for i, name := range columns {
		fmt.Fprintf(&b, `<th style="text-align:%s">%s</th>`, g.alignment(i), html.EscapeString(name))
	}
	if cut {
		b.WriteString("<th>…</th>")
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for i := range g.rows {
		if g.hides(i) {
			if i == headRows {
				fmt.Fprintf(&b, "<tr>%s</tr>\n", strings.Repeat("<td>…</td>", len(columns)))
			}
			continue
		}
		label, cells := g.row(i)
		fmt.Fprintf(&b, "<tr><th>%s</th>", html.EscapeString(label))
		for _, c := range cells[:min(len(cells), len(columns)-1)] {
			b.WriteString(cellHTML(c))
		}
		if cut {
			b.WriteString("<td>…</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n")
	if g.rows > maxRows || cut {
		fmt.Fprintf(&b, "<p>%s</p>\n", g.size)
	}
	return b.String()
}

func cellHTML(v reflect.Value) string {
	return fmt.Sprintf(`<td style="text-align:%s">%s</td>`, alignment(v), html.EscapeString(cellText(v)))
}

// alignment is that of a column's name: that of its first value. Column 0 has the rows' names.
func (g *grid) alignment(column int) string {
	for i := range min(g.rows, maxRows) {
		if _, cells := g.row(i); column > 0 && column <= len(cells) && cells[column-1].IsValid() {
			return alignment(cells[column-1])
		}
	}
	return "right"
}

func alignment(v reflect.Value) string {
	if v.IsValid() && isNumber(v.Type()) {
		return "right"
	}
	return "left"
}

// cellText is v on one line, strings without quotes.
func cellText(v reflect.Value) string {
	p := &printer{}
	text := ""
	if v.IsValid() && v.Kind() == reflect.String && v.Type() == reflect.TypeFor[string]() {
		text = v.String()
	} else if v.IsValid() {
		text = strings.Join(strings.Fields(layout(p.value(v, v.Type(), 1), 0)), " ")
	}
	if r := []rune(text); len(r) > maxCell {
		text = string(r[:maxCell]) + "…"
	}
	return text
}
