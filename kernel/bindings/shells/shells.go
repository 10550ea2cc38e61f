// Package shells has what values of cells' types are to compiled code under yaegi, which cannot give a type methods: for every
// interface of the compiled-in packages a struct with a function in the place of each method.
package shells

import (
	"encoding"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"reflect"
)

// All are the shells, by the path of a package and the name of an interface.
func All() map[string]map[string]reflect.Type {
	all := generated()
	all[own.PkgPath()] = map[string]reflect.Type{}
	maps.Copy(all[own.PkgPath()], displayed)
	return all
}

// Seen are the interfaces that functions look for in values of any type, those first that say more.
func Seen() []reflect.Type {
	return []reflect.Type{
		own, reflect.TypeFor[SVGer](), reflect.TypeFor[PNGer](), reflect.TypeFor[Markdowner](), reflect.TypeFor[Latexer](), reflect.TypeFor[MIMEBundler](),
		reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[json.Marshaler](), reflect.TypeFor[xml.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	}
}

var own = reflect.TypeFor[HTMLer]()

// What package display looks for; there these interfaces have no names that last.
type (
	HTMLer      interface{ HTML() string }
	SVGer       interface{ SVG() string }
	PNGer       interface{ PNG() []byte }
	Markdowner  interface{ Markdown() string }
	Latexer     interface{ Latex() string }
	MIMEBundler interface{ MIMEBundle() map[string]any }
)

// Their shells say as text what the value itself does.
var displayed = map[string]reflect.Type{
	"HTMLer": reflect.TypeFor[htmler](), "SVGer": reflect.TypeFor[svger](), "PNGer": reflect.TypeFor[pnger](),
	"Markdowner": reflect.TypeFor[markdowner](), "Latexer": reflect.TypeFor[latexer](), "MIMEBundler": reflect.TypeFor[mimeBundler](),
}

type htmler struct {
	IValue any
	WHTML  func() string
}

func (w htmler) HTML() string   { return w.WHTML() }
func (w htmler) String() string { return fmt.Sprint(w.IValue) }

type svger struct {
	IValue any
	WSVG   func() string
}

func (w svger) SVG() string    { return w.WSVG() }
func (w svger) String() string { return fmt.Sprint(w.IValue) }

type pnger struct {
	IValue any
	WPNG   func() []byte
}

func (w pnger) PNG() []byte    { return w.WPNG() }
func (w pnger) String() string { return fmt.Sprint(w.IValue) }

type markdowner struct {
	IValue    any
	WMarkdown func() string
}

func (w markdowner) Markdown() string { return w.WMarkdown() }
func (w markdowner) String() string   { return fmt.Sprint(w.IValue) }

type latexer struct {
	IValue any
	WLatex func() string
}

func (w latexer) Latex() string  { return w.WLatex() }
func (w latexer) String() string { return fmt.Sprint(w.IValue) }

type mimeBundler struct {
	IValue      any
	WMIMEBundle func() map[string]any
}

func (w mimeBundler) MIMEBundle() map[string]any { return w.WMIMEBundle() }
func (w mimeBundler) String() string             { return fmt.Sprint(w.IValue) }
