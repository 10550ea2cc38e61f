package main

import (
	"fmt"
	"strings"
)

// isa is one vector instruction set the kernels are written for.
type isa struct {
	name  string // suffix of every kernel's name
	reg   string // Y or Z
	lanes int    // float32 values in a register
	regs  int    // number of registers
}

var (
	avx2   = isa{name: "AVX2", reg: "Y", lanes: 8, regs: 16}
	avx512 = isa{name: "AVX512", reg: "Z", lanes: 16, regs: 32}
)

// bytes is the size of one register.
func (s isa) bytes() int { return 4 * s.lanes }

// v names vector register i.
func (s isa) v(i int) string { return fmt.Sprintf("%s%d", s.reg, i) }

// file collects the assembly and its Go declarations.
type file struct {
	asm, decl  strings.Builder
	constants  []uint32
	constantAt map[uint32]int
}

// op appends one instruction.
func (f *file) op(format string, args ...any) { fmt.Fprintf(&f.asm, "\t"+format+"\n", args...) }

// label appends a jump target, local to the function.
func (f *file) label(name string) { fmt.Fprintf(&f.asm, "%s:\n", name) }

// text starts a function that takes one pointer to args and has frame bytes of stack.
func (f *file) text(name, args string, frame int) {
	fmt.Fprintf(&f.asm, "\n// func %s(p *%s)\nTEXT ·%s(SB), NOSPLIT, $%d-8\n", name, args, name, frame)
	f.op("MOVQ p+0(FP), DI")
	fmt.Fprintf(&f.decl, "\n//go:noescape\nfunc %s(p *%s)\n", name, args)
}

// end closes a function.
func (f *file) end() {
	f.op("VZEROUPPER")
	f.op("RET")
}

// zero clears register i.
func (f *file) zero(s isa, i int) {
	if s.reg == "Z" {
		f.op("VPXORQ Z%d, Z%d, Z%d", i, i, i)
		return
	}
	f.op("VXORPS Y%d, Y%d, Y%d", i, i, i)
}

// table declares a Go array of kernels indexed by size; size 0 is nil.
func (f *file) table(name, args string, n int, kernel func(size int) string) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%d: %s", i+1, kernel(i+1))
	}
	fmt.Fprintf(&f.decl, "\nvar %s = [%d]func(*%s){%s}\n", name, n+1, args, strings.Join(names, ", "))
}
