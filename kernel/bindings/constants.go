package bindings

import (
	"fmt"
	"go/constant"
	"strconv"
	"strings"

	"github.com/goplus/ixgo"
)

// constants are a package's untyped constants: integers, a line NAME=VALUE each, and others. As Go code the thousands of integers of
// x/sys/unix would be two megabytes of the program.
func constants(integers string, others map[string]ixgo.UntypedConst) map[string]ixgo.UntypedConst {
	for line := range strings.Lines(integers) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), "=")
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			panic(fmt.Sprintf("a constant of a compiled package: %v", err)) // the generator wrote it
		}
		others[name] = ixgo.UntypedConst{Typ: "untyped int", Value: constant.MakeInt64(value)}
	}
	return others
}
