package hlo

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Literal is the contents of a constant: one number for all elements, or one for each.
type Literal struct {
	Type
	Values []float64
}

// String is the literal as MLIR writes it, by its bits, so that no digit is lost.
func (l *Literal) String() string {
	if len(l.Values) == 1 {
		return fmt.Sprintf("dense<%s> : %v", scalarText(l.DType, l.Values[0]), l.Type)
	}
	var raw []byte
	for _, v := range l.Values {
		raw = appendBits(raw, l.DType, v)
	}
	return fmt.Sprintf("dense<\"0x%X\"> : %v", raw, l.Type)
}

// scalarText is one number: floats as the hexadecimal digits of their bits.
func scalarText(d DType, v float64) string {
	switch d {
	case F32:
		return fmt.Sprintf("0x%08X", math.Float32bits(float32(v)))
	case F64:
		return fmt.Sprintf("0x%016X", math.Float64bits(v))
	case BF16:
		return fmt.Sprintf("0x%04X", math.Float32bits(float32(v))>>16)
	case Bool:
		return fmt.Sprint(v != 0)
	}
	return fmt.Sprint(int(v))
}

func appendBits(raw []byte, d DType, v float64) []byte {
	switch d {
	case F32:
		return binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
	case F64:
		return binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	case I32:
		return binary.LittleEndian.AppendUint32(raw, uint32(int32(v)))
	}
	panic(fmt.Sprintf("hlo: no constant tensors of %s", d))
}

// Scalar is a constant without dimensions. Equal ones are one value.
func (f *Func) Scalar(d DType, v float64) *Value {
	key := string(d) + scalarText(d, v)
	if c := f.scalars[key]; c != nil {
		return c
	}
	c := f.add("constant", Of(d), nil, Attr{"value", &Literal{Of(d), []float64{v}}})
	f.scalars[key] = c
	return c
}

// Constant is a tensor of the given numbers in row-major order.
func (f *Func) Constant(t Type, v []float64) *Value {
	check(t.Size() == len(v), "a constant %v of %d numbers", t, len(v))
	if len(v) == 1 {
		return f.Reshape(f.Scalar(t.DType, v[0]), t.Dims...)
	}
	return f.add("constant", t, nil, Attr{"value", &Literal{t, slices.Clone(v)}})
}

// Splat is a tensor of one number everywhere.
func (f *Func) Splat(t Type, v float64) *Value {
	return f.Broadcast(f.Scalar(t.DType, v), t.Dims)
}

// Iota is a tensor whose elements are their index along an axis.
func (f *Func) Iota(t Type, axis int) *Value {
	return f.add("iota", t, nil, Attr{"iota_dimension", axis})
}
