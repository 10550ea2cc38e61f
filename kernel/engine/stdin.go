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
	return map[string]any{
		"fmt.Scan":            func(a ...any) (int, error) { return fmt.Fscan(s.stdin, a...) },
		"fmt.Scanln":          func(a ...any) (int, error) { return fmt.Fscanln(s.stdin, a...) },
		"fmt.Scanf":           func(f string, a ...any) (int, error) { return fmt.Fscanf(s.stdin, f, a...) },
		"fmt.Fscan":           func(r io.Reader, a ...any) (int, error) { return fmt.Fscan(s.reader(r), a...) },
		"fmt.Fscanln":         func(r io.Reader, a ...any) (int, error) { return fmt.Fscanln(s.reader(r), a...) },
		"fmt.Fscanf":          func(r io.Reader, f string, a ...any) (int, error) { return fmt.Fscanf(s.reader(r), f, a...) },
		"bufio.NewReader":     func(r io.Reader) *bufio.Reader { return bufio.NewReader(s.reader(r)) },
		"bufio.NewReaderSize": func(r io.Reader, n int) *bufio.Reader { return bufio.NewReaderSize(s.reader(r), n) },
		"bufio.NewScanner":    func(r io.Reader) *bufio.Scanner { return bufio.NewScanner(s.reader(r)) },
		"io.ReadAll":          func(r io.Reader) ([]byte, error) { return io.ReadAll(s.reader(r)) },
		"io.Copy":             func(w io.Writer, r io.Reader) (int64, error) { return io.Copy(w, s.reader(r)) },
		"(*os.File).Read":     s.readFile,
	}
}

func (s *Session) readFile(f *os.File, b []byte) (int, error) { return s.reader(f).Read(b) }
