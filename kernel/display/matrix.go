package display

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Of longer sides the first and last edgeItems are shown.
const (
	maxSide   = 12
	edgeItems = 4
)

// matrixLike is the part of gonum's mat.Matrix needed here.
type matrixLike interface {
	Dims() (rows, columns int)
	At(i, j int) float64
}

// matrix shows gonum matrices and gorgonia tensors by shape, head and tail.
func matrix(v any) (Data, bool) {
	if isNilPointer(v) {
		return Data{}, false
	}
	if m, ok := v.(matrixLike); ok {
		if _, formatted := v.(fmt.Formatter); formatted {
			return Data{}, false // mat.Formatted: the user has chosen
		}
		return Data{Data: MIMEMap{MIMETypeText: matrixText(v, m)}}, true
	}
	if s, ok := tensorText(v); ok {
		return Data{Data: MIMEMap{MIMETypeText: s}}, true
	}
	return Data{}, false
}

func matrixText(v any, m matrixLike) string {
	rows, columns := m.Dims()
	head := fmt.Sprintf("%s %d×%d", strings.TrimPrefix(typeName(reflect.TypeOf(v)), "*"), rows, columns)
	if rows == 0 || columns == 0 {
		return head
	}
	return head + "\n" + gridText(shown(rows), shown(columns), func(i, j int) string { return number(m.At(i, j)) })
}

// shown is the indices of one side that are shown; -1 stands for those left out.
func shown(n int) []int {
	var at []int
	for i := range n {
		switch {
		case n <= maxSide || i < edgeItems || i >= n-edgeItems:
			at = append(at, i)
		case i == edgeItems:
			at = append(at, -1)
		}
	}
	return at
}

// gridText aligns a matrix's columns between brackets.
func gridText(rows, columns []int, at func(i, j int) string) string {
	cells := make([][]string, len(rows))
	widths := make([]int, len(columns))
	for a, i := range rows {
		for b, j := range columns {
			text := "⋯"
			if i >= 0 && j >= 0 {
				text = at(i, j)
			} else if i < 0 {
				text = "⋮"
			}
			cells[a] = append(cells[a], text)
			widths[b] = max(widths[b], len([]rune(text)))
		}
	}
	lines := make([]string, len(rows))
	for a, row := range cells {
		for b, text := range row {
			row[b] = strings.Repeat(" ", widths[b]-len([]rune(text))) + text
		}
		left, right := bracket(a, len(rows))
		lines[a] = left + strings.Join(row, "  ") + right
	}
	return strings.Join(lines, "\n")
}

func bracket(row, rows int) (left, right string) {
	switch {
	case rows == 1:
		return "[", "]"
	case row == 0:
		return "⎡", "⎤"
	case row == rows-1:
		return "⎣", "⎦"
	}
	return "⎢", "⎥"
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// tensorText recognises gorgonia's tensors by their methods Shape and Data, so that this package does not depend on
// gorgonia.
func tensorText(v any) (string, bool) {
	r := reflect.ValueOf(v)
	shape, ok1 := call(r, "Shape")
	data, ok2 := call(r, "Data")
	if !ok1 || !ok2 || shape.Kind() != reflect.Slice || shape.Type().Elem().Kind() != reflect.Int {
		return "", false
	}
	if data.Kind() == reflect.Interface {
		data = data.Elem()
	}
	var dims []int
	size := 1
	for i := range shape.Len() {
		dims = append(dims, int(shape.Index(i).Int()))
		size *= dims[i]
	}
	head := strings.TrimPrefix(typeName(reflect.TypeOf(v)), "*") + " " + shapeText(dims)
	if it, ok := v.(interface{ RequiresIterator() bool }); ok && it.RequiresIterator() {
		return head + " (a view)", true // its data is not in order of its elements
	}
	if data.Kind() != reflect.Slice {
		return head + " " + fmt.Sprint(data), data.IsValid() && isScalar(data.Type())
	}
	if data.Len() != size || !isScalar(data.Type().Elem()) {
		return "", false
	}
	return head + " " + typeName(data.Type().Elem()) + nested(data, dims), true
}

func call(v reflect.Value, name string) (reflect.Value, bool) {
	m := v.MethodByName(name)
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 {
		return reflect.Value{}, false
	}
	return m.Call(nil)[0], true
}

func shapeText(dims []int) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = strconv.Itoa(d)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// nested shows the last two dimensions as matrices, the first and last few of the others.
func nested(data reflect.Value, dims []int) string {
	if data.Len() == 0 {
		return ""
	}
	for len(dims) < 2 {
		dims = append([]int{1}, dims...)
	}
	rows, columns := dims[len(dims)-2], dims[len(dims)-1]
	page := rows * columns
	pages := data.Len() / page
	var b strings.Builder
	for n := range pages {
		if pages > 4 && n >= 2 && n < pages-1 {
			if n == 2 {
				b.WriteString("\n⋮")
			}
			continue
		}
		if pages > 1 {
			fmt.Fprintf(&b, "\n%s", pageIndex(n, dims[:len(dims)-2]))
		}
		b.WriteString("\n" + gridText(shown(rows), shown(columns), func(i, j int) string {
			return element(data.Index(n*page + i*columns + j))
		}))
	}
	return b.String()
}

// pageIndex is the n-th place of the leading dimensions as [0, 2, :, :].
func pageIndex(n int, leading []int) string {
	index := make([]string, len(leading))
	for k := len(leading) - 1; k >= 0; k-- {
		index[k] = strconv.Itoa(n % leading[k])
		n /= leading[k]
	}
	return "[" + strings.Join(index, ", ") + ", :, :]"
}

func element(v reflect.Value) string {
	if v.CanFloat() {
		return number(v.Float())
	}
	return scalar(v)
}
