// Package interptest runs programs in the interpreter for tests, each in a process of its own, and shows that a correction is
// needed.
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

// When this variable is set, the test binary is `msflow run` of that file.
const runProgramVariable = "MSFLOW_TEST_RUN_PROGRAM"

// Main is for TestMain: it runs the program that Run asks for with runProgram, which is interp.RunProgram, or else the tests.
func Main(m *testing.M, runProgram func(path string, args []string, stderr io.Writer) int) {
	if file := os.Getenv(runProgramVariable); file != "" {
		os.Exit(runProgram(file, os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// Run runs a program, a whole file, with a correction left out, if one is named, and gives what it prints.
func Run(t *testing.T, src, leftOut string) (output string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prog.go")
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), runProgramVariable+"="+file, levels.WithoutVariable+"="+leftOut)
	out, err := c.CombinedOutput()
	if err != nil {
		out = fmt.Appendln(out, err)
	}
	return strings.TrimSpace(string(out))
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
