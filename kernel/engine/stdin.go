package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// stdin is what cells find behind os.Stdin: lines that the user is asked for when a cell reads. os.Stdin itself stays the
// process's own, since a file cannot tell when somebody waits for it; the functions that cells read it with get this
// reader in its place.
type stdin struct {
	s    *Session
	rest []byte // of the line that was typed last
}

// Read asks for a line when the last one is used up. Where there is nobody to ask the error is ErrNoInput.
func (in *stdin) Read(b []byte) (int, error) {
	if len(in.rest) == 0 {
		line, err := in.ask()
		if err != nil {
			return 0, err
		}
		in.rest = []byte(line)
	}
	n := copy(b, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

func (in *stdin) ask() (string, error) {
	r := current(in.s)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-r.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	line, err := r.sink.Input(ctx, "", false)
	if errors.Is(err, context.Canceled) {
		r.cancel() // Ctrl-C at the input: its word may come before the session's
	}
	r.check()
	if err != nil {
		return "", fmt.Errorf("reading os.Stdin: %w", err)
	}
	return strings.TrimSuffix(line, "\n") + "\n", nil
}

// reader is r, or the session's input when r is the process's own.
func (s *Session) reader(r io.Reader) io.Reader {
	if f, ok := r.(*os.File); ok && f == os.Stdin {
		return s.stdin
	}
	return r
}

// stdinOverrides are the library functions that cells read os.Stdin with.
func (s *Session) stdinOverrides() map[string]any {
	funcs := InputFunctions(s.stdin)
	funcs["(*os.File).Read"] = s.readFile
	return funcs
}

// InputFunctions are library functions by name, as in "fmt.Scan", that read from in where they would read from the process's
// own os.Stdin.
func InputFunctions(in io.Reader) map[string]any {
	or := func(r io.Reader) io.Reader {
		if f, ok := r.(*os.File); ok && f == os.Stdin {
			return in
		}
		return r
	}
	return map[string]any{
		"fmt.Scan":            func(a ...any) (int, error) { return fmt.Fscan(in, a...) },
		"fmt.Scanln":          func(a ...any) (int, error) { return fmt.Fscanln(in, a...) },
		"fmt.Scanf":           func(f string, a ...any) (int, error) { return fmt.Fscanf(in, f, a...) },
		"fmt.Fscan":           func(r io.Reader, a ...any) (int, error) { return fmt.Fscan(or(r), a...) },
		"fmt.Fscanln":         func(r io.Reader, a ...any) (int, error) { return fmt.Fscanln(or(r), a...) },
		"fmt.Fscanf":          func(r io.Reader, f string, a ...any) (int, error) { return fmt.Fscanf(or(r), f, a...) },
		"bufio.NewReader":     func(r io.Reader) *bufio.Reader { return bufio.NewReader(or(r)) },
		"bufio.NewReaderSize": func(r io.Reader, n int) *bufio.Reader { return bufio.NewReaderSize(or(r), n) },
		"bufio.NewScanner":    func(r io.Reader) *bufio.Scanner { return bufio.NewScanner(or(r)) },
		"io.ReadAll":          func(r io.Reader) ([]byte, error) { return io.ReadAll(or(r)) },
		"io.Copy":             func(w io.Writer, r io.Reader) (int64, error) { return io.Copy(w, or(r)) },
	}
}

func (s *Session) readFile(f *os.File, b []byte) (int, error) { return s.reader(f).Read(b) }
