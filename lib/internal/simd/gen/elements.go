package main

import "fmt"

// elements are the element-by-element kernels: name, number of input arrays, and what happens to registers 0 and 1.
var elements = []struct {
	name   string
	inputs int
	body   func(v vector)
}{
	{"exp", 1, exp},
	{"log", 1, logarithm},
	{"tanh", 1, tanh},
	{"atan", 1, atan},
	{"sigmoid", 1, sigmoid},
	{"softplus", 1, softplus},
	{"add", 2, func(v vector) { v.add(0, 0, 1) }},
	{"sub", 2, func(v vector) { v.sub(0, 0, 1) }},
	{"mul", 2, func(v vector) { v.mul(0, 0, 1) }},
	{"div", 2, func(v vector) { v.div(0, 0, 1) }},
	{"scale", 1, func(v vector) { v.mul(0, 0, 14) }},
	{"addConst", 1, func(v vector) { v.add(0, 0, 14) }},
	{"scaleShift", 1, func(v vector) { v.mul(0, 0, 14); v.add(0, 0, 15) }},
	{"clamp", 1, func(v vector) { v.max(0, 14, 0); v.min(0, 15, 0) }},
	{"relu", 1, func(v vector) { v.do("VXORPS", 2, 2, 2); v.max(0, 2, 0) }},
	{"reluGrad", 2, func(v vector) { v.do("VXORPS", 2, 2, 2); v.choose(0, greater, 1, 2, 0, 2, 3) }},
}

// elementTable writes the element kernels of one instruction set and a struct that holds them.
func (f *file) elementTable(s isa) {
	names := ""
	for _, e := range elements {
		names += fmt.Sprintf("\n\t%s: %s,", e.name, f.elementwise(s, e.name, e.inputs, e.body))
	}
	fmt.Fprintf(&f.decl, "\nvar elements%s = elementKernels{%s\n}\n", s.name, names)
}
