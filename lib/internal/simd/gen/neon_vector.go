package main

import (
	"fmt"
	"strings"
)

// A lanewise instruction of NEON: its name, its code without registers, and whether it adds to its destination.
type lanewise struct {
	name string
	code uint32
	adds bool
}

var (
	// with three operands, in Intel's order destination, a, b.
	lanewise3 = map[string]lanewise{
		"VADDPS": {"FADD.4S", 0x4e20d400, false}, "VSUBPS": {"FSUB.4S", 0x4ea0d400, false}, "VMULPS": {"FMUL.4S", 0x6e20dc00, false},
		"VDIVPS": {"FDIV.4S", 0x6e20fc00, false}, "VANDPS": {"AND", 0x4e201c00, false}, "VORPS": {"ORR", 0x4ea01c00, false},
		"VXORPS": {"EOR", 0x6e201c00, false}, "VPADDD": {"ADD.4S", 0x4ea08400, false}, "VPSUBD": {"SUB.4S", 0x6ea08400, false},
		// What is not a number stays so whichever operand it is; AVX2's kernels have it in the last one only.
		"VMINPS": {"FMIN.4S", 0x4ea0f400, false}, "VMAXPS": {"FMAX.4S", 0x4e20f400, false},
		"VFMADD231PS": {"FMLA.4S", 0x4e20cc00, true}, "VFNMADD231PS": {"FMLS.4S", 0x4ea0cc00, true},
		"VADDPD": {"FADD.2D", 0x4e60d400, false}, "VFMADD231PD": {"FMLA.2D", 0x4e60cc00, true},
		"VHADDPS": {"FADDP.4S", 0x6e20d400, false}, "VHADDPD": {"FADDP.2D", 0x6e60d400, false},
		"VUNPCKLPS": {"ZIP1.4S", 0x4e803800, false}, "VUNPCKHPS": {"ZIP2.4S", 0x4e807800, false},
		"VUNPCKLPD": {"ZIP1.2D", 0x4ec03800, false}, "VUNPCKHPD": {"ZIP2.2D", 0x4ec07800, false}, "VMOVLHPS": {"ZIP1.2D", 0x4ec03800, false},
	}
	// with two operands.
	lanewise2 = map[string]lanewise{
		"VSQRTPS": {"FSQRT.4S", 0x6ea1f800, false}, "VCVTPS2DQ": {"FCVTNS.4S", 0x4e21a800, false}, "VCVTDQ2PS": {"SCVTF.4S", 0x4e21d800, false},
		"VMOVAPS": {"", 0, false},
	}
	// with a number first.
	lanewiseNumber = map[string]lanewise{
		"VROUNDPS $8": {"FRINTN.4S", 0x4e218800, false}, "VPSLLD $23": {"SHL.4S 23", 0x4f375400, false},
		"VPSRAD $1": {"SSHR.4S 1", 0x4f3f0400, false}, "VPSRAD $23": {"SSHR.4S 23", 0x4f290400, false},
		"VSHUFPS $0x88": {"UZP1.4S", 0x4e801800, false}, "VSHUFPS $0xDD": {"UZP2.4S", 0x4e805800, false},
	}
	// comparisons of x with y, as y compares to x.
	comparisons = map[string]struct {
		lanewise
		swapped bool
	}{"$0": {lanewise{"FCMEQ.4S", 0x4e20e400, false}, false}, "$17": {lanewise{"FCMGT.4S", 0x6ea0e400, false}, true}, "$30": {lanewise{"FCMGT.4S", 0x6ea0e400, false}, false}}
)

// vector translates an instruction on vector registers.
func (n *neon) vector(op string, a []string) {
	dst := a[max(0, len(a)-1):]
	if l, ok := lanewise3[op]; ok {
		n.three(l, a)
		return
	}
	if l, ok := lanewise2[op]; ok {
		halves(a[1], func(h int) {
			if l.code == 0 {
				n.move(reg(a[1], h), reg(a[0], h))
			} else {
				n.word(l.code, l.name, reg(a[1], h), reg(a[0], h), 0)
			}
		})
		return
	}
	if len(a) > 0 {
		if l, ok := lanewiseNumber[op+" "+a[0]]; ok {
			halves(dst[0], func(h int) {
				b := 0
				if len(a) == 4 {
					b = reg(a[1], h)
				}
				n.word(l.code, l.name, reg(dst[0], h), reg(a[len(a)-2], h), b)
			})
			return
		}
	}
	switch op {
	case "VZEROUPPER":
	case "VMOVUPS":
		n.moveVector(a[0], a[1])
	case "VMOVSS", "VMOVSD", "VMOVLPS":
		n.moveScalar(map[byte]string{'S': "FMOVS", 'D': "FMOVD", 'P': "FMOVD"}[op[5]], a)
	case "VBROADCASTSS":
		n.broadcast(a[0], a[1])
	case "VFMADD213PS":
		n.mulAdd(a)
	case "VCMPPS":
		n.compare(a)
	case "VBLENDVPS":
		halves(a[3], func(h int) { // the mask is not needed any more
			n.word(0x6e601c00, "BSL", reg(a[0], h), reg(a[1], h), reg(a[2], h))
			n.move(reg(a[3], h), reg(a[0], h))
		})
	case "VMASKMOVPS":
		n.maskMove(a)
	case "VCVTPS2PD":
		n.load("FMOVQ", a[0], reg(a[1], 0))
		n.word(0x4e617800, "FCVTL2.2D", reg(a[1], 1), reg(a[1], 0), 0)
		n.word(0x0e617800, "FCVTL.2D", reg(a[1], 0), reg(a[1], 0), 0)
	default:
		n.shuffle(op, a)
	}
}

