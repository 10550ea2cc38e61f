package engine_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/msflow-go/msflow/kernel/engine"
)

// results is a Sink that keeps the value of the last expression and ignores everything else.
type results struct {
	engine.Discard
	last any
}

func (r *results) Result(values []any) { r.last = values[0] }

// A program that embeds the kernel makes a session, gives it cells of Go, and takes what they give from a Sink. What one
// cell declares the next ones know.
func Example() {
	screen := os.Stdout // the session takes the process's streams: what cells print goes to the Sink
	session, err := engine.New()
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	var sink results
	for _, cell := range []string{
		"func square(x int) int { return x * x }",
		"n := square(6)\nn + 6",
		"square(true)",
	} {
		if err := session.Eval(context.Background(), engine.Cell{Code: cell}, &sink); err != nil {
			fmt.Fprintln(screen, "an error of the cell")
			continue
		}
		fmt.Fprintln(screen, sink.last)
	}
	// Output:
	// <nil>
	// 42
	// an error of the cell
}
