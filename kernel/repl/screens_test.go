package repl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The tests of this file drive a session in a terminal, key by key, and read its screen.

func TestResultsAndErrors(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run("6 * 7", 2)
	p.run("_ + Out[1]", 3)
	p.run("x := []float64{1, 2.5}", 4)
	p.run("x;", 5)
	p.run("map[string]int{\"b\": 2, \"a\": 1}", 6)
	p.run("y := len(x) + undefinedName", 7)
	p.run("x[5]", 8)
	want := `In [1]: 6 * 7
Out[1]: 42

In [2]: _ + Out[1]
Out[2]: 84

In [3]: x := []float64{1, 2.5}
In [4]: x;
In [5]: map[string]int{"b": 2, "a": 1}
Out[5]: map[string]int{"a": 1, "b": 2}

In [6]: y := len(x) + undefinedName
cell[6]:1:15: undefined: undefinedName
    y := len(x) + undefinedName
                  ^

In [7]: x[5]
panic: runtime error: index out of range [5] with length 2
  at cell[7]:1
      x[5]

In [8]:
`
	if s := p.screen(); !strings.HasSuffix(s, want) {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	if c := p.colours(); !strings.Contains(c, "\x1b[1m\x1b[31mcell[6]:1:15: undefined: undefinedName") {
		t.Errorf("the error does not stand out:\n%q", c)
	}
}

func TestEnterAsksTheParser(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.enter("for i := range 2 {")
	p.last("   ...:") // the indentation is there but cannot be seen
	if x, _ := p.cursor(); x != 12 {
		t.Errorf("the cursor is in column %d", x)
	}
	p.enter("if i > 0 {")
	p.enter("fmt.Println(\"i is\", i)")
	p.enter("}")
	p.typed("}")
	p.last(`In [1]: for i := range 2 {
   ...:     if i > 0 {
   ...:         fmt.Println("i is", i)
   ...:     }
   ...: }`)
	p.key("Enter")
	p.last("i is 1\n\nIn [2]:")

	p.typed("1 +") // an operator at the end: more must come
	p.key("Enter")
	p.enter("2")
	p.last("In [2]: 1 +\n   ...: 2\nOut[2]: 3\n\nIn [3]:")

	p.typed("a := 1")
	p.key("M-Enter") // complete, but a line is wanted
	p.enter("a + 1")
	p.last("In [3]: a := 1\n   ...: a + 1\nOut[3]: 2\n\nIn [4]:")

	p.enter("%%time") // lines until an empty one
	p.enter("b := 5")
	p.key("Enter")
	p.wait("compiled in")

	p.typed("if a > 0 {}") // Enter between brackets opens the block
	p.key("Left", "Enter")
	p.typed("a = 7")
	p.last("In [5]: if a > 0 {\n   ...:     a = 7\n   ...: }")
	p.key("Down", "End", "Enter")
	p.wait("In [6]:")
}

func TestEditing(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	steps := []struct {
		keys []string
		text string
		want string
	}{
		{nil, "alpha + beta * gamma", "alpha + beta * gamma"},
		{[]string{"C-w"}, "", "alpha + beta *"},
		{[]string{"C-y"}, "", "alpha + beta * gamma"},
		{[]string{"C-a", "C-k"}, "", ""},
		{[]string{"C-y"}, "", "alpha + beta * gamma"},
		{[]string{"M-b", "M-b", "M-d"}, "", "alpha +  * gamma"},
		{[]string{"M-b"}, "x", "xalpha +  * gamma"},
		{[]string{"C-_", "C-_"}, "", "alpha + beta * gamma"},
		{[]string{"M-_"}, "", "alpha +  * gamma"},
		{[]string{"C-Home", "Delete", "C-Right", "BSpace"}, "", "lph +  * gamma"},
		{[]string{"C-e", "C-u"}, "héllo 世界", "héllo 世界"},
		{[]string{"Left", "Left", "BSpace", "C-t"}, "", "héll世o界"},
	}
	for _, s := range steps {
		if s.keys != nil {
			p.key(s.keys...)
		}
		if s.text != "" {
			p.typed(s.text)
		}
		p.last(strings.TrimRight("In [1]: "+s.want, " "))
	}
	if x, _ := p.cursor(); x != 8+len("héll")-1+3 {
		t.Errorf("after wide characters the cursor is in column %d", x)
	}
}

func TestColoursWhileTyping(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.typed(`if x := "a"; len(x) > 10 { /* why */ f(x)`)
	p.wait("f(x)")
	line := p.colours()
	for what, want := range map[string]string{
		"keyword": "\x1b[1m\x1b[34mif", "string": "\x1b[32m\"a\"", "builtin": "\x1b[36mlen", "number": "\x1b[35m10",
		"comment": "\x1b[90m/* why */", "call": "\x1b[33mf",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no colours of a %s in %q", what, line)
		}
	}
	p.key("C-c")
	p.typed("f(g(x))")
	p.wait("f(g(x))")
	if c := p.colours(); !regexp.MustCompile(`\x1b\[1;4m(\x1b\[39m)?\(.*g.*\x1b\[1;4m\)`).MatchString(c) {
		t.Errorf("the brackets at the cursor do not stand out: %q", c)
	}
	p.key("C-c")
	p.typed("%time f(x)")
	p.wait("%time f(x)")
	if c := p.colours(); !strings.Contains(c, "\x1b[35m%time") {
		t.Errorf("no colours of a command: %q", c)
	}
}

