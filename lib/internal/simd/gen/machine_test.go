package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unsafe"
)

// machine interprets the generated assembly, because a processor with AVX-512 is not always at hand. What it makes of the
// AVX2 kernels, which the tests of package simd run for real, shows that it understands the instructions.
type machine struct {
	code   map[string][]instruction // of each function
	labels map[string]map[string]int
	data   map[string][]byte

	reg          map[string]uint64
	vec          [32][16]uint32
	mask         [8]uint16
	stack        []byte
	zero, before bool // flags: the last result was 0; the last comparison was less
}

type instruction struct {
	op   string
	args []string
}

// load reads an assembly file.
func load(asm string) *machine {
	m := &machine{code: map[string][]instruction{}, labels: map[string]map[string]int{}, data: map[string][]byte{}, stack: make([]byte, 256)}
	current := ""
	for _, line := range strings.Split(asm, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "GLOBL"):
		case strings.HasPrefix(line, "DATA"):
			m.define(line)
		case strings.HasPrefix(line, "TEXT"):
			current = line[strings.Index(line, "·")+len("·") : strings.Index(line, "(SB)")]
			m.labels[current] = map[string]int{}
		case strings.HasSuffix(line, ":"):
			m.labels[current][strings.TrimSuffix(line, ":")] = len(m.code[current])
		default:
			op, rest, _ := strings.Cut(line, " ")
			var args []string
			if rest != "" {
				args = strings.Split(rest, ", ")
			}
			m.code[current] = append(m.code[current], instruction{op, args})
		}
	}
	return m
}

// define stores one DATA line, such as DATA masks<>+8(SB)/8, $-1.
func (m *machine) define(line string) {
	var off int
	name, rest, _ := strings.Cut(strings.TrimPrefix(line, "DATA "), "<>+")
	fmt.Sscanf(rest, "%d", &off)
	value := rest[strings.Index(rest, "$")+1:]
	word, err := strconv.ParseUint(value, 0, 64)
	if err != nil {
		signed, _ := strconv.ParseInt(value, 0, 64)
		word = uint64(signed)
	}
	for len(m.data[name]) < off+8 {
		m.data[name] = append(m.data[name], 0)
	}
	binary.LittleEndian.PutUint64(m.data[name][off:], word)
}

// call runs a function whose argument is the address of args.
func (m *machine) call(name string, args unsafe.Pointer) {
	code, labels := m.code[name], m.labels[name]
	if code == nil {
		panic("no function " + name)
	}
	m.reg = map[string]uint64{"p+0(FP)": uint64(uintptr(args))}
	for pc := 0; code[pc].op != "RET"; {
		in := code[pc]
		pc++
		taken := false
		switch in.op {
		case "JMP":
			taken = true
		case "JZ", "JE":
			taken = m.zero
		case "JNZ", "JNE":
			taken = !m.zero
		case "JLT":
			taken = m.before
		case "JLE":
			taken = m.before || m.zero
		default:
			m.step(in.op, in.args)
		}
		if taken {
			pc = labels[in.args[0]]
		}
	}
}

// address computes a memory operand, such as 8(AX)(R8*4), masks<>+32(SB) or count-16(SP).
func (m *machine) address(arg string) unsafe.Pointer {
	if name, rest, ok := strings.Cut(arg, "<>+"); ok {
		off, _ := strconv.Atoi(strings.TrimSuffix(rest, "(SB)"))
		return unsafe.Pointer(&m.data[name][off])
	}
	open := strings.Index(arg, "(")
	if strings.HasSuffix(arg, "(SP)") {
		off, _ := strconv.Atoi(arg[strings.Index(arg, "-"):open])
		return unsafe.Pointer(&m.stack[len(m.stack)+off])
	}
	off := 0
	if open > 0 {
		off, _ = strconv.Atoi(arg[:open])
	}
	at := uint64(off)
	for _, part := range strings.Split(strings.Trim(arg[open:], "()"), ")(") {
		name, scale, scaled := strings.Cut(part, "*")
		n := uint64(1)
		if scaled {
			n, _ = strconv.ParseUint(scale, 10, 64)
		}
		at += m.reg[name] * n
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&at))
}

// get and set are 64-bit operands.
func (m *machine) get(arg string) int64 {
	switch {
	case arg[0] == '$':
		n, err := strconv.ParseInt(arg[1:], 0, 64)
		if err != nil {
			panic(arg)
		}
		return n
	case memory(arg):
		return *(*int64)(m.address(arg))
	}
	return int64(m.reg[arg])
}

func (m *machine) set(arg string, v int64) {
	if memory(arg) {
		*(*int64)(m.address(arg)) = v
		return
	}
	m.reg[arg] = uint64(v)
}

