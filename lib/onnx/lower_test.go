package onnx

import (
	"testing"

	"github.com/msflow-go/msflow/lib/op"
	"github.com/msflow-go/msflow/lib/op/optest"
)

// without are the ops that have no row, and why not.
var without = map[string]string{
	"BatchVarOp":           "statistics of a training batch",
	"LayerNormStatsOp":     "a part of a gradient",
	"LayerNormGradInputOp": "a gradient",
	"LayerNormGradGainOp":  "a gradient",
	"ConvGradInputOp":      "a gradient",
	"ConvGradWeightOp":     "a gradient",
	"MaxPoolGradOp":        "a gradient",
	"TriangularSolveOp":    "an inverse; ONNX cannot solve",
}

// Every op of package op, by its declaration, and every function of the pointwise ones has a row, or a reason to have none.
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
		if rows[name] == (without[name] != "") {
			t.Errorf("%s (%s): a row is %v, a reason to have none is %q", name, file, rows[name], without[name])
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
