package interp

import (
	"os"
	"os/exec"
	"testing"

	"github.com/msflow-go/msflow/kernel/interp/levels"
)

// TestTypesWithoutNames calls a function of one package with a value whose type another package writes down.
func TestTypesWithoutNames(t *testing.T) {
	p := newProgram(t)
	_, early := link(t, p, `package main
import "io"
func make() any { return func(x struct { io.Reader; N int }) int { return x.N } }`)
	f, err := early.RunFunc("make")
	if err != nil {
		t.Fatal(err)
	}
	_, i := link(t, p, `package main
import "io"
func f(x any) int { return x.(func(struct { io.Reader; N int }) int)(struct { io.Reader; N int }{N: 3}) }`)
	if got, err := i.RunFunc("f", f); err != nil || got != 3 {
		t.Fatalf("got %v, %v", got, err)
	}
	if os.Getenv(levels.WithoutVariable) != "" {
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^TestTypesWithoutNames$")
	c.Env = append(os.Environ(), levels.WithoutVariable+"=reflect_anonymous")
	if c.Run() == nil {
		t.Error("the program needs no reflect_anonymous")
	}
}
