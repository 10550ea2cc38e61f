package engine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/interp"
)

// When this variable is set, the test binary is `msflow run` of that file.
const runProgramVar = "MSFLOW_TEST_RUN_PROGRAM"

func TestMain(m *testing.M) {
	interp.HotFailed = func(fault any) { panic(fmt.Sprint("package hot: ", fault)) }
	if file := os.Getenv(runProgramVar); file != "" {
		interp.HotAfter = 1 // so that the programs try package hot
		os.Exit(interp.RunProgram(file, os.Args[1:], os.Stderr))
	}
	os.Exit(m.Run())
}

// runProgram runs a file in a process of its own.
func runProgram(ctx context.Context, file string, args ...string) (stdout, stderr string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	c := exec.CommandContext(ctx, self, args...)
	c.Env, c.Dir = append(os.Environ(), runProgramVar+"="+file), filepath.Dir(file)
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	err = c.Run()
	return out.String(), errOut.String(), err
}

// slow reports whether tests may take minutes.
func slow() bool { return os.Getenv("MSFLOW_SLOW") != "" }

// goTestWant is how many of the Go distribution's own programs must run; ixgo's command runs 343 of the 352 in Go 1.26.8.
const goTestWant = 348

// goTestFails are those that do not, and why.
var goTestFails = map[string]string{
	"chanlinear.go":   "passes, but compares times, which a busy machine changes",
	"closure.go":      "counts the allocations of compiled closures",
	"convert5.go":     "wants the saturation of out-of-range conversions that only a flag of the compiler turns on",
	"heapsampling.go": "looks for its functions in the heap profile",
	"maymorestack.go": "hooks the growth of compiled stacks",
	"nilptr.go":       "needs a 256 MB array at its own place in the program",
}

// TestGoDistribution runs the programs of GOROOT/test that are marked "// run".
func TestGoDistribution(t *testing.T) {
	if !slow() {
		t.Skip("MSFLOW_SLOW is not set")
	}
	files := goTestFiles(t)
	useExports(t)
	limit := make(chan bool, runtime.NumCPU())
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed []string
	for _, f := range files {
		wg.Add(1)
		limit <- true
		go func() {
			defer func() { <-limit; wg.Done() }()
			if why := goTestProgram(f); why != "" {
				mu.Lock()
				failed = append(failed, fmt.Sprintf("%s: %s", f, why))
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	for _, f := range failed {
		file, _, _ := strings.Cut(f, ": ")
		if _, known := goTestFails[relativeToTest(file)]; !known {
			t.Errorf("%s", f)
		}
	}
	passed := len(files) - len(failed)
	t.Logf("%d of %d programs pass; not these:\n%s", passed, len(files), strings.Join(failed, "\n"))
	if passed < goTestWant {
		t.Errorf("%d programs pass, want %d", passed, goTestWant)
	}
}

// relativeToTest names a program below GOROOT/test.
func relativeToTest(file string) string {
	dir, name := filepath.Split(file)
	if sub := filepath.Base(dir); sub != "test" {
		return sub + "/" + name
	}
	return name
}

// marked matches the first line of a program to run, perhaps with compiler flags.
var marked = regexp.MustCompile(`\A// run( -.*)?\n`)

// useExports tells the programs that call the linker where the compiled standard library is, as the distribution's own
// test runner does.
func useExports(t *testing.T) {
	list, err := exec.Command("go", "list", "-export", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "importcfg")
	if err := os.WriteFile(file, list, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("STDLIB_IMPORTCFG", file)
}

func goTestFiles(t *testing.T) (files []string) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command")
	}
	for _, dir := range []string{".", "typeparam", "ken", "chan", "interface"} {
		all, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "test", dir, "*.go"))
		for _, f := range all {
			if text, err := os.ReadFile(f); err == nil && marked.Match(text) {
				files = append(files, f)
			}
		}
	}
	if len(files) < goTestWant {
		t.Skipf("this Go distribution has only %d programs in its test directory", len(files))
	}
	return files
}

// goTestProgram says why a program fails, or "".
func goTestProgram(file string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	stdout, stderr, err := runProgram(ctx, file)
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
		return fmt.Sprintf("%v: %.150s", err, line)
	}
	want, err := os.ReadFile(strings.TrimSuffix(file, ".go") + ".out")
	if err != nil {
		return ""
	}
	if got := stdout + stderr; got != string(want) {
		return "the output differs"
	}
	return ""
}
