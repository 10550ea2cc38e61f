package hot

import (
	"go/token"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// binary is x op y.
func (c *compiler) binary(in *ssa.BinOp) bool {
	if !isNumber(in.X.Type()) || !isNumber(in.Y.Type()) {
		return false
	}
	k, x, y := kindOf(in.X.Type()), c.operand(in.X), c.operand(in.Y)
	to := c.slotOf(in)
	switch {
	case in.Op == token.SHL || in.Op == token.SHR:
		return c.shift(in, to, c.inSlot(x), y)
	case k == reflect.Bool:
		c.do(compareBools(in.Op, to, c.inSlot(x), c.inSlot(y)))
		return true
	case isComparison(in.Op):
		tok, x, y := c.constantRight(in.Op, x, y)
		c.do(byKind(k, compare[int8], compare[int16], compare[int32], compare[int64],
			compare[uint8], compare[uint16], compare[uint32], compare[uint64], compare[float32], compare[float64])(tok, to, x, y))
		return true
	}
	x, y = c.constantSecond(in.Op, x, y)
	pc := c.pcs[in]
	switch {
	case k == reflect.Float32:
		c.do(arithmetic[float32](in.Op, to, x.slot, y))
	case k == reflect.Float64:
		c.do(arithmetic[float64](in.Op, to, x.slot, y))
	case in.Op == token.ADD || in.Op == token.SUB || in.Op == token.MUL:
		c.do(byIntegerKind(k, arithmetic[int8], arithmetic[int16], arithmetic[int32], arithmetic[int64],
			arithmetic[uint8], arithmetic[uint16], arithmetic[uint32], arithmetic[uint64])(in.Op, to, x.slot, y))
	case in.Op == token.QUO || in.Op == token.REM:
		c.do(byIntegerKind(k, divide[int8], divide[int16], divide[int32], divide[int64],
			divide[uint8], divide[uint16], divide[uint32], divide[uint64])(in.Op, to, x.slot, y, pc))
	default:
		c.do(byIntegerKind(k, bitwise[int8], bitwise[int16], bitwise[int32], bitwise[int64],
			bitwise[uint8], bitwise[uint16], bitwise[uint32], bitwise[uint64])(in.Op, to, x.slot, y))
	}
	return true
}

// constantRight has a constant only on the right side of a comparison.
func (c *compiler) constantRight(tok token.Token, x, y operand) (token.Token, slot, operand) {
	if x.constant && !y.constant {
		return mirrored[tok], y.slot, x
	}
	return tok, c.inSlot(x), y
}

var mirrored = map[token.Token]token.Token{
	token.EQL: token.EQL, token.NEQ: token.NEQ, token.LSS: token.GTR, token.LEQ: token.GEQ, token.GTR: token.LSS, token.GEQ: token.LEQ,
}

// constantSecond has a constant only as the second operand.
func (c *compiler) constantSecond(tok token.Token, x, y operand) (operand, operand) {
	switch tok {
	case token.ADD, token.MUL, token.AND, token.OR, token.XOR:
		if x.constant {
			x, y = y, x
		}
	}
	return operand{slot: c.inSlot(x)}, y
}

func byIntegerKind[F any](k reflect.Kind, i8, i16, i32, i64, u8, u16, u32, u64 F) F {
	return byKind(k, i8, i16, i32, i64, u8, u16, u32, u64, u64, u64)
}

// value is a constant in its type.
func value[T any](o operand) T { return *(*T)(unsafe.Pointer(&o.bits)) }

// Each operator has closures of its own, with a constant and without: a common one would have to choose whenever it is
// executed.

func arithmetic[T number](tok token.Token, to, x slot, y operand) op {
	k, r := value[T](y), y.slot
	switch tok {
	case token.ADD:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) + k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) + *at[T](w, r) }
	case token.SUB:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) - k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) - *at[T](w, r) }
	case token.MUL:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) * k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) * *at[T](w, r) }
	default:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) / k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) / *at[T](w, r) }
	}
}

func bitwise[T integer](tok token.Token, to, x slot, y operand) op {
	k, r := value[T](y), y.slot
	switch tok {
	case token.AND:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) & k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) & *at[T](w, r) }
	case token.OR:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) | k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) | *at[T](w, r) }
	case token.XOR:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) ^ k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) ^ *at[T](w, r) }
	default:
		if y.constant {
			return func(w *window) { *at[T](w, to) = *at[T](w, x) &^ k }
		}
		return func(w *window) { *at[T](w, to) = *at[T](w, x) &^ *at[T](w, r) }
	}
}

