package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/msflow-go/msflow/kernel/cell"
)

// Magic is a command that cells can hold between their lines of Go.
type Magic struct {
	Name string // with its sign: "%time", "%%writefile"
	Args string
	Help string
	run  func(m *magicCall) error
}

// magicCall is a magic being run.
type magicCall struct {
	ctx  context.Context
	s    *Session
	r    *run
	cell Cell
	arg  string
	body string // of a cell magic: the lines below it
	line int
}

var magics []Magic

func init() {
	magics = []Magic{
		{"%time", "STATEMENT", "run a statement and say how long it took", (*magicCall).time},
		{"%%time", "", "run the rest of the cell and say how long it took", (*magicCall).timeBody},
		{"%timeit", "STATEMENT", "run a statement many times and give mean and deviation", (*magicCall).timeit},
		{"%who", "", "list the names that cells declared", (*magicCall).who},
		{"%whos", "", "list the names with kind, type, shape, size and value", (*magicCall).whos},
		{"%reset", "", "forget all declarations and imports", (*magicCall).reset},
		{"%get", "MODULE[@VERSION]", "fetch a module for import", (*magicCall).get},
		{"%run", "FILE.go [ARGS]", "run a program in the interpreter, apart from the session", (*magicCall).program},
		{"%cd", "[DIR]", "change the working directory", (*magicCall).cd},
		{"%pwd", "", "print the working directory", (*magicCall).pwd},
		{"%env", "[NAME[=VALUE]]", "print or set environment variables", (*magicCall).env},
		{"%%writefile", "FILE", "write the rest of the cell to a file", (*magicCall).writeFile},
		{"%%bash", "", "run the rest of the cell in bash", (*magicCall).bash},
		{"%lsmagic", "", "list these commands", (*magicCall).list},
		{"!", "COMMAND", "run a shell command", (*magicCall).shell},
		{"?", "NAME", "describe a name; ?? shows its source (also NAME? and NAME??)", (*magicCall).describe},
	}
}

// Magics lists the commands that cells can hold.
func Magics() []Magic { return slices.Clone(magics) }

func magicNamed(name string) *Magic {
	for i := range magics {
		if magics[i].Name == name {
			return &magics[i]
		}
	}
	return nil
}

func (s *Session) evalMagic(ctx context.Context, r *run, cell Cell, line *cell.MagicLine) error {
	m := &magicCall{ctx: ctx, s: s, r: r, cell: cell, arg: line.Arg, body: line.Body, line: line.Line}
	run := (*magicCall).unknown
	if known := magicNamed(line.Name); known != nil {
		run = known.run
	}
	err := run(m)
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case ctx.Err() != nil || r.cancelled.Load():
		return s.failed(interrupted{})
	}
	return &Error{
		Kind: KindMagic, Value: line.Name + ": " + err.Error(), Cell: cell.Count, Line: line.Line,
		Traceback: []string{fmt.Sprintf("%s:%d: %s: %v", label(cell.Count), line.Line, line.Name, err)},
	}
}

func (m *magicCall) print(format string, args ...any) {
	m.r.write(Stdout, fmt.Appendf(nil, format, args...))
}

// goCell is Go source at the magic's own place in the cell.
func (m *magicCall) goCell(code string) Cell {
	c := m.cell
	c.Code = strings.Repeat("\n", m.line-1) + code
	return c
}

func (m *magicCall) timed(code string) error {
	start := time.Now()
	var compiled time.Time
	err := m.s.evalGo(m.ctx, m.r, m.goCell(code), func() { compiled = time.Now() })
	if !compiled.IsZero() {
		m.print("compiled in %v, ran in %v\n", round(compiled.Sub(start)), round(time.Since(compiled)))
	}
	return err
}

// round leaves three digits.
func round(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}

func (m *magicCall) time() error     { return m.timed(m.arg) }
func (m *magicCall) timeBody() error { return m.timed("\n" + m.body) }

func (m *magicCall) who() error {
	var names []string
	for _, v := range m.s.Variables() {
		names = append(names, v.Name)
	}
	m.print("%s\n", cmp.Or(strings.Join(names, "  "), "nothing is declared"))
	return nil
}

