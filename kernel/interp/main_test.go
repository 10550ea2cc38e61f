package interp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/interptest"
	"github.com/msflow-go/msflow/kernel/interp/levels"
)

func TestMain(m *testing.M) {
	HotFailed = func(fault any) { panic(fmt.Sprint("package hot: ", fault)) }
	interptest.Main(m, RunProgram)
}

// TestCorrectionsAreKept looks for the file and the test of each correction that can be left out.
func TestCorrectionsAreKept(t *testing.T) {
	for _, name := range levels.Corrections {
		if name == "hot" {
			continue
		}
		if own, ok := strings.CutPrefix(name, "ssa_"); ok {
			name = filepath.Join("ssarepair", own)
		}
		for _, file := range []string{name + ".go", name + "_test.go"} {
			if _, err := os.Stat(file); err != nil {
				t.Error(err)
			}
		}
	}
	for _, level := range []string{"ast_", "ssa_", "code_", "reflect_", "ssarepair/"} {
		files, _ := filepath.Glob(level + "*.go")
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, called := range strings.Split(string(text), "LeftOut(\"")[1:] {
				if name, _, _ := strings.Cut(called, `"`); !slices.Contains(levels.Corrections, name) {
					t.Errorf("%s asks for %s, which is not in the list of corrections", file, name)
				}
			}
		}
	}
}

// TestPrintSSA asks for the SSA of one function.
func TestPrintSSA(t *testing.T) {
	t.Setenv(levels.PrintVariable, "main.f")
	got := interptest.Run(t, "package main\nfunc f() int { return 1 }\nfunc g() {}\nfunc main() { g(); f() }", "")
	if !strings.Contains(got, "func f() int:") || strings.Contains(got, "func g()") {
		t.Error(got)
	}
}