// divide panics, as Go does, when y is 0.
func divide[T integer](tok token.Token, to, x slot, y operand, pc int) op {
	k, r := value[T](y), y.slot
	switch {
	case y.constant && k != 0 && tok == token.QUO:
		return func(w *window) { *at[T](w, to) = *at[T](w, x) / k }
	case y.constant && k != 0:
		return func(w *window) { *at[T](w, to) = *at[T](w, x) % k }
	case y.constant:
		return func(w *window) {
			w.place(pc)
			*at[T](w, to) = *at[T](w, x) / k
		}
	case tok == token.QUO:
		return func(w *window) {
			d := *at[T](w, r)
			if d == 0 {
				w.place(pc)
			}
			*at[T](w, to) = *at[T](w, x) / d
		}
	default:
		return func(w *window) {
			d := *at[T](w, r)
			if d == 0 {
				w.place(pc)
			}
			*at[T](w, to) = *at[T](w, x) % d
		}
	}
}

func compare[T number](tok token.Token, to, x slot, y operand) op {
	k, r := value[T](y), y.slot
	switch tok {
	case token.EQL:
		if y.constant {
			return func(w *window) { *at[bool](w, to) = *at[T](w, x) == k }
		}
		return func(w *window) { *at[bool](w, to) = *at[T](w, x) == *at[T](w, r) }
	case token.NEQ:
		if y.constant {
			return func(w *window) { *at[bool](w, to) = *at[T](w, x) != k }
		}
		return func(w *window) { *at[bool](w, to) = *at[T](w, x) != *at[T](w, r) }
	case token.LSS:
		if y.constant {
			return func(w *window) { *at[bool](w, to) = *at[T](w, x) < k }
		}
		return func(w *window) { *at[bool](w, to) = *at[T](w, x) < *at[T](w, r) }
	case token.LEQ:
		if y.constant {
			return func(w *window) { *at[bool](w, to) = *at[T](w, x) <= k }
		}
		return func(w *window) { *at[bool](w, to) = *at[T](w, x) <= *at[T](w, r) }
	case token.GTR:
		if y.constant {
			return func(w *window) { *at[bool](w, to) = *at[T](w, x) > k }
		}
		return func(w *window) { *at[bool](w, to) = *at[T](w, x) > *at[T](w, r) }
	default:
		if y.constant {
			return func(w *window) { *at[bool](w, to) = *at[T](w, x) >= k }
		}
		return func(w *window) { *at[bool](w, to) = *at[T](w, x) >= *at[T](w, r) }
	}
}

// compareAndBranch chooses the next block by a comparison.
func (c *compiler) compareAndBranch(in *ssa.BinOp, yes, no *block) func(*window) *block {
	tok, x, y := c.constantRight(in.Op, c.operand(in.X), c.operand(in.Y))
	return byKind(kindOf(in.X.Type()), branch[int8], branch[int16], branch[int32], branch[int64],
		branch[uint8], branch[uint16], branch[uint32], branch[uint64], branch[float32], branch[float64])(tok, x, y, yes, no)
}

func branch[T number](tok token.Token, x slot, y operand, yes, no *block) func(*window) *block {
	k, r := value[T](y), y.slot
	switch tok {
	case token.EQL:
		if y.constant {
			return func(w *window) *block {
				if *at[T](w, x) == k {
					return yes
				}
				return no
			}
		}
		return func(w *window) *block {
			if *at[T](w, x) == *at[T](w, r) {
				return yes
			}
			return no
		}
	case token.NEQ:
		if y.constant {
			return func(w *window) *block {
				if *at[T](w, x) != k {
					return yes
				}
				return no
			}
		}
		return func(w *window) *block {
			if *at[T](w, x) != *at[T](w, r) {
				return yes
			}
			return no
		}
	case token.LSS:
		if y.constant {
			return func(w *window) *block {
				if *at[T](w, x) < k {
					return yes
				}
				return no
			}
		}
		return func(w *window) *block {
			if *at[T](w, x) < *at[T](w, r) {
				return yes
			}
			return no
		}
	case token.LEQ:
		if y.constant {
			return func(w *window) *block {
				if *at[T](w, x) <= k {
					return yes
				}
				return no
			}
		}
		return func(w *window) *block {
			if *at[T](w, x) <= *at[T](w, r) {
				return yes
			}
			return no
		}
	case token.GTR:
		if y.constant {
			return func(w *window) *block {
				if *at[T](w, x) > k {
					return yes
				}
				return no
			}
		}
		return func(w *window) *block {
			if *at[T](w, x) > *at[T](w, r) {
				return yes
			}
			return no
		}
	default:
		if y.constant {
			return func(w *window) *block {
				if *at[T](w, x) >= k {
					return yes
				}
				return no
			}
		}
		return func(w *window) *block {
			if *at[T](w, x) >= *at[T](w, r) {
				return yes
			}
			return no
		}
	}
}