func TestNoColour(t *testing.T) {
	t.Parallel()
	p := open(t, setup{env: []string{"NO_COLOR=1"}})
	p.run(`if true { fmt.Println("x") }`, 2)
	p.run("undefinedName", 3)
	p.typed("strings.S")
	p.key("Tab")
	p.wait("function")
	p.key("Tab")
	p.wait(">Split")
	if c := p.colours(); strings.Contains(c, "\x1b[") {
		t.Errorf("colours: %q", c)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.typed("strings.Spl")
	p.key("Tab")
	s := p.wait(" SplitN         function  (s string, sep string, n int) []string")
	if !strings.Contains(s, "In [1]: strings.Split\n Split          function") {
		t.Errorf("the common part is not completed:\n%s", s)
	}
	p.key("Tab", "Tab")
	p.wait("In [1]: strings.SplitAfter\n")
	p.key("BTab")
	p.wait("In [1]: strings.Split\n")
	p.typed("A") // goes on typing: the list gets shorter
	s = p.gone(" SplitN ")
	if !strings.Contains(s, "In [1]: strings.SplitA\n SplitAfter     function") {
		t.Errorf("the list does not follow:\n%s", s)
	}
	p.key("Escape")
	p.last("In [1]: strings.SplitA")
	p.key("C-c")

	p.run("type point struct{ Across, Down int }", 2)
	p.run("func (p point) Far() float64 { return 0 }", 3)
	p.run("pt := point{1, 2}", 4)
	p.typed("pt.")
	p.key("Tab")
	s = p.wait("Far     method  () float64")
	if !strings.Contains(s, "Across  field   int") {
		t.Errorf("no fields:\n%s", s)
	}
	p.key("Down", "Down", "Enter") // Enter takes the choice and does not run
	p.last("In [4]: pt.Down")
	p.key("Enter")
	p.wait("Out[4]: 2")

	p.typed("detector.New(detector.Config{Bac") // a single one needs no list
	p.key("Tab")
	p.wait("detector.Config{Backbone")
	p.key("C-c")
	p.typed("%his")
	p.key("Tab")
	p.wait("In [5]: %history")
	p.key("C-c")
	os.WriteFile(filepath.Join(p.dir, "some-data.csv"), nil, 0o600)
	p.typed(`os.ReadFile("some`)
	p.key("Tab")
	p.wait(`os.ReadFile("some-data.csv`)
}

func TestSignatureHelp(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.typed(`strings.Replace("aaa", `)
	p.wait("func strings.Replace(s string, old string, new string, n int) string")
	if c := p.colours(); !strings.Contains(c, "\x1b[1m\x1b[39mold string") {
		t.Errorf("the parameter being typed does not stand out: %q", c)
	}
	p.typed(`"a", strings.ToUpper(`)
	p.wait("func strings.ToUpper(s string) string")
	p.typed(`"b"), `)
	p.wait("func strings.Replace(")
	p.until("never marked n", func(string) bool { return strings.Contains(p.colours(), "\x1b[1m\x1b[39mn int") })
	p.typed("2)")
	p.gone("func strings")
	p.key("Enter")
	p.wait(`Out[1]: "BBa"`)
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run("// Twice doubles.\nfunc Twice(n int) int { return 2 * n }", 2)
	p.typed("strings.Fields")
	p.key("BTab")
	p.wait("unicode.IsSpace")
	p.typed("(")
	p.gone("unicode.IsSpace") // what the hint says is cut off before
	p.wait("func strings.Fields(s string) []string")
	p.key("C-c")
	p.run("?Twice", 3)
	p.wait("func Twice(n int) int\n\nTwice doubles.")
	p.run("??Twice", 4)
	p.wait("func Twice(n int) int { return 2 * n }\n\nTwice doubles.")
	p.run("strings.Repeat?", 5)
	p.wait("Repeat returns a new string consisting of count copies of the string s.")
}

func TestCommands(t *testing.T) {
	t.Parallel()
	p := open(t, setup{height: 60})
	p.run("!echo from the $((1+1))nd shell", 2)
	p.wait("from the 2nd shell")
	p.run("%time x := 1", 3)
	p.wait("ran in")
	p.run("%timeit x + 1", 4)
	p.wait("per loop")
	p.run("%who", 5)
	p.wait("\nx\n")
	p.run("%cd /", 6)
	p.run("%pwd", 7)
	p.wait("%pwd\n/\n")
	p.run("%env COLUMNS_OF_TEST=5", 8)
	p.run("%env COLUMNS_OF_TEST", 9)
	p.wait("COLUMNS_OF_TEST\n5\n")
	p.run("%history -n 2", 10)
	p.wait("8: %env COLUMNS_OF_TEST")
	p.run("%reset", 11)
	p.run("x", 12)
	p.wait("undefined: x")
	p.run("%help", 13)
	p.wait("searches the inputs of all sessions")
}

func TestHistory(t *testing.T) {
	t.Parallel()
	first := open(t, setup{})
	first.run("alpha := 1", 2)
	first.run("beta := 2", 3)
	first.typed("for range 2 {")
	first.key("Enter")
	first.enter("alpha++")
	first.typed("}")
	first.key("Enter")
	first.wait("In [4]:")
	first.key("C-d")
	first.wait("left with status")

	p := open(t, setup{dir: first.dir})
	p.key("Up") // of the session before
	p.last("In [1]: for range 2 {\n   ...:     alpha++\n   ...: }")
	p.key("Up")
	p.last("In [1]: beta := 2")
	p.key("Down", "Down")
	p.last("In [1]:")
	p.typed("al") // only inputs that begin so
	p.key("Up")
	p.last("In [1]: alpha := 1")
	p.key("Up") // there is no other
	p.last("In [1]: alpha := 1")
	p.key("Down")
	p.last("In [1]: al")
	p.key("C-c")
	p.run("strings.Contains(\"seafood\", \"foo\")", 2)
	p.key("C-r")
	p.typed("btw") // nothing
	p.wait("nothing found")
	p.key("C-u")
	p.typed("sconfoo") // letters of it, in order
	p.wait("history search: sconfoo\n> strings.Contains(")
	p.key("Enter")
	p.last(`In [2]: strings.Contains("seafood", "foo")`)
	p.key("Enter")
	p.wait("Out[2]: true")
	p.key("C-r")
	p.typed("alp")
	p.wait("> for range 2 {⏎ alpha++⏎ }")
	p.key("C-r")
	p.wait("> alpha := 1")
	p.key("Escape")
	p.last("In [3]:")
}

func TestPaste(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.paste("func twice(n int) int {\n\tif n > 0 {\n\t\treturn 2 * n\n\t}\n\treturn 0\n}\n\ntwice(21)\n")
	p.last(`In [1]: func twice(n int) int {
   ...:     if n > 0 {
   ...:         return 2 * n
   ...:     }
   ...:     return 0
   ...: }
   ...:
   ...: twice(21)`)
	p.key("Enter")
	p.wait("Out[1]: 42")
	p.paste("In [3]: for i := range 2 {\n   ...:     fmt.Println(i)\n   ...: }\n0\n1\n\nIn [4]: twice(4)\nOut[4]: 8\n")
	p.last("In [2]: for i := range 2 {\n   ...:     fmt.Println(i)\n   ...: }\n   ...: twice(4)")
	p.key("Enter")
	p.wait("Out[2]: 8")
	p.paste(">>> twice(5)\n10\n>>> twice(\n... 6)\n")
	p.last("In [3]: twice(5)\n   ...: twice(\n   ...: 6)")
	p.key("C-c")
	p.paste("x := 1") // in the middle of what is typed
	p.key("Home")
	p.paste("yz")
	p.last("In [3]: yzx := 1")
}

func TestInterruptAndLeave(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run("n := 0", 2)
	p.typed("some text")
	p.key("C-c")
	p.last("In [2]: some text^C\nIn [2]:")
	for i, code := range []string{"for { n++ }", "time.Sleep(time.Hour)", "select {}", "!sleep 100", "<-make(chan int)"} {
		p.enter(code)
		p.wait(code + "\n")
		time.Sleep(150 * time.Millisecond)
		p.key("C-c")
		p.last(fmt.Sprintf("In [%d]: %s\ninterrupted\n\nIn [%d]:", i+2, code, i+3))
	}
	p.run("n > 0", 8)
	p.wait("Out[7]: true")
	p.enter("time.Sleep(300*time.Millisecond)") // what is typed meanwhile waits for the prompt
	p.typed("n = 5")
	p.last("In [9]: n = 5")
	p.key("C-c")
	p.key("C-d")
	s := p.wait("left with status")
	if !strings.Contains(s, "left with status 0") {
		t.Errorf("it does not leave well:\n%s", s)
	}
}

func TestWordsThatLeave(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ typed, want string }{{"exit", "status 0"}, {"quit()", "status 0"}, {"os.Exit(3)", "status 3"}} {
		p := open(t, setup{})
		p.enter(c.typed)
		p.wait("left with " + c.want)
	}
	p := open(t, setup{})
	p.run("exit := 5", 2)
	p.run("exit", 3) // a name of one's own
	p.wait("Out[2]: 5")
}

