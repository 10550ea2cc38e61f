package xla

import (
	"testing"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/op/optest"
)

// Every op of package op, by its declaration, and every function of the pointwise ones has a row here.
func TestEveryOpHasALowering(t *testing.T) {
	rows := map[string]bool{}
	for op := range lowerings {
		rows[op.Name()] = true
	}
	ops := optest.Declared(t)
	if len(ops) < 20 {
		t.Fatalf("only %d ops were found", len(ops))
	}
	for name, file := range ops {
		if !rows[name] {
			t.Errorf("%s (%s) has no lowering", name, file)
		}
	}
	for _, name := range op.UnaryFuncs() {
		if unaryFunctions[name] == nil {
			t.Errorf("the function %s of one argument has no lowering", name)
		}
	}
	for _, name := range op.BinaryFuncs() {
		if binaryFunctions[name] == nil {
			t.Errorf("the function %s of two arguments has no lowering", name)
		}
	}
}
