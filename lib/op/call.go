package op

import (
	"fmt"
	"unsafe"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Float is a type of values.
type Float interface{ float32 | float64 }

// Array is a dense row-major array. A scalar has an empty shape and one element.
type Array[T Float] struct {
	Shape []int
	Data  []T
}

// Call is one evaluation of a primitive: y = p(x...).
type Call[T Float] struct {
	Y Array[T]
	X []Array[T]
}

// Do computes the value into a new tensor or scalar.
func (o *Op) Do(in ...G.Value) (G.Value, error) {
	shapes := make([]tensor.Shape, len(in))
	for i, v := range in {
		shapes[i] = v.Shape()
	}
	if len(in) != len(o.in) {
		return nil, fmt.Errorf("op: %s: %d inputs, want %d", o.Primitive, len(in), len(o.in))
	}
	shape, err := o.Shape(shapes)
	if err != nil {
		return nil, fmt.Errorf("op: %s: %w", o.Primitive, err)
	}
	return o.UsePreallocDo(newValue(in[0].Dtype(), shape), in...)
}

// UsePreallocDo computes the value into y, which must have the result's shape and type.
func (o *Op) UsePreallocDo(y G.Value, in ...G.Value) (G.Value, error) {
	var err error
	switch dt := y.Dtype(); dt {
	case tensor.Float32:
		err = call(o.Primitive, o.Float32, y, in)
	case tensor.Float64:
		err = call(o.Primitive, o.Float64, y, in)
	default:
		err = fmt.Errorf("op: %s: cannot compute %v values", o.Primitive, dt)
	}
	return y, err
}

func call[T Float](p Primitive, f func(*Call[T]), y G.Value, in []G.Value) error {
	c := &Call[T]{X: make([]Array[T], len(in))}
	for i, v := range in {
		x, err := arrayOf[T](v)
		if err != nil {
			return fmt.Errorf("op: %s: input %d: %w", p, i, err)
		}
		c.X[i] = x
	}
	out, err := arrayOf[T](y)
	if err != nil {
		return fmt.Errorf("op: %s: result: %w", p, err)
	}
	if d, ok := y.(*tensor.Dense); ok && !rowMajor(d) {
		return fmt.Errorf("op: %s: the preallocated result is a view", p)
	}
	c.Y = out
	f(c)
	return nil
}

func newValue(dt tensor.Dtype, shape tensor.Shape) G.Value {
	switch {
	case len(shape) > 0:
		return tensor.New(tensor.WithShape(shape...), tensor.Of(dt))
	case dt == tensor.Float32:
		return G.NewF32(0)
	default:
		return G.NewF64(0)
	}
}

// arrayOf shares the memory of a Gorgonia value; a view or transposed tensor is copied into row-major order.
func arrayOf[T Float](v G.Value) (Array[T], error) {
	switch v := v.(type) {
	case *G.F32:
		return Array[T]{Data: scalarData[T](unsafe.Pointer(v), tensor.Float32)}, typeIs[T](tensor.Float32)
	case *G.F64:
		return Array[T]{Data: scalarData[T](unsafe.Pointer(v), tensor.Float64)}, typeIs[T](tensor.Float64)
	case *tensor.Dense:
		if err := typeIs[T](v.Dtype()); err != nil {
			return Array[T]{}, err
		}
		data := denseData[T](v)
		if !rowMajor(v) {
			data = gather(data, v.Shape(), v.Strides())
		}
		return Array[T]{v.Shape(), data}, nil
	}
	return Array[T]{}, fmt.Errorf("cannot use a value of type %T", v)
}

// scalarData is the memory of a G.F32 or G.F64 as a slice of length one; nil if T is not dt.
func scalarData[T Float](p unsafe.Pointer, dt tensor.Dtype) []T {
	if typeIs[T](dt) != nil {
		return nil
	}
	return unsafe.Slice((*T)(p), 1)
}

func dtypeOf[T Float]() tensor.Dtype {
	if unsafe.Sizeof(T(0)) == 4 {
		return tensor.Float32
	}
	return tensor.Float64
}

func typeIs[T Float](dt tensor.Dtype) error {
	if dt != dtypeOf[T]() {
		return fmt.Errorf("the value is %v, want %v", dt, dtypeOf[T]())
	}
	return nil
}

// denseData is the tensor's memory; unlike Data, it does not allocate and does not treat scalars differently.
func denseData[T Float](d *tensor.Dense) []T {
	var out []T
	switch p := any(&out).(type) {
	case *[]float32:
		*p = d.Float32s()
	case *[]float64:
		*p = d.Float64s()
	}
	return out
}

// rowMajor says whether element i of the memory is element i of the tensor.
func rowMajor(d *tensor.Dense) bool {
	shape, strides := d.Shape(), d.Strides()
	if len(shape) == 0 {
		return true
	}
	if len(strides) != len(shape) {
		return false
	}
	want := 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 && strides[i] != want {
			return false
		}
		want *= shape[i]
	}
	return true
}

// gather copies a strided array into row-major order.
func gather[T Float](data []T, shape, strides []int) []T {
	out := make([]T, 0, tensor.Shape(shape).TotalSize())
	var walk func(dim, at int)
	walk = func(dim, at int) {
		if dim == len(shape) {
			out = append(out, data[at])
			return
		}
		for i := range shape[dim] {
			walk(dim+1, at+i*strides[dim])
		}
	}
	walk(0, 0)
	return out
}
