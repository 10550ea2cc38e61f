package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// neon translates AVX2 kernels to arm64: a register of eight lanes is a pair of NEON's of four, Y3 for one V6 and V7, so
// what is laid out for AVX2 is laid out for NEON, and the two cannot drift apart. Most instructions become one for each
// half. Go's assembler lacks many of NEON's, which are written as words with their names behind them.
type neon struct {
	out   strings.Builder
	name  string // of the kernel
	used  int    // labels made up in it
	spare int    // a Y register that no other value needs where an operand in memory is loaded; −1 for none
}

// spares name, by the kernel's name, the register that stays free.
var spares = []struct {
	kernels string
	spare   int
}{
	{`^(norm|dot|stack|planes|adam)NEON`, -1}, {`^tile`, 0}, {`^winoOutput`, 4}, {`^(wino|normGrad)`, 14}, {`^(depth|deal|merge)`, 15},
	{`.`, 12},
}

// toNEON translates an assembly file and the declarations of its kernels.
func toNEON(asm, decl string) (string, string) {
	n := new(neon)
	var lines []string
	for _, line := range strings.Split(strings.ReplaceAll(asm, "AVX2", "NEON"), "\n") {
		lines = append(lines, strings.TrimSpace(line))
	}
	for i := 0; i < len(lines); i++ {
		i += n.line(lines[i], lines[i+1:])
	}
	return n.out.String(), strings.ReplaceAll(decl, "AVX2", "NEON")
}

// scales are the kernels in which a value for all lanes is only multiplied with what comes next.
var scales = regexp.MustCompile(`^(tile|planes|depth)`)

