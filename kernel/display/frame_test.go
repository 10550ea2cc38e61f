package display

import (
	"fmt"
	"strings"
	"testing"
)

type size struct {
	W, H int
}

// gota is a data frame as gota has it.
type gota struct{ rows int }

func (f gota) Names() []string { return []string{"part", "score"} }
func (f gota) Nrow() int       { return f.rows }
func (f gota) String() string  { return "a frame" }
func (f gota) Records() [][]string {
	list := [][]string{f.Names()}
	for i := range f.rows {
		list = append(list, []string{fmt.Sprint("p", i), fmt.Sprint(i, ".5")})
	}
	return list
}

// array, chunked, series and the two below are arrow-go's arrays, and its batches and tables of them.
type array []string

func (a array) Len() int              { return len(a) }
func (a array) ValueStr(i int) string { return a[i] }

type anyArray interface{ Len() int }

type batch struct{ names []string }

func (b *batch) NumRows() int64          { return 2 }
func (b *batch) NumCols() int64          { return int64(len(b.names)) }
func (b *batch) ColumnName(i int) string { return b.names[i] }
func (b *batch) Column(i int) anyArray   { return array{fmt.Sprint("a", i), "(null)"} }

type chunked struct{}

func (*chunked) Chunks() []anyArray { return []anyArray{array{"x", "y"}, array{}, array{"<z>"}} }

type series struct{}

func (*series) Name() string   { return "letters" }
func (*series) Data() *chunked { return &chunked{} }

type arrowTable struct{}

func (arrowTable) NumRows() int64     { return 3 }
func (arrowTable) NumCols() int64     { return 1 }
func (arrowTable) Column(int) *series { return &series{} }

// plain is the text of a table: its cells between bars, its rows in lines.
func plain(html string) string {
	var lines []string
	for _, row := range strings.Split(html, "<tr>")[1:] {
		var cells []string
		for _, c := range strings.Split(strings.ReplaceAll(row, "<th", "<td"), "<td")[1:] {
			c, _, _ = strings.Cut(c, "</")
			_, c, _ = strings.Cut(c, ">")
			cells = append(cells, c)
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return strings.Join(lines, "\n")
}

func TestTablesOfAllKinds(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{[]map[string]any{{"b": 1, "a": "x"}, {"c": nil, "a": 2.5}}, "|a|b|c\n0|x|1|\n1|2.5||"},
		{[]map[string]int{{"n": 3}}, "|n\n0|3"},
		{map[string][]size{"b": {{1, 2}}, "a": {{3, 4}, {5, 6}}, "none": nil}, "key|W|H\na|3|4\na|5|6\nb|1|2"},
		{map[int][]*size{7: {{1, 2}, nil}}, "key|W|H\n7|1|2\n7||"},
		{[][]string{{"a", "<b>"}, {"c"}}, "|0|1\n0|a|&lt;b&gt;\n1|c"},
		{[][]bool{{true}}, "|0\n0|true"},
		{gota{2}, "|part|score\n0|p0|0.5\n1|p1|1.5"},
		{&batch{[]string{"first", "second"}}, "|first|second\n0|a0|a1\n1|(null)|(null)"},
		{arrowTable{}, "|letters\n0|x\n1|y\n2|&lt;z&gt;"},
	} {
		html, _ := Of(c.value).Data[MIMETypeHTML].(string)
		if got := plain(html); got != c.want {
			t.Errorf("%T:\n%s\nwant\n%s", c.value, got, c.want)
		}
	}
}

// Of a long table the first and last rows are shown, and how many there are.
func TestLongTablesAreCut(t *testing.T) {
	var maps []map[string]any
	for i := range 1000 {
		maps = append(maps, map[string]any{"i": i})
	}
	lists := map[string][]size{"a": make([]size, 500), "b": make([]size, 500)}
	for _, v := range []any{maps, lists, gota{1000}} {
		html, _ := Of(v).Data[MIMETypeHTML].(string)
		if n := strings.Count(html, "<tr>"); n != 1+headRows+1+tailRows || !strings.Contains(html, "1,000 rows × ") {
			t.Errorf("%T has %d rows of HTML: %s", v, n, html[len(html)-60:])
		}
	}
}

func TestNoTables(t *testing.T) {
	for _, v := range []any{[]map[string]any{}, []map[int]int{{1: 2}}, map[string][]size{}, gota{}, (*batch)(nil), [][]any{{1}}} {
		if html := Of(v).Data[MIMETypeHTML]; html != nil {
			t.Errorf("%T is shown as %s", v, html)
		}
	}
}
