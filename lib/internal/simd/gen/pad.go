package main

// Offsets of padArgs.
const (
	padDst, padSrc, padRows, padWidth, padTo, padFrom = 0, 8, 16, 24, 32, 40
	padLeft, padRight, padOdd                         = 48, 56, 64
)

// pad writes the kernel that copies rows between zeros. Zeros come in whole registers: what spills over is the start of the
// row after, which is written next.
func (f *file) pad(name string) string {
	f.text(name, "padArgs", 0)
	f.startPad()
	f.label("row")
	f.op("MOVQ AX, R10")
	f.op("CMPQ %d(DI), $0", padLeft)
	f.op("JE copy")
	f.op("VMOVUPS Y0, (AX)")
	f.op("ADDQ %d(DI), R10", padLeft)
	f.label("copy")
	f.op("MOVQ BX, R11")
	f.op("MOVQ DX, R15")
	f.op("SHRQ $3, R15")
	f.op("JZ rest")
	f.label("vector")
	f.op("VMOVUPS (R11), Y1")
	f.op("VMOVUPS Y1, (R10)")
	f.op("ADDQ $32, R10")
	f.op("ADDQ $32, R11")
	f.op("DECQ R15")
	f.op("JNZ vector")
	f.label("rest")
	f.op("MOVQ DX, R15")
	f.op("ANDQ $7, R15")
	f.op("JZ right")
	f.restLoad(avx2, "(R11)", 1)
	f.op("VMOVUPS Y1, (R10)")
	f.op("LEAQ (R10)(R15*4), R10")
	f.label("right")
	f.op("CMPQ %d(DI), $0", padRight)
	f.op("JE next")
	f.op("VMOVUPS Y0, (R10)")
	f.endPad()
	return name
}

// startPad loads the pointers, the width to DX, and the mask of a row's last vector.
func (f *file) startPad() {
	f.op("MOVQ %d(DI), AX", padDst)
	f.op("MOVQ %d(DI), BX", padSrc)
	f.op("MOVQ %d(DI), CX", padRows)
	f.op("MOVQ %d(DI), DX", padWidth)
	f.op("MOVQ %d(DI), R8", padTo)
	f.op("MOVQ %d(DI), R9", padFrom)
	f.op("MOVQ DX, R15")
	f.op("ANDQ $7, R15")
	f.restMask(avx2, "R15")
	f.zero(avx2, 0)
}

// endPad goes to the next row.
func (f *file) endPad() {
	f.label("next")
	f.op("ADDQ R8, AX")
	f.op("ADDQ R9, BX")
	f.op("DECQ CX")
	f.op("JNZ row")
	f.end()
}

// deal writes the kernel that copies rows between zeros and sends even columns to one place and odd ones to another.
func (f *file) deal(name string) string {
	f.text(name, "padArgs", 0)
	f.startPad()
	f.op("MOVQ %d(DI), SI", padOdd)
	f.label("row")
	f.op("MOVQ AX, R10")
	f.op("LEAQ (AX)(R8*1), R11")
	f.label("clear")
	f.op("VMOVUPS Y0, (R10)")
	f.op("ADDQ $32, R10")
	f.op("CMPQ R10, R11")
	f.op("JLT clear")
	f.op("MOVQ AX, R10")
	f.op("ADDQ %d(DI), R10", padLeft)
	f.op("MOVQ BX, R11")
	f.op("MOVQ DX, R15")
	f.label("pair")
	f.op("CMPQ R15, $16")
	f.op("JLT rest")
	f.op("VMOVUPS (R11), Y1")
	f.op("VMOVUPS 32(R11), Y2")
	f.dealPair()
	f.op("ADDQ $32, R10")
	f.op("ADDQ $64, R11")
	f.op("SUBQ $16, R15")
	f.op("JMP pair")
	f.label("rest")
	f.op("CMPQ R15, $8")
	f.op("JLT short")
	f.op("VMOVUPS (R11), Y1")
	f.op("VXORPS Y2, Y2, Y2")
	f.op("CMPQ R15, $8")
	f.op("JE last")
	f.restLoad(avx2, "32(R11)", 2)
	f.op("JMP last")
	f.label("short")
	f.op("TESTQ R15, R15")
	f.op("JZ next")
	f.op("VXORPS Y2, Y2, Y2")
	f.restLoad(avx2, "(R11)", 1)
	f.label("last")
	f.dealPair()
	f.endPad()
	return name
}

// dealPair stores the even lanes of registers 1 and 2 at R10 and the odd ones at R10 plus SI.
func (f *file) dealPair() {
	for i, lanes := range []string{"$0x88", "$0xDD"} {
		f.op("VSHUFPS %s, Y2, Y1, Y%d", lanes, 3+i)
		f.op("VPERMPD $0xD8, Y%d, Y%d", 3+i, 3+i)
	}
	f.op("VMOVUPS Y3, (R10)")
	f.op("VMOVUPS Y4, (R10)(SI*1)")
}
