package ixcode

import (
	"bytes"
	"go/types"
	_ "unsafe" // for go:linkname

	"golang.org/x/tools/go/ssa"
)

// Deferred is a call that a frame defers.
type Deferred struct {
	function  any         `ixgo:"fn"`
	_         *Deferred   `ixgo:"tail"`
	arguments []any       `ixgo:"args"`
	values    []ssa.Value `ixgo:"ssaArgs"`
}

// DeferInstead puts a call in the place of the one that the frame deferred last.
func (fr *Frame) DeferInstead(do func()) {
	d := fr.Deferred
	d.function, d.arguments, d.values = do, nil, nil
}

// Text is the code that composes what a call of print or println prints.
func (f *Function) Text(call *ssa.CallCommon) func(*Frame) []byte {
	line := call.Value.Name() == "println"
	registers := make([]int, len(call.Args))
	for i, a := range call.Args {
		registers[i], _ = f.Register(a)
	}
	return func(fr *Frame) []byte {
		var text bytes.Buffer
		for i, r := range registers {
			if line && i > 0 {
				text.WriteByte(' ')
			}
			if types.IsInterface(call.Args[i].Type()) {
				writeInterface(&text, fr.Stack[r])
			} else {
				writeValue(&text, fr.Stack[r], false)
			}
		}
		if line {
			text.WriteByte('\n')
		}
		return text.Bytes()
	}
}

//go:linkname writeValue github.com/goplus/ixgo.writevalue
func writeValue(text *bytes.Buffer, v any, interfaces bool)

//go:linkname writeInterface github.com/goplus/ixgo.writeinterface
func writeInterface(text *bytes.Buffer, v any)