func TestBackgroundOutputStaysAboveThePrompt(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run(`go func() { for i := range 3 { time.Sleep(300 * time.Millisecond); fmt.Println("tick", i) }; panic("boom") }()`, 2)
	p.typed("half an inp")
	p.wait("panic: boom")
	p.typed("ut")
	s := p.wait("half an input")
	i, j, k := strings.Index(s, "\ntick 0\ntick 1\ntick 2\n"), strings.Index(s, "in a goroutine of cell 1:\npanic: boom\n"), strings.Index(s, "In [2]: half an input")
	if i < 0 || j < i || k < j {
		t.Errorf("not in order:\n%s", s)
	}
	if !strings.HasSuffix(s, "In [2]: half an input\n") {
		t.Errorf("the input is not last:\n%s", s)
	}
}

func TestLiveOutput(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.enter(`for i := range display.Range(30, "work") { time.Sleep(40 * time.Millisecond); if i % 10 == 0 { fmt.Println("at", i) } }`)
	s := p.wait("at 10")
	if !regexp.MustCompile(`at 0\nat 10\nwork +\d+% \|█`).MatchString(s) {
		t.Errorf("no bar below the output:\n%s", s)
	}
	s = p.wait("In [2]:")
	if strings.Count(s, "work ") != 1 || !strings.Contains(s, "at 20\nwork 100% |██████████████████████████████| 30/30") {
		t.Errorf("the bar does not stay in place:\n%s", s)
	}
	p.run(`h := display.New("first"); h.Update("second")`, 3)
	s = p.wait(`"second"`)
	if strings.Contains(s, "\n\"first\"") {
		t.Errorf("both are there:\n%s", s)
	}
	p.run(`for i := range 3 { display.ClearOutput(true); fmt.Println("frame", i) }`, 4)
	if s = p.wait("frame 2"); strings.Contains(s, "frame 1") {
		t.Errorf("the output was not cleared:\n%s", s)
	}
	p.run(`for i := range 3 { fmt.Printf("\r%d of 3", i+1) }; fmt.Println()`, 5)
	if s = p.wait("3 of 3"); strings.Contains(s, "2 of 3") {
		t.Errorf("a carriage return does not start the line over:\n%s", s)
	}
}

