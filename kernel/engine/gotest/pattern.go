package gotest

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"testing"
)

// check is the error of the first flag whose value is none: package testing would end the process for it, or change its streams.
func check(flags map[string]string) error {
	if _, err := strconv.ParseBool(flags["v"]); err != nil {
		return fmt.Errorf("-v %s: only true and false are known", flags["v"])
	}
	for _, name := range []string{"run", "skip", "bench", "list"} {
		pattern := flags[name]
		for _, part := range append(elements(pattern), pattern) { // examples are matched by the whole
			if _, err := regexp.Compile(part); err != nil {
				return fmt.Errorf("the pattern %q of -%s is no regular expression: %s", pattern, name, reason(err))
			}
		}
	}
	return nil
}

// reason is what is wrong with a regular expression, and where in it.
func reason(err error) string {
	var wrong *syntax.Error
	if errors.As(err, &wrong) {
		return fmt.Sprintf("%s: %q", wrong.Code, wrong.Expr)
	}
	return err.Error()
}

// elements are the regular expressions of a pattern, one for each level of names, and for each alternative of them: package
// testing cuts a pattern at every / and | outside of brackets.
func elements(pattern string) (list []string) {
	from, brackets, parentheses := 0, 0, 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '[':
			brackets++
		case c == ']':
			brackets = max(0, brackets-1)
		case brackets > 0:
		case c == '(':
			parentheses++
		case c == ')':
			parentheses--
		case parentheses == 0 && (c == '/' || c == '|'):
			list, from = append(list, pattern[from:i]), i+1
		}
	}
	return append(list, pattern[from:])
}

// Matcher tells whether a name fits a pattern.
type Matcher = func(pattern, name string) (bool, error)

// RunTests is testing.RunTests, RunExamples testing.RunExamples, and so on, by the flags of package testing that the process has.
// An error is one that package testing would end the process for.
func RunTests(match Matcher, tests []testing.InternalTest) (passed bool, err error) {
	return Main(match, tests, nil, nil)
}

// RunExamples runs examples.
func RunExamples(match Matcher, examples []testing.InternalExample) (passed bool, err error) {
	return Main(match, nil, nil, examples)
}

// RunBenchmarks runs benchmarks, if -bench says which.
func RunBenchmarks(match Matcher, benchmarks []testing.InternalBenchmark) (passed bool, err error) {
	return Main(match, nil, benchmarks, nil)
}

// Main is testing.Main, which does not return but ends the process.
func Main(match Matcher, tests []testing.InternalTest, benchmarks []testing.InternalBenchmark, examples []testing.InternalExample) (passed bool, err error) {
	given := map[string]string{}
	for name := range taken {
		if f := flag.Lookup("test." + name); f != nil {
			given[name] = f.Value.String()
		}
	}
	var s Suite
	if s.Tests, err = matching(match, given["run"], tests, func(t testing.InternalTest) string { return t.Name }); err != nil {
		return false, err
	}
	if s.Examples, err = matching(match, given["run"], examples, func(e testing.InternalExample) string { return e.Name }); err != nil {
		return false, err
	}
	if s.Benchmarks, err = matching(match, given["bench"], benchmarks, func(b testing.InternalBenchmark) string { return b.Name }); err != nil {
		return false, err
	}
	given["run"] = "" // they are chosen
	if given["bench"] != "" {
		given["bench"] = "."
	}
	return Run(s, given)
}

// matching are those whose names fit a pattern.
func matching[T any](match Matcher, pattern string, all []T, name func(T) string) (list []T, err error) {
	for _, x := range all {
		fits, err := match(pattern, name(x))
		if err != nil {
			return nil, fmt.Errorf("the pattern %q: %w", pattern, err)
		}
		if fits {
			list = append(list, x)
		}
	}
	return list, nil
}
