package magics

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/engine"
)

func TestRemove(t *testing.T) {
	run, _ := start(t)
	for _, c := range []struct{ code, fails string }{
		{"import str \"strings\"\nfunc f() int { return 1 }\nfunc g() int { return f() }\ntype T int\nfunc (T) M() {}\na, b := 1, 2", ""},
		{"%rm f", "f is used by g"},
		{"%rm nothing", "no cell has declared nothing"},
		{"%rm", "give the names"},
		{"%rm display", ""},
		{"%rm g f T a str", ""},
		{"g()", "undefined: g"},
		{"f()", "undefined: f"},
		{"var x T", "undefined: T"},
		{"str.ToUpper(\"x\")", "undefined: str"},
		{"if b != 2 { panic(b) }", ""},
		{"func f() string { return \"anew\" }\nif f() != \"anew\" { panic(f()) }", ""},
	} {
		if _, err := run(c.code); c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %v, want %q", c.code, err, c.fails)
		}
	}
}

func TestArgumentsAndValues(t *testing.T) {
	t.Setenv("SHELL", "bash") // braces that are no value stay the shell's: only some shells expand them
	run, _ := start(t)
	for _, c := range []struct{ code, want string }{
		{"%args -n 3 file\nfmt.Print(os.Args[1:])", "[-n 3 file]"},
		{"%args\nfmt.Print(len(os.Args))", "1"},
		{"name, list := \"a b\", []int{1, 2}\n!echo {name} {list[1]+1} {len(list)}", "a b 3 2\n"},
		{"!name=shell; echo ${name} {1,2}x; echo y z | awk '{print $2}'", "shell 1x 2x\nz\n"},
		{"%%bash\ncat; echo end", "end\n"},
	} {
		if s, err := run(c.code); err != nil || !strings.HasSuffix(s.text, c.want) {
			t.Errorf("%s: %q, %v, want %q", c.code, s.text, err, c.want)
		}
	}
}

// typist answers questions for input.
type typist struct {
	sink
	lines  []string
	secret []bool
}

func (s *typist) Input(_ context.Context, _ string, secret bool) (string, error) {
	s.secret = append(s.secret, secret)
	if len(s.lines) == 0 {
		return "", errors.New("no more")
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	return line, nil
}

func TestCommandsAskForInput(t *testing.T) {
	start(t)
	base, _ := session()
	e := &Evaluator{Evaluator: base}
	for _, c := range []struct {
		code, want string
		secret     bool
	}{
		{"%with_inputs\n!read a; read b; echo $b $a", "two one\n", false},
		{"%with_inputs\n%%bash\ncat", "one\ntwo\n", false},
		{"%with_password\n!cat", "one\n", true},
		{"%with_inputs\n!true\n!cat", "", false},
	} {
		s := &typist{lines: []string{"one", "two"}}
		err := e.Eval(t.Context(), engine.Cell{Code: c.code}, s)
		if err != nil || s.text != c.want || c.want != "" && s.secret[0] != c.secret {
			t.Errorf("%s: %q, %v, secret: %v", c.code, s.text, err, s.secret)
		}
	}
	s := &typist{}
	if err := e.Eval(t.Context(), engine.Cell{Code: "!cat"}, s); err != nil || len(s.secret) > 0 {
		t.Errorf("a command that did not ask for input: %v, asked %d times", err, len(s.secret))
	}
}
