package hlo

import (
	"fmt"
	"slices"
	"strings"
)

// DType is an element type in StableHLO's spelling.
type DType string

// The element types in use.
const (
	F32  DType = "f32"
	F64  DType = "f64"
	BF16 DType = "bf16"
	I32  DType = "i32"
	U8   DType = "ui8"
	Bool DType = "i1"
)

// Bytes is the size of one element in memory.
func (d DType) Bytes() int {
	switch d {
	case F64:
		return 8
	case F32, I32:
		return 4
	case BF16:
		return 2
	}
	return 1
}

// Float tells whether the elements are floating-point numbers.
func (d DType) Float() bool { return d == F32 || d == F64 || d == BF16 }

// Type is the type of a tensor; a scalar has no dimensions.
type Type struct {
	DType DType
	Dims  []int
}

// Of is the type of a tensor of the given dimensions.
func Of(d DType, dims ...int) Type { return Type{d, slices.Clone(dims)} }

// Size is the number of elements.
func (t Type) Size() int {
	n := 1
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// Bytes is the memory that the elements take.
func (t Type) Bytes() int { return t.Size() * t.DType.Bytes() }

// Rank is the number of dimensions.
func (t Type) Rank() int { return len(t.Dims) }

// Equal tells whether two types are the same.
func (t Type) Equal(o Type) bool { return t.DType == o.DType && slices.Equal(t.Dims, o.Dims) }

// String is the type as MLIR writes it, tensor<2x3xf32>.
func (t Type) String() string {
	var b strings.Builder
	b.WriteString("tensor<")
	for _, d := range t.Dims {
		fmt.Fprintf(&b, "%dx", d)
	}
	b.WriteString(string(t.DType))
	b.WriteString(">")
	return b.String()
}
