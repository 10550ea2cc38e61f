package program

import (
	"fmt"
	"go/types"
	"strings"
)

// flags makes command-line flags of the variables of the cell tagged "parameters". What the notebook says beside one is
// what -help says.
func (t *translator) flags(c *codeCell, k *checked) {
	var lines []string
	for _, p := range c.pieces {
		as := p.define()
		if as == nil || len(as.Lhs) != 1 {
			continue
		}
		name := p.declares()[0]
		v, ok := k.pkg.Scope().Lookup(name).(*types.Var)
		if !ok {
			continue
		}
		if kind := flagKind(v.Type()); kind != "" {
			lines = append(lines, fmt.Sprintf("flag.%sVar(&%s, %q, %s, %q)\n", kind, name, name, name, remark(p.text)))
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
	_, after, _ := strings.Cut(strings.TrimSpace(text), "//")
	return strings.TrimSpace(after)
}
