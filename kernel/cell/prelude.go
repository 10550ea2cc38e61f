package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"iter"
	"slices"
	"strings"
)

// RuntimeName is how the source of cells calls the package of what they use while they run; see Prelude.
const RuntimeName = Hidden + "nb"

// A MustForm is one of the functions that a call of must can mean: its argument's other results decide.
type MustForm struct {
	Name   string
	Values int // results before the error
}

// MustForms are all forms. The one for a value and an error is also the name that is written.
var MustForms = []MustForm{{"must0", 0}, {"must", 1}, {"must2", 2}}

// MustFor is the form for an argument of a type.
func MustFor(t types.Type) MustForm {
	values := 1
	switch t := t.(type) {
	case nil:
	case *types.Tuple:
		values = t.Len() - 1
	default:
		if types.AssignableTo(t, types.Universe.Lookup("error").Type()) {
			values = 0
		}
	}
	if i := slices.IndexFunc(MustForms, func(f MustForm) bool { return f.Values == values }); i >= 0 {
		return MustForms[i]
	}
	return MustForms[1]
}

// MustCalls are the names in calls of the prelude's must, with the form that each means.
func MustCalls(f *ast.File, info *types.Info) iter.Seq2[*ast.Ident, MustForm] {
	return func(yield func(*ast.Ident, MustForm) bool) {
		going := true
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(*ast.CallExpr)
			if !ok || len(e.Args) != 1 || !going {
				return going
			}
			if id, ok := e.Fun.(*ast.Ident); ok && isPreludeMust(info.Uses[id]) {
				going = yield(id, MustFor(info.Types[e.Args[0]].Type))
			}
			return going
		})
	}
}

func isPreludeMust(o types.Object) bool {
	f, ok := o.(*types.Func)
	return ok && f.Name() == "must" && f.Signature().TypeParams().Len() == 1 && f.Signature().Params().Len() == 2
}

// Source is the form as a function of that name. The function check, of an error, stops what runs unless the error is nil.
func (f MustForm) Source(name, check string) string {
	if f.Values == 0 {
		return fmt.Sprintf("func %s(err error) { %s(err) }\n", name, check)
	}
	values, types := []string{"v", "w"}[:f.Values], []string{"T", "U"}[:f.Values]
	var params []string
	for i := range f.Values {
		params = append(params, values[i]+" "+types[i])
	}
	result := strings.Join(types, ", ")
	if f.Values > 1 {
		result = "(" + result + ")"
	}
	return fmt.Sprintf("func %s[%s any](%s, err error) %s {\n\t%s(err)\n\treturn %s\n}\n", name, strings.Join(types, ", "),
		strings.Join(params, ", "), result, check, strings.Join(values, ", "))
}

// InCells is the name of the form in the source of cells.
func (f MustForm) InCells() string {
	if f.Values == 1 {
		return f.Name
	}
	return Hidden + f.Name
}

// Prelude is the source that every session starts with. The names without the hidden prefix are there for cells to use:
// ctx is cancelled when the cell that uses it is interrupted, and must returns a value or stops the cell with the error.
func Prelude() string {
	src := stoppable + "\nvar ctx = ᐧnb.Context()\n"
	for _, f := range MustForms {
		src += "\n" + f.Source(f.InCells(), "ᐧnb.Check")
	}
	return src
}

// stoppable is what rewritten cells call.
const stoppable = `
func ᐧrecv[T any](c <-chan T) T {
	select {
	case v := <-c:
		return v
	case <-ᐧnb.Done():
		for {
			ᐧnb.Stop()
		}
	}
}

func ᐧrecv2[T any](c <-chan T) (T, bool) {
	select {
	case v, ok := <-c:
		return v, ok
	case <-ᐧnb.Done():
		for {
			ᐧnb.Stop()
		}
	}
}

func ᐧrange[T any](c <-chan T) func(func(T) bool) {
	return func(yield func(T) bool) {
		for {
			if v, ok := ᐧrecv2(c); !ok || !yield(v) {
				return
			}
		}
	}
}

func ᐧgo[F any](f F) F { return ᐧnb.Wrap(f).(F) }
`

// PreludeNames are what the rewriting of cells refers to.
func PreludeNames() []string {
	names := []string{Hidden + "recv", Hidden + "recv2", Hidden + "range", Hidden + "go"}
	for _, f := range MustForms {
		if IsHidden(f.InCells()) {
			names = append(names, f.InCells())
		}
	}
	return names
}

// IsPrint recognises a call of one of fmt's functions that print, whose results nobody wants to see.
func IsPrint(info *types.Info, e ast.Expr) bool {
	callee, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := callee.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" {
		return false
	}
	return slices.Contains([]string{"Print", "Println", "Printf", "Fprint", "Fprintln", "Fprintf"}, f.Name())
}

// DropCycles drops errors that are none in a cell: cells run from top to bottom, so a variable may be used by the function
// that computes another one.
func DropCycles(errs []types.Error, info *types.Info) []types.Error {
	consts := map[token.Pos]bool{}
	for id, o := range info.Defs {
		if _, ok := o.(*types.Const); ok {
			consts[id.Pos()] = true
		}
	}
	kept, dropping := errs[:0], false
	for _, e := range errs {
		if !strings.HasPrefix(e.Msg, "\t") { // else it goes with the one before
			dropping = strings.HasPrefix(e.Msg, "initialization cycle") && !consts[e.Pos]
		}
		if !dropping {
			kept = append(kept, e)
		}
	}
	return kept
}
