// Package onnx writes models as ONNX files (https://onnx.ai), which ONNX Runtime, OpenVINO and others run. [Graph.Lower]
// translates a Gorgonia graph: each op of package op has its row in the table of lowerings, in the file of its subject, as
// in package xla. What stands around such a graph is written with [Graph.Op].
//
// The first axis of maps is the batch, whose size a model leaves open. A graph that is lowered MUST have been made for a
// batch of [Batch] samples, which is how that axis is told from others.
package onnx

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/onnx/internal/pb"
	"google.golang.org/protobuf/proto"
)

// protoc comes with PyPI's grpcio-tools (python -m grpc_tools.protoc), protoc-gen-go is that of go.mod's
// google.golang.org/protobuf.
//go:generate protoc --go_out=. --go_opt=paths=source_relative internal/pb/onnx.proto

// Batch is the batch that graphs must be made for to be lowered: a size that is not one, since inputs of one sample are
// repeated over the others.
const Batch = 2

const (
	opset     = 17 // the version of the operators
	irVersion = 8  // of the file's form that came with it
)

// DType is the type of a tensor's elements, by ONNX's numbers.
type DType int32

// The types that are needed.
const (
	Float32 DType = 1
	Uint8   DType = 2
	Int64   DType = 7
	Bool    DType = 9
)

// Value is a tensor in a graph, by its name.
type Value string

// Graph is a graph that is being written.
type Graph struct {
	proto     *pb.GraphProto
	taken     map[string]int
	constants map[string]Value // constants of few numbers, by type, shape and content
}

// New is an empty graph.
func New(name string) *Graph {
	return &Graph{proto: &pb.GraphProto{Name: name}, taken: map[string]int{}, constants: map[string]Value{}}
}

// unique is a name that nothing has yet.
func (g *Graph) unique(name string) string {
	g.taken[name]++
	if n := g.taken[name]; n > 1 {
		return g.unique(fmt.Sprintf("%s.%d", name, n))
	}
	return name
}

// Input adds an input. A length of −1 is the batch's, a lower one is open.
func (g *Graph) Input(name, doc string, t DType, dims ...int) Value {
	name = g.unique(name)
	g.proto.Input = append(g.proto.Input, info(name, doc, t, dims))
	return Value(name)
}

// Output makes a value an output of that name.
func (g *Graph) Output(name, doc string, v Value, t DType, dims ...int) {
	name = g.unique(name)
	g.proto.Node = append(g.proto.Node, &pb.NodeProto{Input: []string{string(v)}, Output: []string{name}, Name: name, OpType: "Identity"})
	g.proto.Output = append(g.proto.Output, info(name, doc, t, dims))
}

func info(name, doc string, t DType, dims []int) *pb.ValueInfoProto {
	shape := &pb.TensorShapeProto{}
	for _, d := range dims {
		dim := &pb.TensorShapeProto_Dimension{}
		switch {
		case d >= 0:
			dim.Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}
		case d == -1:
			dim.Value = &pb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	of := &pb.TypeProto_TensorType{ElemType: int32(t), Shape: shape}
	return &pb.ValueInfoProto{Name: name, DocString: doc, Type: &pb.TypeProto{TensorType: of}}
}

// Op adds a node of one result; the operators are those of https://onnx.ai/onnx/operators.
func (g *Graph) Op(op string, in []Value, attributes ...Attribute) Value {
	name := g.unique(op)
	n := &pb.NodeProto{Output: []string{name}, Name: name, OpType: op}
	for _, v := range in {
		n.Input = append(n.Input, string(v))
	}
	for _, a := range attributes {
		n.Attribute = append(n.Attribute, a.proto)
	}
	g.proto.Node = append(g.proto.Node, n)
	return Value(name)
}

// On is a list of inputs.
func On(in ...Value) []Value { return in }

// Attribute is a parameter of an operator.
type Attribute struct{ proto *pb.AttributeProto }

// Int is an attribute of one integer.
func Int(name string, v int) Attribute {
	return Attribute{&pb.AttributeProto{Name: name, Type: 2, I: int64(v)}}
}

// Ints is an attribute of integers.
func Ints(name string, v ...int) Attribute {
	return Attribute{&pb.AttributeProto{Name: name, Type: 7, Ints: wide(v)}}
}

// Text is an attribute of text.
func Text(name, v string) Attribute {
	return Attribute{&pb.AttributeProto{Name: name, Type: 3, S: []byte(v)}}
}

func wide(v []int) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}