func (m *magicCall) whos() error {
	rows := [][]string{{"NAME", "KIND", "TYPE", "SHAPE", "BYTES", "VALUE"}}
	for _, v := range m.s.Variables() {
		row := []string{v.Name, v.Kind, v.Type, "", "", v.Value}
		if v.Shape != nil {
			row[3] = strings.Trim(strings.ReplaceAll(fmt.Sprint(v.Shape), " ", "×"), "[]")
		}
		if v.Bytes > 0 {
			row[4] = fmt.Sprint(v.Bytes)
		}
		rows = append(rows, row)
	}
	m.print("%s", table(rows))
	return nil
}

// table aligns columns.
func table(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, c := range r {
			width[i] = max(width[i], len([]rune(c)))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := ""
		for i, c := range r {
			line += c + strings.Repeat(" ", width[i]-len([]rune(c))+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func (m *magicCall) reset() error { return m.s.start() }

func (m *magicCall) cd() error {
	dir := m.arg
	if dir == "" || strings.HasPrefix(dir, "~") {
		home, err := os.UserHomeDir()
		if err != nil {
			return err
		}
		dir = home + strings.TrimPrefix(dir, "~")
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	return m.pwd()
}

func (m *magicCall) pwd() error {
	dir, err := os.Getwd()
	m.print("%s\n", dir)
	return err
}

func (m *magicCall) env() error {
	name, value, set := strings.Cut(m.arg, "=")
	switch {
	case set:
		return os.Setenv(name, value)
	case name != "":
		m.print("%s\n", os.Getenv(name))
	default:
		list := os.Environ()
		slices.Sort(list)
		m.print("%s\n", strings.Join(list, "\n"))
	}
	return nil
}

func (m *magicCall) writeFile() error {
	if m.arg == "" {
		return errors.New("give the name of a file")
	}
	if err := os.WriteFile(m.arg, []byte(m.body), 0o644); err != nil {
		return err
	}
	m.print("wrote %s\n", m.arg)
	return nil
}

func (m *magicCall) list() error {
	var rows [][]string
	for _, mg := range magics {
		rows = append(rows, []string{strings.TrimSpace(mg.Name + " " + mg.Args), mg.Help})
	}
	m.print("%s", table(rows))
	return nil
}

func (m *magicCall) unknown() error {
	return errors.New("there is no such command; %lsmagic lists them")
}

func (m *magicCall) describe() error {
	name := strings.Trim(m.arg, "? ")
	detail := 0
	if strings.HasPrefix(m.arg, "??") || strings.HasSuffix(m.arg, "??") {
		detail = 1
	}
	in := m.s.Inspect(m.ctx, name, len([]rune(name)), detail)
	if !in.Found {
		return fmt.Errorf("nothing is known of %q", name)
	}
	m.r.sink.Display(Display{Value: in})
	return nil
}

// runStream is a standard stream of a run as a Writer.
type runStream struct {
	r *run
	s Stream
}

func (w runStream) Write(b []byte) (int, error) { return w.r.write(w.s, b) }

func (m *magicCall) shell() error { return m.command(exec.Command(shellName(), "-c", m.arg), "") }
func (m *magicCall) bash() error  { return m.command(exec.Command("bash"), m.body) }

func shellName() string { return cmp.Or(os.Getenv("SHELL"), "sh") }

func (m *magicCall) program() error {
	args := strings.Fields(m.arg)
	if len(args) == 0 {
		return errors.New("give the name of a Go file")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return m.command(exec.Command(self, append([]string{"run"}, args...)...), "")
}

// command runs a command with the cell's streams until it ends or the cell is
// stopped.
func (m *magicCall) command(c *exec.Cmd, stdin string) error {
	c.Stdin = strings.NewReader(stdin)
	c.Stdout, c.Stderr = io.Writer(runStream{m.r, Stdout}), io.Writer(runStream{m.r, Stderr})
	ownGroup(c)
	if err := c.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	select {
	case err := <-done:
		return err
	case <-m.ctx.Done():
		m.r.cancel()
	case <-m.r.done:
	}
	killGroup(c)
	return m.s.failed(interrupted{})
}