// three translates an instruction with three operands, of which b may be in memory.
func (n *neon) three(l lanewise, args []string) {
	d, a, b := args[2], args[1], args[0]
	if !memory(b) {
		halves(d, func(h int) { n.word(l.code, l.name, reg(d, h), reg(a, h), reg(b, h)) })
		return
	}
	t := 0
	if l.adds || a == d {
		t = n.temporary()
	}
	constant := strings.HasPrefix(b, "constants")
	base, off := n.address(b, 16, 65520)
	halves(d, func(h int) {
		to := t
		if !l.adds && a != d {
			to = reg(d, h)
		}
		if h == 0 || to != t || !constant {
			n.op("FMOVQ %d(%s), F%d", off+16*h, base, to)
		}
		n.word(l.code, l.name, reg(d, h), reg(a, h), to)
	})
}

// load reads a scalar or a vector of four.
func (n *neon) load(name, from string, to int) {
	base, off := n.address(from, map[string]int{"FMOVS": 4, "FMOVD": 8, "FMOVQ": 16}[name], 4080)
	n.op("%s %d(%s), F%d", name, off, base, to)
}

func (n *neon) store(name string, from int, to string) {
	base, off := n.address(to, map[string]int{"FMOVS": 4, "FMOVD": 8, "FMOVQ": 16}[name], 4080)
	n.op("%s F%d, %d(%s)", name, from, off, base)
}

// moveVector copies eight lanes, or four of an X register.
func (n *neon) moveVector(from, to string) {
	switch {
	case memory(from) && to[0] == 'X':
		n.load("FMOVQ", from, reg(to, 0))
	case memory(to) && from[0] == 'X':
		n.store("FMOVQ", reg(from, 0), to)
	case memory(from):
		base, off := n.address(from, 16, 1008)
		n.op("FLDPQ %d(%s), (F%d, F%d)", off, base, reg(to, 0), reg(to, 1))
	case memory(to):
		base, off := n.address(to, 16, 1008)
		n.op("FSTPQ (F%d, F%d), %d(%s)", reg(from, 0), reg(from, 1), off, base)
	default:
		halves(to, func(h int) { n.move(reg(to, h), reg(from, h)) })
	}
}

func (n *neon) moveScalar(name string, a []string) {
	if memory(a[0]) {
		n.load(name, a[0], reg(a[1], 0))
		return
	}
	n.store(name, reg(a[0], 0), a[1])
}

var general = func() map[string]int {
	m := map[string]int{}
	for i := range 31 {
		m[fmt.Sprintf("R%d", i)] = i
	}
	return m
}()

// broadcast fills a register with one value.
func (n *neon) broadcast(from, to string) {
	n.word(0x4d40c800, "LD1R.4S", reg(to, 0), general[n.pointer(from)], 0)
	n.move(reg(to, 1), reg(to, 0))
}

// scaled translates a value for all lanes and the multiplications with it that follow: they take it from a scalar. It
// returns how many lines they are. The value is not used after them.
func (n *neon) scaled(a []string, after []string) (done int) {
	for done < len(after) {
		op, m := split(after[done])
		if op != "VFMADD231PS" || m[0] != a[1] && (m[1] != a[1] || !memory(m[0])) {
			break
		}
		done++
	}
	if done == 0 {
		return 0
	}
	value := reg(a[1], 0)
	if m := memoryOperand.FindStringSubmatch(a[0]); m[1] == "" && (m[4] == "1" || m[4] == "4") {
		n.op("FMOVS (%s)(%s), F%d", registers[m[2]], shifted(registers[m[3]], m[4]), value)
	} else {
		n.load("FMOVS", a[0], value)
	}
	for _, line := range after[:done] {
		_, m := split(line)
		by := m[1]
		if memory(m[0]) {
			by = fmt.Sprintf("Y%d", n.temporary()/2)
			n.moveVector(m[0], by)
		}
		halves(m[2], func(h int) { n.word(0x4f801000, "FMLA.4S by element", reg(m[2], h), reg(by, h), value) })
	}
	return done
}