func compareBools(tok token.Token, to, x, y slot) op {
	if tok == token.EQL {
		return func(w *window) { *at[bool](w, to) = *at[bool](w, x) == *at[bool](w, y) }
	}
	return func(w *window) { *at[bool](w, to) = *at[bool](w, x) != *at[bool](w, y) }
}

// shift is x << y or x >> y.
func (c *compiler) shift(in *ssa.BinOp, to, x slot, y operand) bool {
	k := kindOf(in.X.Type())
	if n, ok := in.Y.(*ssa.Const); ok {
		c.do(byIntegerKind(k, shiftBy[int8], shiftBy[int16], shiftBy[int32], shiftBy[int64],
			shiftBy[uint8], shiftBy[uint16], shiftBy[uint32], shiftBy[uint64])(in.Op, to, x, n.Uint64()))
		return true
	}
	count := readInt(kindOf(in.Y.Type()), y.slot)
	if kindOf(in.Y.Type()) == reflect.Uint64 { // more than an int can hold is as much as the largest
		count = func(w *window) int { return int(min(*at[uint64](w, y.slot), 64)) }
	}
	c.do(byIntegerKind(k, shift[int8], shift[int16], shift[int32], shift[int64],
		shift[uint8], shift[uint16], shift[uint32], shift[uint64])(in.Op, to, x, count, c.pcs[in]))
	return true
}

func shiftBy[T integer](tok token.Token, to, x slot, n uint64) op {
	if tok == token.SHL {
		return func(w *window) { *at[T](w, to) = *at[T](w, x) << n }
	}
	return func(w *window) { *at[T](w, to) = *at[T](w, x) >> n }
}

// shift panics, as Go does, when the count is negative.
func shift[T integer](tok token.Token, to, x slot, count func(*window) int, pc int) op {
	return func(w *window) {
		n := count(w)
		if n < 0 {
			w.place(pc)
		}
		if tok == token.SHL {
			*at[T](w, to) = *at[T](w, x) << n
		} else {
			*at[T](w, to) = *at[T](w, x) >> n
		}
	}
}

// unary is -x, ^x, !x or *x.
func (c *compiler) unary(in *ssa.UnOp) bool {
	if in.Op == token.MUL {
		return c.loadNumber(in)
	}
	if in.Op == token.ARROW || !isNumber(in.X.Type()) {
		return false
	}
	k, x, to := kindOf(in.X.Type()), c.inSlot(c.operand(in.X)), c.slotOf(in)
	switch in.Op {
	case token.NOT:
		c.do(func(w *window) { *at[bool](w, to) = !*at[bool](w, x) })
	case token.XOR:
		c.do(byIntegerKind(k, complement[int8], complement[int16], complement[int32], complement[int64],
			complement[uint8], complement[uint16], complement[uint32], complement[uint64])(to, x))
	default:
		c.do(byKind(k, negate[int8], negate[int16], negate[int32], negate[int64],
			negate[uint8], negate[uint16], negate[uint32], negate[uint64], negate[float32], negate[float64])(to, x))
	}
	return true
}

func negate[T number](to, x slot) op { return func(w *window) { *at[T](w, to) = -*at[T](w, x) } }

func complement[T integer](to, x slot) op { return func(w *window) { *at[T](w, to) = ^*at[T](w, x) } }

// convert is T(x).
func (c *compiler) convert(in ssa.Value, x ssa.Value) bool {
	from, to := kindOf(x.Type()), kindOf(in.Type())
	if from == reflect.Invalid || to == reflect.Invalid {
		return false
	}
	s := c.inSlot(c.operand(x))
	if from == to {
		c.do(moveOne(move{c.slotOf(in), operand{slot: s}}))
		return true
	}
	c.do(byKind(to, convertTo[int8], convertTo[int16], convertTo[int32], convertTo[int64],
		convertTo[uint8], convertTo[uint16], convertTo[uint32], convertTo[uint64], convertTo[float32], convertTo[float64])(from, c.slotOf(in), s))
	return true
}

func convertTo[T number](from reflect.Kind, to, x slot) op {
	return byKind(from, convert[T, int8], convert[T, int16], convert[T, int32], convert[T, int64],
		convert[T, uint8], convert[T, uint16], convert[T, uint32], convert[T, uint64], convert[T, float32], convert[T, float64])(to, x)
}

func convert[T, F number](to, x slot) op {
	return func(w *window) { *at[T](w, to) = T(*at[F](w, x)) }
}