var figureCell = `m := image.NewRGBA(image.Rect(0, 0, 60, 40)); draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src); draw.Draw(m, image.Rect(10, 10, 30, 30), image.Black, image.Point{}, draw.Src); m`

func TestFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ env, want string }{{"COLORTERM=truecolor", "\x1b[48;2;0;0;0m"}, {"COLORTERM=", "\x1b[40m"}, {"NO_COLOR=1", "⣿⣿"}} {
		p := open(t, setup{env: []string{c.env}, height: 60})
		p.run(figureCell, 2)
		s := p.wait("saved as ")
		path := regexp.MustCompile(`saved as (\S+\.png)`).FindStringSubmatch(s)
		if path == nil {
			t.Fatalf("%s: no file:\n%s", c.env, s)
		}
		if b, err := os.ReadFile(path[1]); err != nil || !strings.HasPrefix(string(b), "\x89PNG") {
			t.Errorf("%s: %v", path[1], err)
		}
		os.RemoveAll(filepath.Dir(path[1]))
		if col := p.colours(); !strings.Contains(col, c.want) && !(c.env == "COLORTERM=" && strings.Contains(col, "48;5;16")) {
			t.Errorf("%s: no preview in\n%q", c.env, col)
		}
		p.run(`plots.ROC([]float64{1, 2, 3, 4}, []bool{false, true, false, true})`, 3)
	}
}

