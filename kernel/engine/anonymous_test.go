package engine

import "testing"

// TestTypesWithoutNames uses identical types that several cells write down.
func TestTypesWithoutNames(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ src, want string }{
		{`type Marker struct{}
func (Marker) Mark() string { return "marked" }
type Info struct{ F func(struct{ Marker; N int }) int }
func (i *Info) size(in struct{ Marker; N int }) int { return in.N }
i := &Info{}; i.F = i.size; i.F(struct{ Marker; N int }{N: 3})`, "3"},
		{`func plain(in struct{ Marker; N int }) int { return in.N + 1 }
i.F = plain; i.F(struct{ Marker; N int }{N: 3})`, "4"},
		{`var g any = i.size
_, ok := g.(func(struct{ Marker; N int }) int); ok`, "true"},
		{`e := struct{ Marker; N int }{N: 5}; e.Mark()`, "marked"},
		{`type marks interface{ Mark() string }
var m marks = e; m.Mark()`, "marked"},
		{`var a any = e; b, isE := a.(struct{ Marker; N int }); fmt.Sprint(b.N, isE)`, "5 true"},
		{`a == any(struct{ Marker; N int }{N: 5})`, "true"},
		{`fmt.Sprintf("%T", e)`, "struct { main.Marker; N int }"},
		{`fmt.Sprintf("%T", struct{ *bytes.Buffer }{})`, "struct { *bytes.Buffer }"},
		{`var r any = struct{ io.Reader; Size int }{strings.NewReader("abc"), 3}
text := must(io.ReadAll(r.(io.Reader))); string(text)`, "abc"},
		{`r.(struct{ io.Reader; Size int }).Size`, "3"},
		{`var list []struct{ io.Reader; Size int }
list = append(list, r.(struct{ io.Reader; Size int })); len(list)`, "1"},
		{`table := map[string]interface{ Mark() string }{"e": e}; table["e"].Mark()`, "marked"},
		{`var find any = table; found, isTable := find.(map[string]interface{ Mark() string }); fmt.Sprint(len(found), isTable)`, "1 true"},
		{`func call(f func(interface{ Mark() string }) string) string { return f(e) }
call(func(m interface{ Mark() string }) string { return m.Mark() + "!" })`, "marked!"},
		{`go func() { _ = struct{ Marker; N int }{} }()
var wrapped any = fmt.Errorf("x: %w", errors.Join(io.EOF)); _, joins := wrapped.(interface{ Unwrap() []error }); joins`, "false"},
		{`_, joins = errors.Join(io.EOF).(interface{ Unwrap() []error }); joins`, "true"},
		{`type Marker struct{ Again int }
var c any = struct{ Marker; N int }{N: 5}; _, former := a.(struct{ Marker; N int }); fmt.Sprint(former, c.(struct{ Marker; N int }).N)`, "false 5"},
		{`reflect.TypeOf(c) == reflect.TypeFor[struct{ Marker; N int }]()`, "true"},
		{`e.Mark()`, "marked"},
		{`type shown struct{ n int }
func (s shown) String() string { return fmt.Sprint("shown ", s.n) }
type outer struct { shown; k int }
fmt.Sprint(outer{shown{3}, 1}, []any{outer{}}, struct{ shown; k int }{shown: shown{5}})`, "shown 3 [shown 0] shown 5"},
	} {
		if r, err := eval(s, c.src); err != nil || r.result() != c.want {
			t.Errorf("%s\ngives %s, %v, want %s", c.src, r.result(), err, c.want)
		}
	}
}