// mulAdd sets d = d·a + b.
func (n *neon) mulAdd(args []string) {
	d, a, b := args[2], args[1], args[0]
	if n.spare < 0 {
		halves(d, func(h int) {
			n.word(0x6e20dc00, "FMUL.4S", reg(d, h), reg(d, h), reg(a, h))
			n.word(0x4e20d400, "FADD.4S", reg(d, h), reg(d, h), reg(b, h))
		})
		return
	}
	t := n.temporary()
	halves(d, func(h int) {
		if memory(b) {
			n.load("FMOVQ", b, t)
		} else {
			n.move(t, reg(b, h))
		}
		n.word(0x4e20cc00, "FMLA.4S", t, reg(d, h), reg(a, h))
		n.move(reg(d, h), t)
	})
}

// compare sets the lanes of d to ones where x compares to y.
func (n *neon) compare(a []string) {
	c, y, x, d := comparisons[a[0]], a[1], a[2], a[3]
	if memory(y) {
		n.moveVector(y, d)
		y = d
	}
	halves(d, func(h int) {
		first, second := reg(x, h), reg(y, h)
		if c.swapped {
			first, second = second, first
		}
		n.word(c.code, c.name, reg(d, h), first, second)
	})
}

// maskMove loads or stores the lanes of a mask, which are the first ones. A load may have the mask as its destination: the
// words of the lanes that are not loaded are the zeros they should be.
func (n *neon) maskMove(a []string) {
	mask, code, name, v, at := a[1], uint32(0x0ddf8000), "LD1", a[2], a[0]
	if memory(a[2]) {
		code, name, v, at = 0x0d9f8000, "ST1", a[0], a[2]
	} else if mask != v {
		halves(v, func(h int) { n.word(0x6e201c00, "EOR", reg(v, h), reg(v, h), reg(v, h)) })
	}
	p := n.pointer(at)
	if p != addressTmp {
		n.op("MOVD %s, %s", p, addressTmp)
	}
	n.used++
	end := fmt.Sprintf("masked%d", n.used)
	for i := range 8 {
		n.op("VMOV V%d.S[%d], %s", reg(mask, i/4), i%4, valueTmp)
		n.op("CBZW %s, %s", valueTmp, end)
		n.word(code|lane(i%4), fmt.Sprintf("%s.S[%d], advancing", name, i%4), reg(v, i/4), general[addressTmp], 0)
	}
	n.out.WriteString(end + ":\n")
}

// lane is the number of a lane of four in the code of a load or store of one.
func lane(i int) uint32 { return uint32(i>>1)<<30 | uint32(i&1)<<12 }

// shuffle translates what moves lanes about.
func (n *neon) shuffle(op string, a []string) {
	switch op {
	case "VPERM2F128": // low or high halves of a[2] and a[1]; the destination is neither
		h := map[string]int{"$0x20": 0, "$0x31": 1}[a[0]]
		n.move(reg(a[3], 0), reg(a[2], h))
		n.move(reg(a[3], 1), reg(a[1], h))
	case "VPERMPD": // quarters 0, 2, 1, 3
		if memory(a[1]) {
			n.moveVector(a[1], a[2])
			a[1] = a[2]
		}
		t := n.temporary()
		n.word(0x4ec07800, "ZIP2.2D", t, reg(a[1], 0), reg(a[1], 1))
		n.word(0x4ec03800, "ZIP1.2D", reg(a[2], 0), reg(a[1], 0), reg(a[1], 1))
		n.move(reg(a[2], 1), t)
	case "VEXTRACTF128":
		if memory(a[2]) {
			n.store("FMOVQ", reg(a[1], 1), a[2])
			return
		}
		n.move(reg(a[2], 0), reg(a[1], 1))
	case "VINSERTF128":
		n.move(reg(a[3], 0), reg(a[2], 0))
		if memory(a[1]) {
			n.load("FMOVQ", a[1], reg(a[3], 1))
			return
		}
		n.move(reg(a[3], 1), reg(a[1], 0))
	case "VINSERTPS":
		i := map[string]int{"$16": 1, "$32": 2, "$48": 3}[a[0]]
		n.word(0x0d408000|lane(i), fmt.Sprintf("LD1.S[%d]", i), reg(a[3], 0), general[n.pointer(a[1])], 0)
	case "VEXTRACTPS":
		n.word(0x0d008000|lane(2), "ST1.S[2]", reg(a[1], 0), general[n.pointer(a[2])], 0)
	default:
		panic("unknown instruction " + op + " " + strings.Join(a, ", "))
	}
}
