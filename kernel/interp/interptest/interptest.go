// Package interptest runs programs in the interpreter for tests, each in a process of its own, and shows that a correction
// is needed.
package interptest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// When this variable is set, the test binary is `msflow run` of these files, one after the other.
const runProgramsVariable = "MSFLOW_TEST_RUN_PROGRAMS"

// between stands between the outputs of two programs.
const between = "\n--- the next program ---\n"

// Main is for TestMain: it runs the programs that Run asks for with runProgram, which is interp.RunProgram, or else the
// tests.
func Main(m *testing.M, runProgram func(path string, args []string, stderr io.Writer) int) {
	files := os.Getenv(runProgramsVariable)
	if files == "" {
		os.Exit(m.Run())
	}
	code := 0
	for i, file := range filepath.SplitList(files) {
		if i > 0 {
			fmt.Print(between)
		}
		code = max(code, runProgram(file, os.Args[1:], os.Stderr))
	}
	os.Exit(code)
}

// Run runs a program, a whole file, with a correction left out, if one is named, and gives what it prints.
func Run(t *testing.T, src, leftOut string) (output string) {
	t.Helper()
	return strings.TrimSpace(start(t, leftOut, src))
}

// RunAll runs programs in one process and gives what each prints. None may end the process.
func RunAll(t *testing.T, sources ...string) (outputs []string) {
	t.Helper()
	outputs = strings.Split(start(t, "", sources...), between)
	if len(outputs) != len(sources) {
		t.Fatalf("%d of %d programs ran:\n%s", len(outputs), len(sources), outputs[len(outputs)-1])
	}
	for i := range outputs {
		outputs[i] = strings.TrimSpace(outputs[i])
	}
	return outputs
}

func start(t *testing.T, leftOut string, sources ...string) (output string) {
	t.Helper()
	out, err := command(t, leftOut, sources...).CombinedOutput()
	if err != nil {
		out = fmt.Appendln(out, err)
	}
	return string(out)
}

// Stdout runs a program as Run does and gives what it prints to standard output.
func Stdout(t *testing.T, src, leftOut string) (output string) {
	t.Helper()
	out, err := command(t, leftOut, src).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func command(t *testing.T, leftOut string, sources ...string) *exec.Cmd {
	t.Helper()
	var files []string
	for _, src := range sources {
		file := filepath.Join(t.TempDir(), "prog.go")
		if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), runProgramsVariable+"="+strings.Join(files, string(filepath.ListSeparator)), levels.WithoutVariable+"="+leftOut)
	return c
}

// Needs shows that a program prints what it must, and that it does so because of a correction.
func Needs(t *testing.T, correction, src, want string) {
	t.Helper()
	if got := Run(t, src, ""); got != want {
		t.Errorf("the program prints %q, want %q:\n%s", got, want, src)
	}
	if got := Run(t, src, correction); got == want {
		t.Errorf("the program needs no %s:\n%s", correction, src)
	}
}
