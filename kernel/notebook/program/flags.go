package program

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
)

// flags makes command-line flags of the variables of the cell tagged "parameters". What the notebook says beside one is
// what -help says.
func (t *translator) flags(c *codeCell) {
	var lines []string
	for _, s := range c.stretches {
		for _, p := range s.pieces {
			as := p.definition()
			if as == nil || len(as.Lhs) != 1 {
				continue
			}
			v, ok := t.pkg.Scope().Lookup(as.Lhs[0].(*ast.Ident).Name).(*types.Var)
			if !ok {
				continue
			}
			if kind := flagKind(v.Type()); kind != "" {
				lines = append(lines, fmt.Sprintf("flag.%sVar(&%s, %q, %s, %q)\n", kind, v.Name(), v.Name(), v.Name(), remark(p.Text+p.after)))
			}
		}
	}
	if len(lines) > 0 {
		t.used["flag"] = "flag"
		c.statements = append(append(c.statements, lines...), "flag.Parse()\n")
	}
}

// flagKind is the name of package flag's function for a type, "" if there is none.
func flagKind(t types.Type) string {
	switch t.String() {
	case "string", "int", "int64", "uint", "uint64", "float64", "bool":
		return strings.ToUpper(t.String()[:1]) + t.String()[1:]
	case "time.Duration":
		return "Duration"
	}
	return ""
}

// remark is the comment that ends a line.
func remark(text string) string {
	for t := range cell.Tokens(text) {
		if t.Token == token.COMMENT && !strings.Contains(text[:t.Start], "\n") {
			return strings.TrimSpace(strings.TrimPrefix(t.Lit, "//"))
		}
	}
	return ""
}
