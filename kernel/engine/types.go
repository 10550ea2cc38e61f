package engine

import (
	"go/types"
	"regexp"
	"strings"
	"sync"

	"github.com/msflow-go/msflow/kernel/cell"
)

// ofCell reports whether a cell declared the object.
func ofCell(o types.Object) bool { return o.Pkg() != nil && o.Pkg().Path() == "main" }

// anonymousText is the literal behind a hidden name, for showing types.
var anonymousText sync.Map // name -> text

// qualifier writes types as cells do: cells' own without a package.
func qualifier(p *types.Package) string {
	if p.Path() == "main" {
		return ""
	}
	return p.Name()
}

var hiddenType = regexp.MustCompile(cell.Hidden + `\w+`)

func typeString(t types.Type) string {
	s := hiddenType.ReplaceAllStringFunc(types.TypeString(t, qualifier), func(name string) string {
		if text, ok := anonymousText.Load(name); ok {
			return text.(string)
		}
		return strings.TrimPrefix(name, cell.Hidden)
	})
	return strings.ReplaceAll(s, "interface{}", "any")
}