func TestPager(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run("long := make([]string, 200); for i := range long { long[i] = fmt.Sprintf(\"an entry with a number %03d\", i) }", 2)
	p.run("long[:90]", 3)
	p.wait("more rows; %page shows all of them")
	p.enter("%page")
	p.wait(" of 32 ")
	p.key("q")
	p.enter("%page strings.Join(long, \"\\n\")")
	p.wait("rows 1–29 of 200")
	p.key("Space")
	p.wait("an entry with a number 029")
	p.key("/")
	p.typed("150")
	p.key("Enter")
	p.until("never found", func(s string) bool { return strings.HasPrefix(s, "an entry with a number 150") })
	p.key("g")
	p.wait("number 000")
	p.key("q")
	p.wait("In [5]:")
	p.enter("?time.Time")
	p.wait("Space goes on")
	p.key("q")
	s := p.wait("In [6]:")
	if !strings.Contains(s, "%page strings.Join") {
		t.Errorf("the screen before the pager is lost:\n%s", s)
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.enter(`fmt.Print("Name and age? "); var name string; var age int; n, err := fmt.Scan(&name, &age); fmt.Println(n, err, name, age)`)
	p.last("Name and age?")
	p.typed("Bop")
	p.key("BSpace")
	p.typed("b 41")
	p.key("Enter")
	p.wait("Name and age? Bob 41\n2 <nil> Bob 41\n")
	p.enter(`sc := bufio.NewScanner(os.Stdin); sc.Scan(); strings.ToUpper(sc.Text())`)
	time.Sleep(100 * time.Millisecond)
	p.enter("quiet")
	p.wait(`Out[2]: "QUIET"`)
	p.enter("fmt.Scanln(&name)")
	time.Sleep(100 * time.Millisecond)
	p.key("C-c")
	p.wait("interrupted")
	p.run("name", 5)
	p.wait(`Out[4]: "Bob"`)
}

func TestSaveAndLoad(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run("a := 20", 2)
	p.run("b := undefinedName", 3)
	p.run("a + 1", 4)
	p.run("%save session.ipynb", 5)
	p.wait("wrote 2 inputs to session.ipynb")
	p.run("%save session.go", 6)
	p.enter("%load session.ipynb")
	p.last("In [7]: // %load session.ipynb\n   ...: a := 20\n   ...:\n   ...: a + 1")
	p.key("Enter")
	p.wait("Out[7]: 21")
	p.enter("%load session.go")
	p.last("   ...: // In[3]\n   ...: a + 1\n   ...:\n   ...: // In[4]\n   ...: %save session.ipynb")
	p.key("C-c")
	p.enter("%load nothing.go")
	p.wait("no such file")
}

func TestStartupFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "startup.go")
	os.WriteFile(file, []byte("const mine = 7\nfunc double(n int) int { return 2 * n }\nfmt.Println(\"welcome\")\n"), 0o600)
	p := open(t, setup{env: []string{"MSFLOW_STARTUP=" + file}})
	p.wait("welcome")
	p.run("double(mine)", 2)
	p.wait("Out[1]: 14")
	os.WriteFile(file, []byte("const other = 7\nbroken("), 0o600)
	p = open(t, setup{env: []string{"MSFLOW_STARTUP=" + file}})
	p.wait("the startup file " + file + " failed:\nstartup.go:3:1: ")
	p.run("1 + 1", 2)
	p.wait("Out[1]: 2")
}

