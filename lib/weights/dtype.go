package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// dtype describes one element type: its bytes and how to read and write one element. Exactly one of the two pairs is set.
type dtype struct {
	name     string
	size     int
	float    func(b []byte) float32
	putFloat func(b []byte, v float32)
	int      func(b []byte) int64
	putInt   func(b []byte, v int64)
}

var le = binary.LittleEndian

// dtypes holds every type that files may use. U64 is read as int64, so values from 2⁶³ on come out negative and are
// written back as they were.
var dtypes = []*dtype{
	{name: "F64", size: 8,
		float:    func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) },
		putFloat: func(b []byte, v float32) { le.PutUint64(b, math.Float64bits(float64(v))) }},
	{name: "F32", size: 4,
		float:    func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) },
		putFloat: func(b []byte, v float32) { le.PutUint32(b, math.Float32bits(v)) }},
	{name: "F16", size: 2,
		float:    func(b []byte) float32 { return halfToFloat(le.Uint16(b)) },
		putFloat: func(b []byte, v float32) { le.PutUint16(b, floatToHalf(v)) }},
	{name: "BF16", size: 2,
		float:    func(b []byte) float32 { return math.Float32frombits(uint32(le.Uint16(b)) << 16) },
		putFloat: func(b []byte, v float32) { le.PutUint16(b, floatToBrain(v)) }},
	{name: "I64", size: 8,
		int:    func(b []byte) int64 { return int64(le.Uint64(b)) },
		putInt: func(b []byte, v int64) { le.PutUint64(b, uint64(v)) }},
	{name: "U64", size: 8,
		int:    func(b []byte) int64 { return int64(le.Uint64(b)) },
		putInt: func(b []byte, v int64) { le.PutUint64(b, uint64(v)) }},
	{name: "I32", size: 4,
		int:    func(b []byte) int64 { return int64(int32(le.Uint32(b))) },
		putInt: func(b []byte, v int64) { le.PutUint32(b, uint32(v)) }},
	{name: "U32", size: 4,
		int:    func(b []byte) int64 { return int64(le.Uint32(b)) },
		putInt: func(b []byte, v int64) { le.PutUint32(b, uint32(v)) }},
	{name: "I16", size: 2,
		int:    func(b []byte) int64 { return int64(int16(le.Uint16(b))) },
		putInt: func(b []byte, v int64) { le.PutUint16(b, uint16(v)) }},
	{name: "U16", size: 2,
		int:    func(b []byte) int64 { return int64(le.Uint16(b)) },
		putInt: func(b []byte, v int64) { le.PutUint16(b, uint16(v)) }},
	{name: "I8", size: 1,
		int:    func(b []byte) int64 { return int64(int8(b[0])) },
		putInt: func(b []byte, v int64) { b[0] = byte(v) }},
	{name: "U8", size: 1,
		int:    func(b []byte) int64 { return int64(b[0]) },
		putInt: func(b []byte, v int64) { b[0] = byte(v) }},
	{name: "BOOL", size: 1,
		int:    func(b []byte) int64 { return int64(min(b[0], 1)) },
		putInt: func(b []byte, v int64) { b[0] = byte(min(uint64(v), 1)) }},
}

// dtypeOf finds a type by its safetensors name; "" is F32.
func dtypeOf(name string) (*dtype, error) {
	if name == "" {
		name = "F32"
	}
	for _, d := range dtypes {
		if d.name == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("element type %q is not supported", name)
}

// decode reads len(raw)/size elements into the slice that the type belongs in.
func (d *dtype) decode(raw []byte) (floats []float32, ints []int64) {
	n := len(raw) / d.size
	if d.name == "F32" { // most of every file: without a call per element
		floats = make([]float32, n)
		for i := range floats {
			floats[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
		return floats, nil
	}
	if d.float != nil {
		floats = make([]float32, n)
		for i := range floats {
			floats[i] = d.float(raw[i*d.size:])
		}
		return floats, nil
	}
	ints = make([]int64, n)
	for i := range ints {
		ints[i] = d.int(raw[i*d.size:])
	}
	return nil, ints
}

// encode is decode's inverse; raw has room for all elements of t.
func (d *dtype) encode(raw []byte, t Tensor) {
	if d.float != nil {
		for i, v := range t.Data {
			d.putFloat(raw[i*d.size:], v)
		}
		return
	}
	for i, v := range t.Ints {
		d.putInt(raw[i*d.size:], v)
	}
}

// halfToFloat widens an IEEE 754 binary16; exact for every input.
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp := uint32(h>>10) & 31
	frac := uint32(h) & 1023
	switch exp {
	case 31: // infinity and NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case 0: // zero and subnormals: frac·2⁻²⁴
		v := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// floatToHalf rounds to the nearest binary16, ties to even.
func floatToHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits>>16) & 0x8000
	bits &= 0x7fffffff
	switch {
	case bits > 0x7f800000: // NaN stays a quiet NaN
		return sign | 0x7e00
	case bits >= 0x477ff000: // 65520 and above round to infinity
		return sign | 0x7c00
	case bits < 0x38800000: // below 2⁻¹⁴: subnormal, in units of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(bits))*0x1p24))
	}
	bits += 0xfff + bits>>13&1
	return sign | uint16(bits>>13-112<<10)
}

// floatToBrain rounds to the nearest bfloat16, ties to even.
func floatToBrain(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
