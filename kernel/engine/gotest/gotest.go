// Package gotest runs tests, benchmarks, examples and the seeds of fuzz targets as `go test` does, with its output, in a
// process that is no test binary.
package gotest

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Suite is what to run.
type Suite struct {
	Tests      []testing.InternalTest
	Benchmarks []testing.InternalBenchmark
	Fuzz       []testing.InternalFuzzTarget
	Examples   []testing.InternalExample
}

// taken are the flags of a test binary that Run takes, with their defaults.
var taken = map[string]string{
	"run": "", "skip": "", "bench": "", "list": "", "v": "false", "short": "false", "count": "1", "benchtime": "1s", "benchmem": "false", "failfast": "false",
}

// fixed are flags whose values are not to be those of the process: with most others package testing ends it.
var fixed = map[string]string{
	"timeout": "0s", "fuzz": "", "cpu": "", "parallel": strconv.Itoa(runtime.GOMAXPROCS(0)), "shuffle": "off", "testlogfile": "", "coverprofile": "", "gocoverdir": "", "cpuprofile": "",
	"memprofile": "", "blockprofile": "", "mutexprofile": "", "trace": "", "artifacts": "false", "paniconexit0": "false",
}

// running makes runs wait for one another: the flags are the process's.
var running sync.Mutex

// Run runs a suite with flags of a test binary, such as "run", and reports whether all passed. An error is one of a flag.
func Run(s Suite, given map[string]string) (passed bool, err error) {
	running.Lock()
	defer running.Unlock()
	values := maps.Clone(taken)
	for name, v := range given {
		if _, ok := taken[name]; !ok {
			return false, fmt.Errorf("there is no flag -%s", name)
		}
		values[name] = v
	}
	if err := check(values); err != nil {
		return false, err
	}
	maps.Copy(values, fixed)
	restore, err := set(values)
	defer restore()
	if err != nil {
		return false, err
	}
	began := time.Now()
	passed = testing.MainStart(deps{}, s.Tests, s.Benchmarks, s.Fuzz, s.Examples).Run() == 0
	verdict := "ok  "
	if !passed {
		verdict = "FAIL"
	}
	fmt.Printf("%s\tcells\t%.3fs\n", verdict, time.Since(began).Seconds())
	return passed, nil
}

// own are the flags of package testing where the process has none, as it is no test binary: its own flags stay as they are.
var own *flag.FlagSet

// set gives the flags of package testing values until restore is called.
func set(values map[string]string) (restore func(), err error) {
	process := flag.CommandLine
	if process.Lookup("test.v") == nil {
		if own == nil {
			own = flag.NewFlagSet("test", flag.ContinueOnError)
			flag.CommandLine = own
			testing.Init()
		}
		flag.CommandLine = own
	}
	if !flag.Parsed() {
		flag.CommandLine.Parse(nil)
	}
	before := map[string]string{}
	restore = func() {
		for name, v := range before {
			flag.Set(name, v)
		}
		flag.CommandLine = process
	}
	for name, v := range values {
		f := flag.Lookup("test." + name)
		if f == nil { // in another version of Go
			continue
		}
		before[f.Name] = f.Value.String()
		if err := flag.Set(f.Name, v); err != nil {
			return restore, fmt.Errorf("-%s %s: %w", name, v, err)
		}
	}
	return restore, nil
}

// deps is what a test binary knows of itself.
type deps struct{}

// entry is an input of a fuzz target.
type entry = struct {
	Parent     string
	Path       string
	Data       []byte
	Values     []any
	Generation int
	IsSeed     bool
}

func (deps) ImportPath() string                          { return "cells" }
func (deps) ModulePath() string                          { return "cells" }
func (deps) SetPanicOnExit0(bool)                        {}
func (deps) StartCPUProfile(io.Writer) error             { return nil }
func (deps) StopCPUProfile()                             {}
func (deps) StartTestLog(io.Writer)                      {}
func (deps) StopTestLog() error                          { return nil }
func (deps) WriteProfileTo(string, io.Writer, int) error { return nil }
func (deps) ResetCoverage()                              {}
func (deps) SnapshotCoverage()                           {}

// MatchString matches nothing by what is no pattern: an error would have package testing end the process.
func (deps) MatchString(pattern, s string) (bool, error) {
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(s), nil
}

func (deps) CoordinateFuzzing(time.Duration, int64, time.Duration, int64, int, []entry, []reflect.Type, string, string) error {
	return fmt.Errorf("only seeds are run here, not -fuzz")
}

func (deps) RunFuzzWorker(func(entry) error) error {
	return fmt.Errorf("only seeds are run here, not -fuzz")
}

// ReadCorpus finds the seeds in a folder. A session has none but those that targets add themselves.
func (deps) ReadCorpus(dir string, _ []reflect.Type) ([]entry, error) {
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) > 0 {
		fmt.Fprintf(os.Stderr, "the seeds in %s are left out: only those of f.Add are run\n", dir)
	}
	return nil, nil
}

func (deps) CheckCorpus(values []any, types []reflect.Type) error {
	if len(values) != len(types) {
		return fmt.Errorf("wrong number of values in corpus entry: %d, want %d", len(values), len(types))
	}
	for i, t := range types {
		if got := reflect.TypeOf(values[i]); got != t {
			return fmt.Errorf("mismatched types in corpus entry: %v, want %v", got, t)
		}
	}
	return nil
}

func (deps) InitRuntimeCoverage() (mode string, tearDown func(string, string) (string, error), snapshot func() float64) {
	return "", nil, nil
}
