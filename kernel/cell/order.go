package cell

import (
	"go/ast"
	"go/types"
	"iter"
	"slices"
)

// initLast puts the variables of a cell that has no statements, as a file has none, before its init functions.
func (p *Parsed) initLast() {
	if !slices.ContainsFunc(p.Items, func(it *Item) bool { return it.Stmt != nil && !it.Init }) {
		slices.SortStableFunc(p.Items, func(a, b *Item) int {
			switch {
			case a.Init == b.Init:
				return 0
			case a.Init:
				return 1
			}
			return -1
		})
	}
}

// OrderVars puts neighbouring var declarations of a checked cell into Go's dependency order.
func (p *Parsed) OrderVars(info *types.Info) {
	rank := map[ast.Expr]int{}
	for i, in := range info.InitOrder {
		rank[in.Rhs] = i
	}
	for i := 0; i < len(p.Items); {
		j := i
		for j < len(p.Items) && p.Items[j].IsVar {
			j++
		}
		slices.SortStableFunc(p.Items[i:j], func(a, b *Item) int { return rank[a.Vars.Values[0]] - rank[b.Vars.Values[0]] })
		i = max(j, i+1)
	}
}

// OutOfScope are the uses of a checked cell's variables before their scopes begin, where no earlier cell has such a
// variable. The type checker reports none of them: to it, these are variables of the package.
func (p *Parsed) OutOfScope(info *types.Info, pkg *types.Package) (list []*ast.Ident) {
	for _, it := range p.Items {
		if it.IsVar {
			list = slices.AppendSeq(list, usesOf(it.Vars, info))
		}
	}
	for _, id := range p.early {
		if o := info.Uses[id]; o != nil && o.Pkg() == pkg && o.Parent() == pkg.Scope() {
			list = append(list, id)
		}
	}
	return list
}

// usesOf are the uses of variables in the values that they are declared with.
func usesOf(vs *ast.ValueSpec, info *types.Info) iter.Seq[*ast.Ident] {
	own := map[types.Object]bool{}
	for _, id := range vs.Names {
		if o := info.Defs[id]; o != nil {
			own[o] = true
		}
	}
	return func(yield func(*ast.Ident) bool) {
		going := true
		for _, v := range vs.Values {
			ast.Inspect(v, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && going && own[info.Uses[id]] {
					going = yield(id)
				}
				return going
			})
		}
	}
}