// lanes is the number of words of a vector register.
func lanes(arg string) int {
	return map[byte]int{'X': 4, 'Y': 8, 'Z': 16}[arg[0]]
}

// words reads n words of a register or of memory.
func (m *machine) words(arg string, n int) (w [16]uint32) {
	if memory(arg) {
		at := m.address(arg)
		copy(w[:], unsafe.Slice((*uint32)(at), n))
		return w
	}
	i, _ := strconv.Atoi(arg[1:])
	copy(w[:n], m.vec[i][:n])
	return w
}

// put writes n words to a register, whose others become 0, or to memory.
func (m *machine) put(arg string, w [16]uint32, n int) {
	if memory(arg) {
		copy(unsafe.Slice((*uint32)(m.address(arg)), n), w[:n])
		return
	}
	i, _ := strconv.Atoi(arg[1:])
	m.vec[i] = [16]uint32{}
	copy(m.vec[i][:n], w[:n])
}

// step executes what is not a jump.
func (m *machine) step(op string, a []string) {
	switch op {
	case "VZEROUPPER", "PREFETCHT0":
	case "MOVQ":
		m.set(a[1], m.get(a[0]))
	case "MOVLQSX":
		m.set(a[1], int64(*(*int32)(m.address(a[0]))))
	case "MOVL":
		if memory(a[1]) {
			*(*int32)(m.address(a[1])) = int32(m.get(a[0]))
		} else {
			m.set(a[1], int64(*(*uint32)(m.address(a[0]))))
		}
	case "XORQ":
		m.set(a[1], m.get(a[1])^m.get(a[0]))
	case "LEAQ":
		m.set(a[1], int64(uintptr(m.address(a[0]))))
	case "CMPQ":
		x, y := m.get(a[0]), m.get(a[1])
		m.zero, m.before = x == y, x < y
	case "TESTQ":
		x := m.get(a[0]) & m.get(a[1])
		m.zero, m.before = x == 0, x < 0
	case "CMOVQLT":
		if m.before {
			m.set(a[1], m.get(a[0]))
		}
	case "ADDQ", "SUBQ", "ANDQ", "SHLQ", "SHRQ", "DECQ":
		m.integer(op, a)
	case "BZHIQ":
		m.set(a[2], m.get(a[1])&(1<<m.get(a[0])-1))
	case "KMOVW":
		m.mask[a[1][1]-'0'] = uint16(m.get(a[0]))
	default:
		m.vector(op, a)
	}
}

func (m *machine) integer(op string, a []string) {
	dst := a[len(a)-1]
	x := m.get(dst)
	switch op {
	case "ADDQ":
		x += m.get(a[0])
	case "SUBQ":
		x -= m.get(a[0])
	case "ANDQ":
		x &= m.get(a[0])
	case "SHLQ":
		x <<= m.get(a[0])
	case "SHRQ":
		x = int64(uint64(x) >> m.get(a[0]))
	case "DECQ":
		x--
	}
	m.set(dst, x)
	m.zero, m.before = x == 0, x < 0
}

// lanewise applies f to two operands lane by lane, in Intel's order: f(second to last, first), of which the first may be
// one word for all lanes.
func (m *machine) lanewise(a []string, f func(d, x, y uint32) uint32, broadcast bool) {
	dst := a[len(a)-1]
	n := lanes(dst)
	d := m.words(dst, n)
	var y [16]uint32
	if broadcast {
		y[0] = m.words(a[0], 1)[0]
		for i := range y {
			y[i] = y[0]
		}
	} else {
		y = m.words(a[0], n)
	}
	x := d
	if len(a) == 3 {
		x = m.words(a[1], n)
	}
	for i := range n {
		d[i] = f(d[i], x[i], y[i])
	}
	m.put(dst, d, n)
}

func floats(f func(x, y float32) float32) func(d, x, y uint32) uint32 {
	return func(_, x, y uint32) uint32 {
		return math.Float32bits(f(math.Float32frombits(x), math.Float32frombits(y)))
	}
}

func fused(f func(d, x, y float64) float64) func(d, x, y uint32) uint32 {
	wide := func(w uint32) float64 { return float64(math.Float32frombits(w)) }
	return func(d, x, y uint32) uint32 { return math.Float32bits(float32(f(wide(d), wide(x), wide(y)))) }
}

