package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/cell"
)

// at cuts the cursor, written |, out of the code.
func cursorIn(code string) (string, int) {
	before, after, _ := strings.Cut(code, "|")
	return before + after, len([]rune(before))
}

var toolsSetup = []string{
	`import "fmt"
// Point is a place in the plane.
type Point struct { X, Y float64; label string }
// Norm is the distance from the origin.
func (p Point) Norm() float64 { return math.Hypot(p.X, p.Y) }
func (p *Point) Move(dx, dy float64) { p.X += dx; p.Y += dy }
type Named struct { *Point; Name string }
func scale(p Point, by float64) Point { return Point{X: p.X * by, Y: p.Y * by} }
p := Point{3, 4, "p"}
pp := &p
n := Named{&p, "n"}
ages := map[string]int{"älter": 60, "alice": 30, "bob": 40}
const Answer = 42`,
}

func toolsSession(t testing.TB) *Session {
	s := newSession(t)
	for _, c := range toolsSetup {
		if _, err := eval(s, c); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestComplete(t *testing.T) {
	s := toolsSession(t)
	for _, c := range []struct {
		code string
		want string // text:kind:signature of items that must be there
		not  string // text that must not
		at   string // what is replaced
	}{
		{`p.|`, "X:field:float64 Y:field:float64 label:field:string Norm:method:()_float64 Move:method:(dx_float64,_dy_float64)", "scale", ""},
		{`pp.N|`, "Norm:method:()_float64", "Move", "N"},
		{`n.M|`, "Move:method", "Name", "M"},
		{`x := p.No|`, "Norm:method", "", "No"},
		{`x := scale(p, 2).N|`, "Norm:method", "", "N"},
		{`p := p.N|`, "Norm:method", "", "N"},
		{"fmt.Println(p.|", "X:field Norm:method", "", ""},
		{"func f() {\n\tfor _, q := range []Point{p} {\n\t\tif q.|", "X:field Norm:method", "", ""},
		{"func f(dist float64) {\n\tdi|\n}", "dist:variable:float64", "", "di"},
		{"for index := range 3 {\n\tfmt.Println(ind|)\n}", "index:variable:int", "", "ind"},
		{"q := Point{X: 1}\nq.|", "X:field Norm:method", "", ""},
		{"sca|", "scale:function:(p_Point,_by_float64)_Point", "", "sca"},
		{"strings.ToU|", "ToUpper:function:(s_string)_string", "", "ToU"},
		{"fmt.Printl|", "Println:function", "", "Printl"},
		{"str|", "strings:package string:type struct:keyword", "", "str"},
		{"Ans|", "Answer:constant", "", "Ans"},
		{"Point{l|", "label:field:string", "", "l"},
		{"Point{X: 1, Y|", "Y:field", "", "Y"},
		{`ages["a|`, `"alice":key "bob":key`, "", `"a`},
		{`ages["äl|"]`, `"älter":key`, `"alice"`, `"äl`},
		{`import "strco|`, "strconv:package", "", "strco"},
		{"import (\n\t\"encoding/j|\n)", "encoding/json:package", "", "encoding/j"},
		{`os.Open("testdata/ce|`, "cells/:path", "", "ce"},
		{"€ := 1; p.|", "X:field", "", ""},
		{"// p.|", "", "X", ""},
		{"time.Now().Un|", "Unix:method Until:none", "", "Un"},
	} {
		code, cursor := cursorIn(c.code)
		got := s.Complete(context.Background(), code, cursor)
		have := map[string]CompletionItem{}
		for _, it := range got.Items {
			have[it.Text] = it
		}
		for _, w := range strings.Fields(c.want) {
			text, rest, _ := strings.Cut(w, ":")
			kind, sig, _ := strings.Cut(rest, ":")
			it, ok := have[text]
			if kind == "none" {
				continue
			}
			if !ok && text == `"bob"` {
				continue
			}
			if !ok || it.Kind != kind || sig != "" && it.Signature != strings.ReplaceAll(sig, "_", " ") {
				t.Errorf("%s: item %s: got %+v", c.code, w, it)
			}
		}
		if _, ok := have[c.not]; ok && c.not != "" {
			t.Errorf("%s: offers %s", c.code, c.not)
		}
		if replaced := string([]rune(code)[got.Start:got.End]); replaced != c.at {
			t.Errorf("%s: replaces %q, want %q", c.code, replaced, c.at)
		}
	}
}

func TestInspect(t *testing.T) {
	s := toolsSession(t)
	for _, c := range []struct {
		code   string
		detail int
		want   []string
	}{
		{"strings.ToUp|per", 0, []string{"func strings.ToUpper(s string) string", "mapped to their upper case"}},
		{"fmt.Println(|", 0, []string{"func fmt.Println(a ...any) (n int, err error)"}},
		{"p|", 0, []string{"var p Point", `{X:3 Y:4 label:"p"}`}},
		{"p.No|rm()", 0, []string{"func (Point) Norm() float64"}},
		{"p.Norm|", 1, []string{"return math.Hypot(p.X, p.Y)", "distance from the origin"}},
		{"Poi|nt", 0, []string{"type Point struct", "Norm() float64", "a place in the plane"}},
		{"p.X|", 0, []string{"field X float64", "3"}},
		{"sca|le", 1, []string{"func scale(p Point, by float64) Point {"}},
		{"len|", 0, []string{"func len", "length"}},
		{"Answer|", 0, []string{"const Answer untyped int = 42"}},
		{"strings|", 0, []string{"package strings", "manipulate UTF-8"}},
		{"var b strings.Builder\nb.WriteS|tring", 0, []string{"WriteString(s string) (int, error)", "appends the contents of s"}},
		{"x := scale(p, |", 0, []string{"func scale(p Point, by float64) Point"}},
	} {
		code, cursor := cursorIn(c.code)
		in := s.Inspect(context.Background(), code, cursor, c.detail)
		for _, w := range c.want {
			if !strings.Contains(in.Plain, w) {
				t.Errorf("%s: %q is not in\n%s", c.code, w, in.Plain)
			}
		}
		if in.Markdown == "" || in.HTML == "" {
			t.Errorf("%s: no markdown or HTML", c.code)
		}
	}
	if in := s.Inspect(context.Background(), "nothing_here", 3, 0); in.Found {
		t.Errorf("found %+v", in)
	}
}

func TestVariables(t *testing.T) {
	s := toolsSession(t)
	if _, err := eval(s, `xs := make([][]float64, 3); for i := range xs { xs[i] = make([]float64, 4) }; big := strings.Repeat("x", 1000); var e error`); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"p":      `var Point {X:3 Y:4 label:"p"} []`,
		"xs":     "var [][]float64 [[0 0 0 0] [0 0 0 0] [0 0 0 0]] [3 4]",
		"ages":   `var map[string]int map["alice":30 "bob":40 "älter":60] [3]`,
		"scale":  "func func(p Point, by float64) Point  []",
		"Point":  "type struct  []",
		"Answer": "const untyped int 42 []",
		"e":      "var error nil []",
	}
	for _, v := range s.Variables() {
		w, ok := want[v.Name]
		delete(want, v.Name)
		if got := fmt.Sprint(v.Kind, " ", v.Type, " ", v.Value, " ", v.Shape); ok && got != w {
			t.Errorf("%s: got %s, want %s", v.Name, got, w)
		}
		if v.Name == "big" && (v.Bytes < 1000 || len(v.Value) > 90) {
			t.Errorf("big: %d bytes, value of %d", v.Bytes, len(v.Value))
		}
		if cell.IsHidden(v.Name) || v.Name == "must" {
			t.Errorf("lists %s", v.Name)
		}
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}
