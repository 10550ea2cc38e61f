package assist

import (
	"go/types"
	"regexp"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// OfCell reports whether a cell declared the object.
func OfCell(o types.Object) bool { return o.Pkg() != nil && o.Pkg().Path() == "main" }

// qualifier writes types as cells do: cells' own without a package.
func qualifier(p *types.Package) string {
	if p.Path() == "main" {
		return ""
	}
	return p.Name()
}

var hiddenType = regexp.MustCompile(cell.Hidden + `\w+`)

// TypeString is a type as cells write it.
func TypeString(t types.Type) string {
	s := hiddenType.ReplaceAllStringFunc(types.TypeString(t, qualifier), func(name string) string {
		return strings.TrimPrefix(name, cell.Hidden)
	})
	return strings.ReplaceAll(s, "interface{}", "any")
}

// StructOf is the struct of a composite literal's type, or nil.
func StructOf(t types.Type) *types.Struct {
	if t == nil {
		return nil
	}
	t = t.Underlying()
	if p, ok := t.(*types.Pointer); ok { // an elided &T in a literal of []*T
		t = p.Elem().Underlying()
	}
	st, _ := t.(*types.Struct)
	return st
}
