package interp

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// When this variable is set, the test binary is `msflow run` of that file.
const runProgramVariable = "MSFLOW_TEST_RUN_PROGRAM"

func TestMain(m *testing.M) {
	HotFailed = func(fault any) { panic(fmt.Sprint("package hot: ", fault)) }
	if file := os.Getenv(runProgramVariable); file != "" {
		os.Exit(RunProgram(file, os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// run runs a program, the body of main or a whole file, in a process of its own with a correction left out, if one is
// named.
func run(t *testing.T, src, leftOut string) (output string) {
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
	c.Env = append(os.Environ(), runProgramVariable+"="+file, withoutVariable+"="+leftOut)
	out, err := c.CombinedOutput()
	if err != nil {
		out = fmt.Appendln(out, err)
	}
	return strings.TrimSpace(string(out))
}

// needs shows that a program prints what it must, and that it does so because of a correction.
func needs(t *testing.T, correction, src, want string) {
	t.Helper()
	if got := run(t, src, ""); got != want {
		t.Errorf("the program prints %q, want %q:\n%s", got, want, src)
	}
	if got := run(t, src, correction); got == want {
		t.Errorf("the program needs no %s:\n%s", correction, src)
	}
}

// TestCorrectionsAreKept looks for the file and the test of each correction that can be left out.
func TestCorrectionsAreKept(t *testing.T) {
	for _, name := range corrections {
		if name == "hot" {
			continue
		}
		for _, file := range []string{name + ".go", name + "_test.go"} {
			if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		}
	}
	for _, level := range []string{"ast_", "ssa_", "code_", "reflect_"} {
		files, _ := filepath.Glob(level + "*.go")
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, called := range strings.Split(string(text), "leftOut(\"")[1:] {
				if name, _, _ := strings.Cut(called, `"`); !slices.Contains(corrections, name) {
					t.Errorf("%s asks for %s, which is not in the list of corrections", file, name)
				}
			}
		}
	}
}

// TestPrintSSA asks for the SSA of one function.
func TestPrintSSA(t *testing.T) {
	t.Setenv(printVariable, "main.f")
	got := run(t, "package main\nfunc f() int { return 1 }\nfunc g() {}\nfunc main() { g(); f() }", "")
	if !strings.Contains(got, "func f() int:") || strings.Contains(got, "func g()") {
		t.Error(got)
	}
}
