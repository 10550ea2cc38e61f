// Package program turns notebooks into Go programs that the go command builds and that print what the notebook prints.
//
// A cell becomes a function that main calls in turn. What a cell declares becomes the program's own: functions, types and
// constants as they are, and variables, also those of x := f(), with their type spelled out. A name that a later cell
// declares anew is a new variable in a notebook, and gets a name of its own here.
package program

import (
	"context"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/kernel/cell"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/notebook"
)

// Program is a notebook as source.
type Program struct {
	Name     string
	Source   string   // of main.go
	Warnings []string // what of the notebook it leaves out
}

// Error is why a cell cannot be translated.
type Error struct {
	Cell int // number of the code cell, from 1
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("code cell %d: %v", e.Cell, e.Err) }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// Translate makes a program of a notebook. The session gives the packages that cells import, and runs nothing. Errors are
// *Error.
func Translate(ctx context.Context, s *engine.Session, n *notebook.Notebook, name string) (*Program, error) {
	t, err := newTranslator(ctx, s)
	if err != nil {
		return nil, err
	}
	cells, err := t.read(n)
	if err != nil {
		return nil, err
	}
	if err := t.translate(cells); err != nil {
		return nil, err
	}
	p := &Program{Name: name, Warnings: t.warnings}
	source := withoutDirectives(t.assemble(name, cells))
	formatted, err := format.Source([]byte(source))
	if err != nil {
		return nil, fmt.Errorf("the program does not parse: %w\n%s", err, source)
	}
	p.Source = string(formatted)
	return p, nil
}

// assemble puts main.go together.
func (t *translator) assemble(name string, cells []*codeCell) string {
	var body, b strings.Builder
	var calls []string
	for _, c := range cells {
		body.WriteString(c.heading())
		if c.code == "" {
			continue
		}
		calls = append(calls, fmt.Sprintf("cell%d", c.number))
		body.WriteString(t.variables(c))
		for _, d := range c.declarations {
			body.WriteString(d + "\n\n")
		}
		fmt.Fprintf(&body, "func cell%d() {\n%s}\n\n", c.number, strings.Join(c.statements, ""))
	}
	fmt.Fprintf(&b, "// Command %s was a notebook; msflow export made a program of it.\npackage main\n\nimport (\n", name)
	b.WriteString(t.importLines())
	fmt.Fprintf(&b, ")\n\nfunc main() {\n%snative.Run(%s)\n}\n\n", t.watching(), strings.Join(calls, ", "))
	b.WriteString(session())
	b.WriteString(body.String())
	return b.String()
}

// session is what every cell can use.
func session() string {
	src := "// ctx ends when the program is interrupted.\nvar ctx = native.Context()\n\n"
	for _, f := range cell.MustForms {
		if f.Name == "must" {
			src += "// must returns a value, or ends the program with the error; its other forms are for no value and for two.\n"
		}
		src += f.Source(f.Name, "native.Check") + "\n"
	}
	return src
}

// watching makes trainings show themselves, as they do in a notebook.
func (t *translator) watching() string {
	if t.used["github.com/msflow-go/msflow/lib/detector"] == "" {
		return ""
	}
	t.used[livePath] = "live"
	return "live.Install()\n"
}

const (
	nativePath  = "github.com/msflow-go/msflow/kernel/notebook/native"
	livePath    = "github.com/msflow-go/msflow/kernel/live"
	displayPath = "github.com/msflow-go/msflow/kernel/display"
)

// importLines lists the packages in use, with the name where it is not the last element's.
func (t *translator) importLines() string {
	t.used[nativePath] = "native"
	if t.used["github.com/msflow-go/msflow/lib/detector"] != "" {
		t.used[livePath] = "live"
	}
	var own, others strings.Builder
	for _, path := range slices.Sorted(maps.Keys(t.used)) {
		line := fmt.Sprintf("%q\n", path)
		if name := t.used[path]; name != path[strings.LastIndex(path, "/")+1:] {
			line = name + " " + line
		}
		if strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
			others.WriteString(line)
		} else {
			own.WriteString(line)
		}
	}
	return own.String() + "\n" + others.String()
}

// heading is the text before the cell, as a comment.
func (c *codeCell) heading() string {
	var b strings.Builder
	for line := range strings.Lines(c.text) {
		b.WriteString(strings.TrimRight("// "+strings.TrimRight(line, "\n"), " ") + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}
