package display

import (
	"reflect"
)

// Renderer has full control of how it is shown.
type Renderer = interface{ Render() Data }

// SimpleRenderer says how it is shown in several formats.
type SimpleRenderer = interface{ SimpleRender() MIMEMap }

// MIMEBundler is SimpleRenderer by the name that Jupyter uses.
type MIMEBundler = interface{ MIMEBundle() map[string]any }

// Types that show themselves in one format.
type (
	HTMLer       = interface{ HTML() string }
	JavaScripter = interface{ JavaScript() string }
	JPEGer       = interface{ JPEG() []byte }
	JSONer       = interface{ JSON() map[string]any }
	Latexer      = interface{ Latex() string }
	Markdowner   = interface{ Markdown() string }
	PNGer        = interface{ PNG() []byte }
	PDFer        = interface{ PDF() []byte }
	SVGer        = interface{ SVG() string }
)

// conventions collects every format that v's own methods offer.
func conventions(v any) (Data, bool) {
	if isNilPointer(v) {
		return Data{}, false
	}
	switch v := v.(type) {
	case MIMEBundler:
		return Data{Data: v.MIMEBundle()}, true
	case Renderer:
		return v.Render(), true
	case SimpleRenderer:
		return Data{Data: v.SimpleRender()}, true
	}
	data := MIMEMap{}
	if v, ok := v.(HTMLer); ok {
		data[MIMETypeHTML] = v.HTML()
	}
	if v, ok := v.(JavaScripter); ok {
		data[MIMETypeJavaScript] = v.JavaScript()
	}
	if v, ok := v.(JPEGer); ok {
		data[MIMETypeJPEG] = v.JPEG()
	}
	if v, ok := v.(JSONer); ok {
		data[MIMETypeJSON] = v.JSON()
	}
	if v, ok := v.(Latexer); ok {
		data[MIMETypeLatex] = v.Latex()
	}
	if v, ok := v.(Markdowner); ok {
		data[MIMETypeMarkdown] = v.Markdown()
	}
	if v, ok := v.(PNGer); ok {
		data[MIMETypePNG] = v.PNG()
	}
	if v, ok := v.(PDFer); ok {
		data[MIMETypePDF] = v.PDF()
	}
	if v, ok := v.(SVGer); ok {
		data[MIMETypeSVG] = v.SVG()
	}
	return Data{Data: data}, len(data) > 0
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
