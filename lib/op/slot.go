package op

import (
	"errors"
	"fmt"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// slot is where one node's value is.
type slot struct {
	node   *G.Node
	shape  tensor.Shape
	dtype  tensor.Dtype
	scalar bool
	kept   bool // until the next run
	// value is what Gorgonia's ops see: a *tensor.Dense, or a pointer such as *G.F32 for a scalar.
	value G.Value
	// dense is the value as a tensor in any case.
	dense *tensor.Dense
	// f32 or f64 is the value's memory, in row-major order.
	f32 []float32
	f64 []float64
}

func newSlot(n *G.Node) *slot {
	return &slot{node: n, shape: n.Shape(), dtype: n.Dtype(), scalar: n.IsScalar()}
}

// own32 and own64 give the slot a buffer for its value.
func (s *slot) own32(buffer []float32) {
	s.f32, s.dense = buffer, tensor.New(tensor.WithShape(s.shape...), tensor.WithBacking(buffer))
	s.value = s.dense
	if s.scalar {
		s.value = (*G.F32)(unsafe.Pointer(&buffer[0]))
	}
}

func (s *slot) own64(buffer []float64) {
	s.f64, s.dense = buffer, tensor.New(tensor.WithShape(s.shape...), tensor.WithBacking(buffer))
	s.value = s.dense
	if s.scalar {
		s.value = (*G.F64)(unsafe.Pointer(&buffer[0]))
	}
}

// load takes the value that is bound to a leaf.
func (s *slot) load() error {
	v := s.node.Value()
	if v == nil {
		return errors.New("no value is bound (see G.Let)")
	}
	if v.Dtype() != s.dtype {
		return fmt.Errorf("the bound value is %v, the node %v", v.Dtype(), s.dtype)
	}
	if v.Shape().TotalSize() != s.shape.TotalSize() || !s.scalar && !v.Shape().Eq(s.shape) {
		return fmt.Errorf("the bound value is %s, the node %s", shapeText(v.Shape()), shapeText(s.shape))
	}
	switch s.dtype {
	case tensor.Float32:
		return loadFloats(s, v, &s.f32, s.own32)
	case tensor.Float64:
		return loadFloats(s, v, &s.f64, s.own64)
	}
	return s.keep(v)
}

// loadFloats shares the memory of a row-major tensor and copies any other value.
func loadFloats[T Float](s *slot, v G.Value, data *[]T, own func([]T)) error {
	if d, ok := v.(*tensor.Dense); ok && !s.scalar && rowMajor(d) {
		*data, s.dense, s.value = denseData[T](d), d, d
		return nil
	}
	a, err := arrayOf[T](v)
	if err != nil {
		return err
	}
	if !s.scalar {
		own(a.Data) // a fresh copy
		return nil
	}
	if s.dense == nil {
		own(make([]T, 1))
	}
	copy(*data, a.Data)
	return nil
}

// keep remembers a value that is not of a float type.
func (s *slot) keep(v G.Value) error {
	s.value = v
	s.dense, _ = v.(*tensor.Dense)
	if s.dense == nil {
		s.dense = tensor.New(tensor.FromScalar(v.Data()))
	}
	return nil
}

// store copies what a Gorgonia op returned into the slot's buffer.
func (s *slot) store(v G.Value) error {
	switch {
	case v == nil:
		return errors.New("the op returned no value")
	case s.f32 != nil:
		return storeFloats(s.f32, v)
	case s.f64 != nil:
		return storeFloats(s.f64, v)
	}
	c, err := G.CloneValue(v)
	if err != nil {
		return err
	}
	return s.keep(c)
}

func storeFloats[T Float](buffer []T, v G.Value) error {
	a, err := arrayOf[T](v)
	if err != nil {
		return err
	}
	if len(a.Data) != len(buffer) {
		return fmt.Errorf("the op returned %s, which is not what it promised", shapeText(a.Shape))
	}
	copy(buffer, a.Data)
	return nil
}