func TestHighCell(t *testing.T) {
	t.Parallel()
	p := open(t, setup{height: 20})
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "x%d := %d\n", i, i)
	}
	p.paste(b.String())
	p.wait("x199 := 199")
	p.wait("rows 183–200 of 200")
	before := strings.Count(p.all(), "\n")
	p.typed("9")
	p.wait("x199 := 1999")
	p.key(strings.Fields(strings.Repeat("Up ", 100))...)
	p.wait("x99 := 99\n")
	p.key("End")
	p.typed("77")
	p.wait("x99 := 9977")
	if n := strings.Count(p.all(), "\n"); n > before {
		t.Errorf("typing has scrolled %d rows away", n-before)
	}
	p.key("C-End", "Enter")
	p.wait("In [2]:")
	if s := p.all(); !strings.Contains(s, "In [1]: x0 := 0\n") || !strings.Contains(s, "x99 := 9977\n") || !strings.Contains(s, "x199 := 1999\n") {
		t.Error("what ran is not on the screen in full")
	}
	p.run("x99 + x199", 3)
	p.wait("Out[2]: 11976")
}

func TestResize(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.typed(`fmt.Println("a text that is rather long", "and another one", "and a third one")`)
	p.wait("third one")
	p.tmux("resize-window", "-x", "40", "-y", "20")
	p.wait("In [1]: fmt.Println(\"a text that is rat\n        her long\", \"and another one\", \"\n        and a third one\")")
	p.typed("   ")
	p.tmux("resize-window", "-x", "120", "-y", "20")
	s := p.wait(`In [1]: fmt.Println("a text that is rather long", "and another one", "and a third one")`)
	if n := strings.Count(s, "In [1]:"); n != 1 {
		t.Errorf("%d prompts:\n%s", n, s)
	}
	p.key("Enter")
	p.wait("In [2]:")
}

