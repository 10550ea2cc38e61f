package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrFormat is returned for files that are not notebooks of nbformat 4.
var ErrFormat = errors.New("not a Jupyter notebook")

// Parse reads a notebook from its JSON.
func Parse(data []byte) (*Notebook, error) {
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, describe(err, data))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: there is more after the document", ErrFormat)
	}
	f := fields(doc)
	n := &Notebook{}
	major, err := f.integer("nbformat")
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	if major != 4 {
		return nil, fmt.Errorf("it is of nbformat %d; only 4 is known (jupyter nbconvert --to notebook converts)", major)
	}
	if n.Minor, err = f.integer("nbformat_minor"); err != nil {
		return nil, err
	}
	if n.Metadata, err = f.object("metadata"); err != nil {
		return nil, err
	}
	cells, err := f.list("cells")
	if err != nil {
		return nil, err
	}
	for i, v := range cells {
		c, err := parseCell(v)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		n.Cells = append(n.Cells, c)
	}
	n.extra = f
	return n, nil
}

// describe adds the line to an error of syntax.
func describe(err error, data []byte) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err.Error()
	}
	line := 1 + bytes.Count(data[:min(int(syntax.Offset), len(data))], []byte("\n"))
	return fmt.Sprintf("line %d: %v", line, err)
}

func parseCell(v any) (*Cell, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	f, c := fields(m), &Cell{}
	kind, err := f.text("cell_type")
	if err != nil {
		return nil, err
	}
	c.Type = CellType(kind)
	if c.Type != Code && c.Type != Markdown && c.Type != Raw {
		return nil, fmt.Errorf("its type %q is none of code, markdown and raw", kind)
	}
	if c.ID, err = f.text("id"); err != nil {
		return nil, err
	}
	if c.Source, err = f.text("source"); err != nil {
		return nil, err
	}
	if c.Metadata, err = f.object("metadata"); err != nil {
		return nil, err
	}
	if c.Type == Code {
		if c.Count, err = f.integer("execution_count"); err != nil {
			return nil, err
		}
		outputs, err := f.list("outputs")
		if err != nil {
			return nil, err
		}
		for i, v := range outputs {
			o, err := parseOutput(v)
			if err != nil {
				return nil, fmt.Errorf("output %d: %w", i+1, err)
			}
			c.Outputs = append(c.Outputs, o)
		}
	}
	c.extra = f
	return c, nil
}

func parseOutput(v any) (o Output, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return o, errors.New("it is not an object")
	}
	f := fields(m)
	kind, err := f.text("output_type")
	if err != nil {
		return o, err
	}
	o.Type = OutputType(kind)
	switch o.Type {
	case StreamOutput:
		err = f.texts(map[string]*string{"name": &o.Name, "text": &o.Text})
	case DisplayOutput, ResultOutput:
		err = parseDisplay(f, &o)
	case ErrorOutput:
		err = parseError(f, &o)
	default:
		err = fmt.Errorf("its type %q is not known", kind)
	}
	return o, err
}

func parseDisplay(f fields, o *Output) (err error) {
	if o.Data, err = f.object("data"); err != nil {
		return err
	}
	for mime, v := range o.Data {
		if text, ok := joined(v); ok && !isJSON(mime) {
			o.Data[mime] = text
		}
	}
	if o.Metadata, err = f.object("metadata"); err != nil {
		return err
	}
	if o.Type == ResultOutput {
		o.Count, err = f.integer("execution_count")
	}
	return err
}

func parseError(f fields, o *Output) error {
	if err := f.texts(map[string]*string{"ename": &o.Kind, "evalue": &o.Value}); err != nil {
		return err
	}
	lines, err := f.list("traceback")
	for _, l := range lines {
		text, ok := l.(string)
		if !ok {
			return errors.New("a line of its traceback is not text")
		}
		o.Traceback = append(o.Traceback, text)
	}
	return err
}

func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}

// fields are a JSON object's. Taking one removes it, so that what is left is what nobody knows. A field that is missing or
// null is the zero value.
type fields map[string]any

func (f fields) take(name string) any {
	v := f[name]
	delete(f, name)
	return v
}

func (f fields) integer(name string) (int, error) {
	switch v := f.take(name).(type) {
	case nil:
		return 0, nil
	case json.Number:
		n, err := v.Int64()
		if err == nil && int64(int(n)) == n && n >= 0 {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("its %s is not a number from 0", name)
}

// text is a string, or the concatenation of a list of strings.
func (f fields) text(name string) (string, error) {
	v := f.take(name)
	if v == nil {
		return "", nil
	}
	text, ok := joined(v)
	if !ok {
		return "", fmt.Errorf("its %s is not text", name)
	}
	return text, nil
}

func (f fields) texts(into map[string]*string) error {
	for name, p := range into {
		text, err := f.text(name)
		if err != nil {
			return err
		}
		*p = text
	}
	return nil
}

func joined(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []any:
		var b strings.Builder
		for _, line := range v {
			s, ok := line.(string)
			if !ok {
				return "", false
			}
			b.WriteString(s)
		}
		return b.String(), true
	}
	return "", false
}

func (f fields) object(name string) (map[string]any, error) {
	switch v := f.take(name).(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return v, nil
	}
	return nil, fmt.Errorf("its %s is not an object", name)
}

func (f fields) list(name string) ([]any, error) {
	switch v := f.take(name).(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	}
	return nil, fmt.Errorf("its %s is not a list", name)
}
