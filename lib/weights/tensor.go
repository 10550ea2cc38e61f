// Package weights reads and writes the files that networks' weights are kept in: PyTorch's .pth/.pt (zip and the older
// pickle stream) and safetensors. It also finds the published backbones by name, checks what it found against the
// published SHA-256, and carries the small default backbone inside the program.
//
// A weights file comes from somewhere else, so nothing in it is believed: the pickle reader admits tensors and plain
// containers and refuses every other name, sizes are checked against the bytes that are really there before anything is
// allocated, and every error names the file and the tensor.
package weights

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrMissing is wrapped by the errors of StateDict.Get and File.Tensor for a name that the file does not have.
var ErrMissing = errors.New("no such tensor")

// Tensor is one named array in row-major order.
//
// DType is the type in the file, in safetensors' spelling: F64 F32 F16 BF16, I64 I32 I16 I8, U64 U32 U16 U8, BOOL; empty
// means F32. Floating types are held in Data as float32 (F64 is rounded), the others in Ints.
type Tensor struct {
	Name  string
	Shape []int
	DType string
	Data  []float32
	Ints  []int64
}

// Len is the number of elements that the shape asks for.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// StateDict is an ordered set of named tensors, such as a network's parameters under the names that its program gave them.
type StateDict struct {
	source  string
	tensors []Tensor
	index   map[string]int
}

// NewStateDict makes a state dict of tensors; source is what errors call it, usually the file's path. It panics when two
// tensors have the same name.
func NewStateDict(source string, tensors ...Tensor) *StateDict {
	d := &StateDict{source: source, index: make(map[string]int, len(tensors))}
	for _, t := range tensors {
		if err := d.add(t); err != nil {
			panic("weights: NewStateDict: " + err.Error())
		}
	}
	return d
}

func (d *StateDict) add(t Tensor) error {
	if _, dup := d.index[t.Name]; dup {
		return fmt.Errorf("reading %s: two tensors are called %s", d.source, t.Name)
	}
	d.index[t.Name] = len(d.tensors)
	d.tensors = append(d.tensors, t)
	return nil
}

// Source is the file's path, or what else the tensors come from.
func (d *StateDict) Source() string { return d.source }

// Len is the number of tensors.
func (d *StateDict) Len() int { return len(d.tensors) }

// Names lists the tensors in the file's order.
func (d *StateDict) Names() []string {
	names := make([]string, len(d.tensors))
	for i, t := range d.tensors {
		names[i] = t.Name
	}
	return names
}

// Has reports whether there is a tensor called name.
func (d *StateDict) Has(name string) bool {
	_, ok := d.index[name]
	return ok
}

// Get returns the tensor called name. Its slices are the state dict's own: callers MUST NOT write to them. The error wraps
// ErrMissing and names the file.
func (d *StateDict) Get(name string) (Tensor, error) {
	i, ok := d.index[name]
	if !ok {
		return Tensor{}, fmt.Errorf("reading %s: %w: %s%s", d.source, ErrMissing, name, d.nearest(name))
	}
	return d.tensors[i], nil
}

// nearest says what the file has instead, since a missing name mostly means the weights of another network or a prefix
// such as "module.".
func (d *StateDict) nearest(name string) string {
	for _, t := range d.tensors {
		if strings.HasSuffix(t.Name, "."+name) {
			return fmt.Sprintf(" (there is %s)", t.Name)
		}
	}
	if len(d.tensors) == 0 {
		return " (it has no tensors at all)"
	}
	return fmt.Sprintf(" (it has %d tensors, the first is %s)", len(d.tensors), d.tensors[0].Name)
}

// Floats returns the data of the floating tensor called name, which must have exactly the given shape. The slice is the
// state dict's own.
func (d *StateDict) Floats(name string, shape ...int) ([]float32, error) {
	t, err := d.Get(name)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(t.Shape, shape) {
		return nil, fmt.Errorf("reading %s: tensor %s has shape %v, want %v", d.source, name, t.Shape, shape)
	}
	if t.Data == nil && t.Len() > 0 {
		return nil, fmt.Errorf("reading %s: tensor %s holds %s, want floating numbers", d.source, name, t.DType)
	}
	return t.Data, nil
}

// Sub returns the tensors whose names start with prefix, with the prefix taken off: Sub("fusion_flow.") or, for a network
// saved under DataParallel, Sub("module."). Data is shared.
func (d *StateDict) Sub(prefix string) *StateDict {
	s := &StateDict{source: d.source, index: map[string]int{}}
	for _, t := range d.tensors {
		rest, ok := strings.CutPrefix(t.Name, prefix)
		if !ok || rest == "" {
			continue
		}
		t.Name = rest
		s.index[rest] = len(s.tensors)
		s.tensors = append(s.tensors, t)
	}
	return s
}