func TestClearScreen(t *testing.T) {
	t.Parallel()
	p := open(t, setup{})
	p.run("1 + 1", 2)
	p.typed("abc")
	p.key("C-l")
	p.until("was not cleared", func(s string) bool { return s == "In [2]: abc\n" })
}

func TestDumbTerminal(t *testing.T) {
	t.Parallel()
	p := open(t, setup{env: []string{"TERM=dumb"}})
	p.enter("for i := range 2 {")
	p.wait("   ...:")
	p.enter("fmt.Println(\"i\", i)")
	p.enter("}")
	p.wait("i 0\ni 1\nIn [2]:")
	p.enter("undefinedName")
	p.wait("    undefinedName\n    ^\n")
	p.enter("for {}")
	time.Sleep(200 * time.Millisecond)
	p.key("C-c")
	p.wait("interrupted")
	p.typed("half")
	p.key("C-c")
	p.enter("6 * 7")
	p.wait("Out[4]: 42")
	p.enter("var s string; fmt.Scan(&s); s")
	time.Sleep(100 * time.Millisecond)
	p.enter("word")
	p.wait(`Out[5]: "word"`)
	if c := p.colours(); strings.Contains(c, "\x1b[") {
		t.Errorf("control sequences: %q", c)
	}
	p.key("C-d")
	p.wait("left with status")
}

func TestScript(t *testing.T) {
	t.Parallel()
	script := "#!/usr/bin/env msflow\n// doubles\nfunc a() int { return b() }\n\nfunc b() int { return 21 }\n2 * a()\nfor i := range 2 {\n\tfmt.Println(i)\n}\nfmt.Fprintln(os.Stderr, \"to stderr\")\n"
	out, errs, code := piped(t, script)
	if out != "42\n0\n1\n" || errs != "to stderr\n" || code != 0 {
		t.Errorf("%q, %q, %d", out, errs, code)
	}
	out, errs, code = piped(t, script+"\nundefinedName\nfmt.Println(\"never\")\n")
	if code != 1 || strings.Contains(out, "never") || !strings.Contains(errs, "stdin:12:1: undefined: undefinedName\n    undefinedName\n    ^\n") {
		t.Errorf("%q, %q, %d", out, errs, code)
	}
	out, errs, code = piped(t, "var wg sync.WaitGroup\nwg.Go(func() { panic(\"boom\") })\nwg.Wait()\nfmt.Println(\"never\")\n")
	if code != 2 || out != "" || !strings.Contains(errs, "in a goroutine: panic: boom") {
		t.Errorf("a goroutine that panics: %q, %q, %d", out, errs, code)
	}
	if _, _, code = piped(t, "os.Exit(3)"); code != 3 {
		t.Errorf("exit code %d", code)
	}
	if out, _, _ = piped(t, "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"main ran\") }\n"); out != "main ran\n" {
		t.Errorf("%q", out)
	}
	if out, _, _ = piped(t, "x := 1\n%%capture s\nfmt.Println(x)\n\nx = 2\n"); out != "" {
		t.Errorf("%q", out)
	}
	if strings.ContainsAny(out+errs, "\x1b") {
		t.Error("control sequences")
	}
}

func TestSuspend(t *testing.T) {
	t.Parallel()
	p := open(t, setup{shell: true})
	p.typed("x := 5")
	p.key("C-z")
	p.wait("Stopped")
	p.enter("echo in the $((1+1))nd shell")
	p.wait("in the 2nd shell")
	p.enter("fg")
	p.last("In [1]: x := 5")
	p.key("Enter")
	p.run("x + 1", 3)
	p.wait("Out[2]: 6")
}