// arithmetic are the lane-by-lane instructions: d is the destination, x and y the operands in Intel's order.
var arithmetic = map[string]func(d, x, y uint32) uint32{
	"VADDPS": floats(func(x, y float32) float32 { return x + y }),
	"VSUBPS": floats(func(x, y float32) float32 { return x - y }),
	"VMULPS": floats(func(x, y float32) float32 { return x * y }),
	"VDIVPS": floats(func(x, y float32) float32 { return x / y }),
	"VMINPS": floats(func(x, y float32) float32 {
		if x < y {
			return x
		}
		return y
	}),
	"VMAXPS": floats(func(x, y float32) float32 {
		if x > y {
			return x
		}
		return y
	}),
	"VFMADD213PS":  fused(func(d, x, y float64) float64 { return math.FMA(d, x, y) }),
	"VFMADD231PS":  fused(func(d, x, y float64) float64 { return math.FMA(x, y, d) }),
	"VFNMADD231PS": fused(func(d, x, y float64) float64 { return math.FMA(-x, y, d) }),
	"VANDPS":       func(_, x, y uint32) uint32 { return x & y },
	"VORPS":        func(_, x, y uint32) uint32 { return x | y },
	"VXORPS":       func(_, x, y uint32) uint32 { return x ^ y },
	"VPXORQ":       func(_, x, y uint32) uint32 { return x ^ y },
	"VPADDD":       func(_, x, y uint32) uint32 { return x + y },
	"VPSUBD":       func(_, x, y uint32) uint32 { return x - y },
	"VSQRTPS":      floats(func(_, y float32) float32 { return float32(math.Sqrt(float64(y))) }),
	"VMOVAPS":      func(_, _, y uint32) uint32 { return y },
	"VCVTPS2DQ": func(_, _, y uint32) uint32 {
		return uint32(int32(math.RoundToEven(float64(math.Float32frombits(y)))))
	},
	"VCVTDQ2PS": func(_, _, y uint32) uint32 { return math.Float32bits(float32(int32(y))) },
}

func compare(imm string, x, y uint32) bool {
	a, b := math.Float32frombits(x), math.Float32frombits(y)
	switch imm {
	case "$0":
		return a == b
	case "$17":
		return a < b
	case "$30":
		return a > b
	}
	panic("comparison " + imm)
}

// vector executes the instructions on vector registers.
func (m *machine) vector(op string, a []string) {
	if f, ok := arithmetic[strings.TrimSuffix(op, ".BCST")]; ok {
		m.lanewise(a, f, strings.HasSuffix(op, ".BCST"))
		return
	}
	dst := a[len(a)-1]
	n := lanes(dst)
	switch op {
	case "VMOVUPS", "VMOVUPS.Z":
		m.move(a)
	case "VBROADCASTSS":
		w := m.words(a[0], 1)
		for i := range n {
			w[i] = w[0]
		}
		m.put(dst, w, n)
	case "VMASKMOVPS":
		m.maskMove(a)
	case "VROUNDPS", "VRNDSCALEPS":
		m.lanewise(a[1:], func(_, _, y uint32) uint32 {
			return math.Float32bits(float32(math.RoundToEven(float64(math.Float32frombits(y)))))
		}, false)
	case "VPSRAD":
		m.lanewise(a[1:], func(_, _, y uint32) uint32 { return uint32(int32(y) >> m.get(a[0])) }, false)
	case "VPSLLD":
		m.lanewise(a[1:], func(_, _, y uint32) uint32 { return y << m.get(a[0]) }, false)
	case "VCMPPS":
		m.compare(a)
	case "VBLENDVPS", "VBLENDMPS":
		m.blend(op, a)
	case "VHADDPS":
		x, y := m.words(a[1], n), m.words(a[0], n)
		sum := func(w [16]uint32, i int) uint32 {
			return math.Float32bits(math.Float32frombits(w[i]) + math.Float32frombits(w[i+1]))
		}
		var d [16]uint32
		for i := 0; i < n; i += 4 {
			d[i], d[i+1], d[i+2], d[i+3] = sum(x, i), sum(x, i+2), sum(y, i), sum(y, i+2)
		}
		m.put(dst, d, n)
	case "VEXTRACTF128", "VEXTRACTF64X4":
		n := map[string]int{"VEXTRACTF128": 4, "VEXTRACTF64X4": 8}[op]
		w := m.words(a[1], 2*n)
		copy(w[:], w[n:2*n])
		m.put(dst, w, n)
	case "VUNPCKLPS", "VUNPCKHPS", "VUNPCKLPD", "VUNPCKHPD":
		m.unpack(op, a)
	case "VINSERTF128", "VINSERTF64X4":
		n := map[string]int{"VINSERTF128": 4, "VINSERTF64X4": 8}[op]
		w, high := m.words(a[2], n), m.words(a[1], n)
		copy(w[n:2*n], high[:n])
		m.put(dst, w, 2*n)
	case "VPERM2F128", "VSHUFF32X4":
		m.quarters(op, a)
	case "VINSERTPS":
		w := m.words(a[2], 4)
		w[m.get(a[0])/16] = m.words(a[1], 1)[0]
		m.put(dst, w, 4)
	case "VMOVSD", "VMOVSS", "VMOVLPS":
		n := map[string]int{"VMOVSD": 2, "VMOVSS": 1, "VMOVLPS": 2}[op]
		m.put(dst, m.words(a[0], n), n)
	case "VMOVLHPS":
		x, y := m.words(a[1], 4), m.words(a[0], 4)
		x[2], x[3] = y[0], y[1]
		m.put(dst, x, 4)
	case "VEXTRACTPS":
		w := m.words(a[1], 4)
		m.put(dst, [16]uint32{w[m.get(a[0])]}, 1)
	default:
		panic("unknown instruction " + op + " " + strings.Join(a, ", "))
	}
}