// Floats is a constant of float32 numbers.
func (g *Graph) Floats(name string, data []float32, dims ...int) Value {
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.constant(name, Float32, raw, dims)
}

// Number is a constant number without axes, so that it adds none to what it meets.
func (g *Graph) Number(v float64) Value { return g.Floats("number", []float32{float32(v)}) }

// Integers is a constant of integers, (n), such as a shape.
func (g *Graph) Integers(v ...int) Value { return g.IntegersOf(v, len(v)) }

// IntegersOf is a constant of integers of any shape.
func (g *Graph) IntegersOf(v []int, dims ...int) Value {
	raw := make([]byte, 0, 8*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	return g.constant("integers", Int64, raw, dims)
}

// smallConstant is up to how many bytes equal constants are one.
const smallConstant = 256

func (g *Graph) constant(name string, t DType, raw []byte, dims []int) Value {
	size := len(raw)
	for _, d := range dims {
		if d == 0 {
			panic(fmt.Sprintf("onnx: constant %s of shape %v", name, dims))
		}
		size /= d
	}
	if each := map[DType]int{Float32: 4, Int64: 8, Bool: 1}[t]; size != each {
		panic(fmt.Sprintf("onnx: constant %s of %d bytes has not the shape %v", name, len(raw), dims))
	}
	key := fmt.Sprint(t, dims, string(raw))
	if v, ok := g.constants[key]; ok && len(raw) <= smallConstant {
		return v
	}
	name = g.unique(name)
	g.proto.Initializer = append(g.proto.Initializer, &pb.TensorProto{Dims: wide(dims), DataType: int32(t), Name: name, RawData: raw})
	if len(raw) <= smallConstant {
		g.constants[key] = Value(name)
	}
	return Value(name)
}

// Reshape gives a value another shape. A length of 0 keeps that of the same axis, which is how the batch's is kept.
func (g *Graph) Reshape(v Value, dims ...int) Value {
	return g.Op("Reshape", On(v, g.Integers(dims...)))
}

// Transpose reorders the axes.
func (g *Graph) Transpose(v Value, axes ...int) Value {
	return g.Op("Transpose", On(v), Ints("perm", axes...))
}

// Take takes the elements of these indices along an axis.
func (g *Graph) Take(v Value, axis int, indices []int) Value {
	return g.Op("Gather", On(v, g.Integers(indices...)), Int("axis", axis))
}

// Affine is v·gain + offset with numbers.
func (g *Graph) Affine(v Value, gain, offset float64) Value {
	if gain != 1 {
		v = g.Op("Mul", On(v, g.Number(gain)))
	}
	if offset != 0 {
		v = g.Op("Add", On(v, g.Number(offset)))
	}
	return v
}

// Write writes the model. about is what it tells of itself under names, as "metadata".
func (g *Graph) Write(w io.Writer, version, doc string, about map[string]string) error {
	m := &pb.ModelProto{
		IrVersion: irVersion, ProducerName: "msflow", ProducerVersion: version, DocString: doc, Graph: g.proto,
		OpsetImport: []*pb.OperatorSetIdProto{{Version: opset}},
	}
	for _, key := range slices.Sorted(maps.Keys(about)) {
		m.MetadataProps = append(m.MetadataProps, &pb.StringStringEntryProto{Key: key, Value: about[key]})
	}
	if size := proto.Size(m); size > math.MaxInt32 {
		return fmt.Errorf("onnx: the model has %d MB, and ONNX's files have at most 2048", size>>20)
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return fmt.Errorf("writing the ONNX model: %w", err)
	}
	return nil
}