var textName = regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`)

// line translates one line and returns how many of those after it it has done, too.
func (n *neon) line(line string, after []string) (done int) {
	switch {
	case line == "" || strings.HasPrefix(line, "//") || line[0] == '#' || strings.HasPrefix(line, "DATA") || strings.HasPrefix(line, "GLOBL") ||
		strings.HasSuffix(line, ":"):
		n.out.WriteString(line + "\n")
		return 0
	case strings.HasPrefix(line, "TEXT"):
		n.name, n.used = textName.FindStringSubmatch(line)[1], 0
		for _, s := range spares {
			if regexp.MustCompile(s.kernels).MatchString(n.name) {
				n.spare = s.spare
				break
			}
		}
		n.out.WriteString(line + "\n")
		for _, l := range after {
			if strings.HasPrefix(l, "TEXT") {
				break
			}
			if strings.Contains(l, "constants<>") {
				n.op("MOVD $constants<>(SB), %s", constantBase)
				break
			}
		}
		return 0
	}
	op, args := split(line)
	if op == "VBROADCASTSS" && scales.MatchString(n.name) {
		if done := n.scaled(args, after); done > 0 {
			return done
		}
	}
	switch {
	case op[0] == 'J':
		n.op("%s %s", jumps[op], args[0])
	case op[0] == 'V':
		n.vector(op, args)
	default:
		n.integer(op, args, strings.HasPrefix(after[0], "J") && !strings.HasPrefix(after[0], "JMP"))
	}
	return 0
}

func split(line string) (op string, args []string) {
	op, rest, _ := strings.Cut(line, " ")
	if rest != "" {
		args = strings.Split(rest, ", ")
	}
	return op, args
}

func (n *neon) op(format string, args ...any) { fmt.Fprintf(&n.out, "\t"+format+"\n", args...) }

// Registers: those of AVX2's text, and some for addresses and values in between.
var registers = map[string]string{"DI": "R0", "AX": "R1", "BX": "R2", "CX": "R3", "DX": "R4", "SI": "R5", "R8": "R6", "R9": "R7", "R10": "R8",
	"R11": "R9", "R12": "R10", "R13": "R11", "R14": "R12", "R15": "R13"}

const addressTmp, valueTmp, constantBase = "R14", "R15", "R19"

var jumps = map[string]string{"JMP": "JMP", "JZ": "BEQ", "JE": "BEQ", "JNZ": "BNE", "JNE": "BNE", "JLT": "BLT", "JLE": "BLE"}

var memoryOperand = regexp.MustCompile(`^(-?\d+)?\((\w+)\)(?:\((\w+)\*(\d)\))?$`)

// address returns a register and an offset that stand for a memory operand, at most most bytes of it in steps of step.
func (n *neon) address(arg string, step, most int) (base string, off int) {
	if strings.HasPrefix(arg, "constants<>+") {
		fmt.Sscanf(arg, "constants<>+%d(SB)", &off)
		base = constantBase
	} else {
		m := memoryOperand.FindStringSubmatch(arg)
		if m == nil {
			panic("memory operand " + arg)
		}
		off, _ = strconv.Atoi(m[1])
		base = registers[m[2]]
		if m[3] != "" {
			n.op("ADD %s, %s, %s", shifted(registers[m[3]], m[4]), base, addressTmp)
			base = addressTmp
		}
	}
	if off%step != 0 || off < 0 || off > most {
		n.op("ADD $%d, %s, %s", off, base, addressTmp)
		return addressTmp, 0
	}
	return base, off
}

// shifted is a register times 1, 2, 4 or 8.
func shifted(reg, scale string) string {
	if scale == "1" {
		return reg
	}
	return fmt.Sprintf("%s<<%d", reg, map[string]int{"2": 1, "4": 2, "8": 3}[scale])
}

// pointer returns a register that holds the address of a memory operand.
func (n *neon) pointer(arg string) string {
	base, _ := n.address(arg, 1, 0)
	return base
}

// integer translates an instruction on general registers; flags are set for the jump after it, if there is one.
func (n *neon) integer(op string, a []string, flags bool) {
	switch op {
	case "RET":
		n.op("RET")
	case "PAUSE":
		n.op("YIELD")
	case "MOVQ", "MOVL", "MOVLQSX":
		n.op("%s %s, %s", map[string]string{"MOVQ": "MOVD", "MOVL": "MOVWU", "MOVLQSX": "MOVW"}[op], n.place(a[0]), n.place(a[1]))
	case "LEAQ":
		n.lea(a)
	case "PREFETCHT0":
		n.op("PRFM (%s), PLDL1KEEP", n.pointer(a[0]))
	case "XORQ":
		n.op("MOVD $0, %s", registers[a[1]])
	case "CMPQ":
		n.op("CMP %s, %s", n.source(a[1]), n.source(a[0]))
	case "TESTQ":
		if a[0] == a[1] {
			n.op("CMP $0, %s", n.source(a[0]))
			return
		}
		n.op("TST %s, %s", a[0], n.source(a[1]))
	case "CMOVQLT":
		n.op("CSEL LT, %s, %s, %s", registers[a[0]], registers[a[1]], registers[a[1]])
	case "DECQ":
		n.arithmetic("SUB", "$1", a[0], flags)
	case "ADDQ", "SUBQ", "ANDQ", "SHLQ", "SHRQ":
		name := map[string]string{"ADDQ": "ADD", "SUBQ": "SUB", "ANDQ": "AND", "SHLQ": "LSL", "SHRQ": "LSR"}[op]
		n.arithmetic(name, n.source(a[0]), a[1], flags)
	default:
		panic("unknown instruction " + op)
	}
}

// arithmetic applies an instruction to a register or a place in memory.
func (n *neon) arithmetic(name, by, dst string, flags bool) {
	reg, inMemory := registers[dst], memory(dst)
	if inMemory {
		reg = addressTmp
		n.op("MOVD %s, %s", n.place(dst), reg)
	}
	flagged := flags && (name == "ADD" || name == "SUB" || name == "AND")
	if flagged {
		name += "S"
	}
	n.op("%s %s, %s, %s", name, by, reg, reg)
	if inMemory {
		n.op("MOVD %s, %s", reg, n.place(dst))
	}
	if flags && !flagged {
		n.op("CMP $0, %s", reg)
	}
}

func memory(arg string) bool { return strings.HasSuffix(arg, ")") && !strings.HasSuffix(arg, "(FP)") }

// place is an operand of a move: a register, a number, or memory, with an index added up before.
func (n *neon) place(arg string) string {
	switch {
	case registers[arg] != "":
		return registers[arg]
	case !memory(arg) || strings.HasSuffix(arg, "(SP)"):
		return arg
	}
	base, off := n.address(arg, 1, 4000)
	return fmt.Sprintf("%d(%s)", off, base)
}

// source is a register or number with the operand's value.
func (n *neon) source(arg string) string {
	if registers[arg] != "" || arg[0] == '$' {
		return n.place(arg)
	}
	n.op("MOVD %s, %s", n.place(arg), valueTmp)
	return valueTmp
}

// lea computes an address.
func (n *neon) lea(a []string) {
	dst := registers[a[1]]
	if strings.HasSuffix(a[0], "(SB)") {
		n.op("MOVD $%s, %s", a[0], dst)
		return
	}
	m := memoryOperand.FindStringSubmatch(a[0])
	n.op("ADD %s, %s, %s", shifted(registers[m[3]], m[4]), registers[m[2]], dst)
}

// word writes an instruction with registers d, a and b in their usual places.
func (n *neon) word(code uint32, name string, d, a, b int) {
	n.op("WORD $0x%08x // %s %d, %d, %d", code|uint32(b)<<16|uint32(a)<<5|uint32(d), name, d, a, b)
}

func (n *neon) move(d, a int) {
	if d != a {
		n.word(0x4ea01c00, "MOV", d, a, a)
	}
}

// halves calls f for the two registers of a Y register, or for the first of an X register.
func halves(arg string, f func(half int)) {
	f(0)
	if arg[0] == 'Y' {
		f(1)
	}
}

// reg is the register that holds a half of an X or Y register.
func reg(arg string, half int) int {
	i, err := strconv.Atoi(arg[1:])
	if err != nil || arg[0] != 'X' && arg[0] != 'Y' {
		panic("not a vector register: " + arg)
	}
	return 2*i + half
}

// temporary is the register that the kernel spares.
func (n *neon) temporary() int {
	if n.spare < 0 {
		panic(n.name + ": no register to spare")
	}
	return 2 * n.spare
}