// unpack interleaves the low or high halves of quarters, word by word or two by two.
func (m *machine) unpack(op string, a []string) {
	n := lanes(a[2])
	x, y := m.words(a[1], n), m.words(a[0], n)
	from, size := 0, 1
	if op[6] == 'H' {
		from = 2
	}
	if op[8] == 'D' {
		size = 2
	}
	var d [16]uint32
	for q := 0; q < n; q += 4 {
		for i := range 4 {
			at, word := q+from+i/(2*size)*size+i%size, x
			if i/size%2 != 0 {
				word = y
			}
			d[q+i] = word[at]
		}
	}
	m.put(a[2], d, n)
}

// quarters is VPERM2F128 $0x20 or $0x31, or VSHUFF32X4 $0x88 or $0xDD.
func (m *machine) quarters(op string, a []string) {
	n := lanes(a[3])
	x, y := m.words(a[2], n), m.words(a[1], n)
	h := map[string]int{"$0x20": 0, "$0x31": 1, "$0x88": 0, "$0xDD": 1}[a[0]]
	var d [16]uint32
	for q := range n / 8 {
		copy(d[4*q:4*q+4], x[8*q+4*h:])
		copy(d[n/2+4*q:n/2+4*q+4], y[8*q+4*h:])
	}
	m.put(a[3], d, n)
}

// move is VMOVUPS, whole or under a mask register: source, mask, destination.
func (m *machine) move(a []string) {
	n := max(lanes(a[0]), lanes(a[len(a)-1]))
	if len(a) == 2 {
		m.put(a[1], m.words(a[0], n), n)
		return
	}
	k := m.mask[a[1][1]-'0']
	for i := range n {
		if k>>i&1 == 0 {
			if !memory(a[2]) {
				r, _ := strconv.Atoi(a[2][1:])
				m.vec[r][i] = 0
			}
			continue
		}
		if memory(a[2]) {
			unsafe.Slice((*uint32)(m.address(a[2])), n)[i] = m.words(a[0], n)[i]
		} else {
			r, _ := strconv.Atoi(a[2][1:])
			m.vec[r][i] = unsafe.Slice((*uint32)(m.address(a[0])), n)[i]
		}
	}
}

// maskMove is AVX2's move of the lanes whose mask word is negative: source, mask, destination.
func (m *machine) maskMove(a []string) {
	k := m.words(a[1], 8)
	var w [16]uint32
	for i := range 8 {
		if int32(k[i]) >= 0 {
			continue
		}
		if memory(a[2]) {
			unsafe.Slice((*uint32)(m.address(a[2])), 8)[i] = m.words(a[0], 8)[i]
		} else {
			w[i] = unsafe.Slice((*uint32)(m.address(a[0])), 8)[i]
		}
	}
	if !memory(a[2]) {
		m.put(a[2], w, 8)
	}
}

// compare is VCMPPS to a mask register or to a vector of ones.
func (m *machine) compare(a []string) {
	n := lanes(a[2])
	x, y := m.words(a[2], n), m.words(a[1], n)
	var d [16]uint32
	k := uint16(0)
	for i := range n {
		if compare(a[0], x[i], y[i]) {
			d[i] = math.MaxUint32
			k |= 1 << i
		}
	}
	if a[3][0] == 'K' {
		m.mask[a[3][1]-'0'] = k
		return
	}
	m.put(a[3], d, n)
}

// blend is VBLENDVPS mask, yes, no, dst or VBLENDMPS yes, no, mask, dst.
func (m *machine) blend(op string, a []string) {
	n := lanes(a[3])
	if op == "VBLENDMPS" {
		yes, no, k := m.words(a[0], n), m.words(a[1], n), m.mask[a[2][1]-'0']
		for i := range n {
			if k>>i&1 != 0 {
				no[i] = yes[i]
			}
		}
		m.put(a[3], no, n)
		return
	}
	k, yes, no := m.words(a[0], n), m.words(a[1], n), m.words(a[2], n)
	for i := range n {
		if int32(k[i]) < 0 {
			no[i] = yes[i]
		}
	}
	m.put(a[3], no, n)
}
