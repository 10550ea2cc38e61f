// Package display turns values into MIME bundles, the form in which notebooks show them, and is what cells call to show a
// value, update it in place, clear their output or draw a progress bar.
//
// A value is shown by the first of: its MIMEBundle method; gophernotes' conventions (Render, SimpleRender, HTML, PNG, SVG
// and so on); what this package knows of images, plots, matrices, tensors and tables; Go syntax.
package display

import (
	"fmt"
	"maps"
	"reflect"
)

// MIME types that the functions of this package produce.
const (
	MIMETypeHTML       = "text/html"
	MIMETypeJavaScript = "application/javascript"
	MIMETypeJPEG       = "image/jpeg"
	MIMETypeJSON       = "application/json"
	MIMETypeLatex      = "text/latex"
	MIMETypeMarkdown   = "text/markdown"
	MIMETypePNG        = "image/png"
	MIMETypePDF        = "application/pdf"
	MIMETypeSVG        = "image/svg+xml"
	MIMETypeText       = "text/plain"
)

// MIMEMap holds one value in several formats: MIME type to string, []byte or anything that encodes as JSON.
type MIMEMap = map[string]any

// Data is a value ready to be shown. It is an alias of an unnamed type so that a library can have a Render method without
// importing this package.
type Data = struct {
	Data      MIMEMap
	Metadata  MIMEMap
	Transient MIMEMap
}

// Of is how v is shown. The result keeps the rules of the Jupyter protocol: text/plain is there, keys carry no parameters,
// binary data is base64 and JSON is an object. It never fails: a method of v that panics is shown as such.
func Of(v any) Data { return normalize(render(v), v) }

// OfResult is how the values of a cell's last expression are shown: one value by Of; several as a list, unless one of them
// is a picture or the like and the others are nil errors.
func OfResult(values []any) Data {
	if len(values) == 1 {
		return Of(values[0])
	}
	var rich []Data
	plain := 0
	for _, v := range values {
		if d := render(v); len(d.Data) > 0 {
			rich = append(rich, normalize(d, v))
		} else if v != nil {
			plain++
		}
	}
	if len(rich) == 1 && plain == 0 {
		return rich[0]
	}
	return Data{Data: MIMEMap{MIMETypeText: textList(values)}, Metadata: MIMEMap{}}
}

// render is v's formats beyond text; its Data is empty when there are none.
func render(v any) (d Data) {
	if v == nil {
		return Data{}
	}
	defer func() {
		if r := recover(); r != nil {
			d = Data{Data: MIMEMap{MIMETypeText: fmt.Sprintf("%s: showing it panicked: %v", typeName(reflect.TypeOf(v)), r)}}
		}
	}()
	for _, f := range []func(any) (Data, bool){ready, conventions, figure, matrix, frame, table} {
		if d, ok := f(v); ok {
			return d
		}
	}
	return Data{}
}

// ready is a value that already is what we look for.
func ready(v any) (Data, bool) {
	switch v := v.(type) {
	case Data:
		return v, true
	case MIMEMap:
		if len(v) == 0 {
			return Data{}, false
		}
		for key := range v {
			if !looksLikeMIME(key) {
				return Data{}, false
			}
		}
		return Data{Data: maps.Clone(v)}, true
	}
	return Data{}, false
}
