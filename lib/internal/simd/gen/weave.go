package main

// Offsets of weaveArgs.
const (
	weaveSrc, weaveDst, weaveRows, weaveWidth = 0, 64, 72, 80
	weaveFrom, weaveTo, weaveStep             = 88, 96, 104
)

// weave writes the kernel that copies rows of eight channels so that the channels of a pixel lie side by side; see
// weaveArgs.
func (f *file) weave(name string) string {
	v := vector{f, avx2}
	f.text(name, "weaveArgs", 16)
	for i, p := range tilePointers {
		f.op("MOVQ %d(DI), %s", weaveSrc+8*i, p)
	}
	f.op("MOVQ %d(DI), R14", weaveWidth)
	f.op("ANDQ $7, R14")
	f.restMask(avx2, "R14")
	f.op("MOVQ %d(DI), R14", weaveRows)
	f.op("MOVQ R14, rows-8(SP)")
	f.op("MOVQ %d(DI), R14", weaveDst)
	f.op("MOVQ R14, row-16(SP)")
	f.op("XORQ R11, R11")
	f.label("row")
	f.op("MOVQ R11, R15")
	f.op("MOVQ row-16(SP), R13")
	f.op("MOVQ %d(DI), R14", weaveWidth)
	f.label("vector")
	f.op("CMPQ R14, $8")
	f.op("JLT rest")
	for i, p := range tilePointers {
		v.move(i, "("+p+")(R15*1)")
	}
	f.weaveStore(v)
	f.op("ADDQ $32, R15")
	f.op("SUBQ $8, R14")
	f.op("JMP vector")
	f.label("rest")
	f.op("TESTQ R14, R14")
	f.op("JZ next")
	for i, p := range tilePointers {
		f.restLoad(avx2, "("+p+")(R15*1)", i)
	}
	f.weaveStore(v)
	f.label("next")
	f.op("ADDQ %d(DI), R11", weaveFrom)
	f.op("MOVQ row-16(SP), R13")
	f.op("ADDQ %d(DI), R13", weaveTo)
	f.op("MOVQ R13, row-16(SP)")
	f.op("DECQ rows-8(SP)")
	f.op("JNZ row")
	f.end()
	return name
}

// weaveStore writes registers 0 to 7, the pixels of a channel each, as eight pixels from R13 on.
func (f *file) weaveStore(v vector) {
	transpose8(v)
	for i := range 8 {
		f.op("VMOVUPS Y%d, (R13)", 8+i)
		f.op("ADDQ %d(DI), R13", weaveStep)
	}
}

// winoWoven writes the transform of tiles of woven input to 36 planes, tile by tile: a register holds one element of as
// many channels as it has lanes.
func (f *file) winoWoven(s isa) string {
	v, name := vector{f, s}, "winoWoven"+s.name
	f.text(name, "winoArgs", 0)
	f.op("MOVQ %d(DI), R12", winoTmp)
	f.op("MOVQ %d(DI), R14", winoXi)
	f.op("LEAQ (R14)(R14*2), R15")
	f.op("ADDQ R15, R15")
	f.op("MOVQ %d(DI), R9", winoFrom)
	f.op("LEAQ (R9)(R9*2), R10")
	f.op("LEAQ (R9)(R9*4), AX")
	f.op("MOVQ %d(DI), BX", winoOffsets)
	f.op("MOVQ %d(DI), CX", winoGroups)
	f.op("MOVQ %d(DI), DX", winoDst)
	columns := []string{"(R8)", "(R8)(R9*1)", "(R8)(R9*2)", "(R8)(R10*1)", "(R8)(R9*4)", "(R8)(AX*1)"}
	f.label("tile")
	f.op("MOVLQSX (BX), R8")
	f.op("ADDQ $4, BX")
	f.op("ADDQ %d(DI), R8", winoSrc)
	for i := range 6 {
		for j, at := range columns {
			v.move(8+j, at)
		}
		for j, r := range inputTransform(v, 8) {
			f.op("VMOVUPS %s, %s", s.v(r), tmp(s, i, j))
		}
		f.op("ADDQ %d(DI), R8", winoRow)
	}
	f.op("MOVQ DX, R13")
	for j := range 6 {
		for i := range 6 {
			v.move(8+i, tmp(s, i, j))
		}
		f.op("MOVQ R13, R11")
		for _, r := range inputTransform(v, 8) {
			f.op("VMOVUPS %s, (R11)", s.v(r))
			f.op("ADDQ R15, R11")
		}
		f.op("ADDQ R14, R13")
	}
	f.op("ADDQ %d(DI), DX", winoTo)
	f.op("DECQ CX")
	f.op("JNZ tile")
	f.end()
	return name
}
