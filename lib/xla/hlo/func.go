package hlo

import (
	"fmt"
	"slices"
)

// Value is a tensor in a program: an argument or the result of an op.
type Value struct {
	Type
	// ID is the value's place in the program: arguments first, then the ops' results.
	ID int
}

// Op is one step of a program.
type Op struct {
	Name  string // without "stablehlo."
	In    []*Value
	Out   *Value
	Attrs []Attr
	// Combine is the op that reduce, reduce_window and select_and_scatter join two elements by.
	Combine string
}

// Attr is an attribute of an op: an int, a bool, []int, [][2]int, Compare, Precision, ConvAxes, DotAxes, GatherAxes or
// *Literal.
type Attr struct {
	Key   string
	Value any
}

// Get is the attribute of a key; nil if there is none.
func (o *Op) Get(key string) any {
	for _, a := range o.Attrs {
		if a.Key == key {
			return a.Value
		}
	}
	return nil
}

// Ints is an attribute that is a list of integers.
func (o *Op) Ints(key string) []int {
	v, _ := o.Get(key).([]int)
	return v
}

// Func is a program under construction: arguments, ops in order, results.
type Func struct {
	Name    string
	Args    []*Value
	Ops     []*Op
	Results []*Value
	// Donated gives for an argument the result that takes over its memory.
	Donated map[int]int
	// Partitions is the number of devices that share the program; 0 and 1 are one. The arguments of BatchArgs and the results of
	// BatchResults are divided among them along their first axis where it can be divided evenly, all others are whole on each.
	Partitions              int
	BatchArgs, BatchResults map[int]bool

	values  int
	scalars map[string]*Value
}

// New is an empty program.
func New(name string) *Func {
	return &Func{Name: name, Donated: map[int]int{}, BatchArgs: map[int]bool{}, BatchResults: map[int]bool{}, scalars: map[string]*Value{}}
}

// Arg adds an argument. All arguments must be added before the first op.
func (f *Func) Arg(t Type) *Value {
	if len(f.Ops) > 0 {
		panic("hlo: an argument after the first op")
	}
	v := f.value(t)
	f.Args = append(f.Args, v)
	return v
}

func (f *Func) value(t Type) *Value {
	v := &Value{t, f.values}
	f.values++
	return v
}

// Values is the number of values in the program.
func (f *Func) Values() int { return f.values }

// Return ends the program with its results.
func (f *Func) Return(results ...*Value) { f.Results = slices.Clone(results) }

// Donate says that argument arg is not needed after a run and that result, of the same type, may take its memory.
func (f *Func) Donate(arg, result int) {
	if !f.Args[arg].Equal(f.Results[result].Type) {
		panic(fmt.Sprintf("hlo: argument %d is %v but result %d, which shall take its memory, is %v", arg, f.Args[arg].Type, result, f.Results[result].Type))
	}
	f.Donated[arg] = result
}

// Divided tells whether a batch of this type can be divided among n devices along its first axis.
func (t Type) Divided(n int) bool { return n > 1 && t.Rank() > 0 && t.Dims[0]%n == 0 }

// add appends an op.
func (f *Func) add(name string, t Type, in []*Value, attrs ...Attr) *Value {
	out := f.value(t)
	f.Ops = append(f.Ops, &Op{Name: name, In: in, Out: out, Attrs: attrs})
	return out
}

// addCombining appends an op with a region that joins two elements.
func (f *Func) addCombining(name, combine string, t Type, in []*Value, attrs ...Attr) *Value {
	v := f.add(name, t, in, attrs...)
	f.Ops[len(f.Ops)-1].Combine = combine
	return v
}

func check(ok bool, format string, args ...any) {
	if !ok {
		panic("hlo: " + fmt.Sprintf(format, args...))
	}
}
