package display

import "reflect"

// Tables of other modules are known by their methods, so that none of them is needed here.
type (
	// records are gota's dataframe.DataFrame, whose first record is the names of the columns.
	records interface {
		Names() []string
		Nrow() int
		Records() [][]string
	}
	// columns are arrow-go's record batches and tables; Column(i) is one.
	columns interface {
		NumRows() int64
		NumCols() int64
	}
	// column is a column of a batch, or a piece of one of a table.
	column interface {
		Len() int
		ValueStr(i int) string
	}
)

// frame shows a data frame as an HTML table.
func frame(v any) (Data, bool) {
	if isNilPointer(v) {
		return Data{}, false
	}
	var g *grid
	switch v := v.(type) {
	case records:
		g = gridOfRecords(v)
	case columns:
		g = gridOfColumns(v)
	}
	if g == nil || g.rows == 0 {
		return Data{}, false
	}
	return Data{Data: MIMEMap{MIMETypeHTML: g.html()}}, true
}

func gridOfRecords(v records) *grid {
	list := v.Records()
	if len(list) != v.Nrow()+1 {
		return nil // one that failed
	}
	g := gridOfList(reflect.ValueOf(list[1:]))
	g.header = append([]string{""}, v.Names()...)
	return g
}

// gridOfColumns is nil where the columns are not those of arrow-go.
func gridOfColumns(v columns) *grid {
	byNumber := reflect.ValueOf(v).MethodByName("Column")
	if !byNumber.IsValid() || byNumber.Type().NumIn() != 1 || byNumber.Type().In(0) != reflect.TypeFor[int]() || byNumber.Type().NumOut() != 1 {
		return nil
	}
	g := &grid{header: []string{""}, rows: int(v.NumRows())}
	var pieces [][]column
	for i := range int(v.NumCols()) {
		c := byNumber.Call([]reflect.Value{reflect.ValueOf(i)})[0].Interface()
		of := piecesOf(c)
		if of == nil {
			return nil
		}
		pieces, g.header = append(pieces, of), append(g.header, nameOf(v, c, i))
	}
	g.size = sizeText(g.rows, len(pieces))
	g.row = func(i int) (string, []reflect.Value) {
		cells := make([]reflect.Value, len(pieces))
		for j := range pieces {
			cells[j] = reflect.ValueOf(valueAt(pieces[j], i))
		}
		return cellText(reflect.ValueOf(i)), cells
	}
	return g
}

// piecesOf are the arrays of a column: itself, or those of its Data().Chunks().
func piecesOf(c any) (pieces []column) {
	if one, ok := c.(column); ok {
		return []column{one}
	}
	data := reflect.ValueOf(c).MethodByName("Data")
	if !data.IsValid() || data.Type().NumIn() != 0 || data.Type().NumOut() != 1 {
		return nil
	}
	chunks := data.Call(nil)[0].MethodByName("Chunks")
	if !chunks.IsValid() || chunks.Type().NumIn() != 0 || chunks.Type().NumOut() != 1 || chunks.Type().Out(0).Kind() != reflect.Slice {
		return nil
	}
	list := chunks.Call(nil)[0]
	pieces = []column{}
	for i := range list.Len() {
		piece, ok := list.Index(i).Interface().(column)
		if !ok {
			return nil
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// nameOf is the name of column i, which a batch or the column itself knows.
func nameOf(v columns, c any, i int) string {
	if v, ok := v.(interface{ ColumnName(int) string }); ok {
		return v.ColumnName(i)
	}
	if c, ok := c.(interface{ Name() string }); ok {
		return c.Name()
	}
	return ""
}

func valueAt(pieces []column, i int) string {
	for _, p := range pieces {
		if i < p.Len() {
			return p.ValueStr(i)
		}
		i -= p.Len()
	}
	return ""
}
