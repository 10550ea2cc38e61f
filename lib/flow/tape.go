package flow

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/msflow-go/msflow/lib/op"
)

// Tape is where blocks write themselves down: one Gorgonia graph for a fixed batch, dtype and mode. It turns each
// parameter into one leaf node however often blocks ask for it, so gradients of shared parameters add up.
//
// A tape is built once and run for many batches: bind new inputs with gorgonia.Let, or overwrite the bound memory, and run
// the compiled program again. A tape is not safe for concurrent building.
type Tape struct {
	graph    *G.ExprGraph
	batch    int
	dtype    tensor.Dtype
	training bool

	place   string // of the part that is being written down, as in "parallel_flows.0.module_list.3."
	nodes   map[*Content]*G.Node
	params  []*Param
	names   map[string]int
	consts  map[string]*G.Node
	given   map[string]*G.Node
	updates []Update
	fixed   []condition // conditions given from the start
	watched []Watched
}

type condition struct {
	name  string
	value *tensor.Dense
}

// Update is a new value for a piece of state, such as a running mean: after a run whose outputs include Node, copy its
// value into Param.
type Update struct {
	Param *Param
	Node  *G.Node
}

// TapeOption changes a new tape.
type TapeOption func(*Tape)

// Training builds the graph of a training step: batch normalization takes its statistics from the batch.
func Training() TapeOption { return func(t *Tape) { t.training = true } }

// Dtype sets the floating-point type, tensor.Float32 (the default) or tensor.Float64. Parameters must have the same: see
// [Cast].
func Dtype(dt tensor.Dtype) TapeOption { return func(t *Tape) { t.dtype = dt } }

// WithCondition provides the condition that blocks built with [Given] of this name receive, as a tensor (B,C,H,W) or
// (1,C,H,W). For one that changes from run to run, bind new values to the node that [Tape.Condition] returns.
func WithCondition(name string, v *tensor.Dense) TapeOption {
	return func(t *Tape) { t.fixed = append(t.fixed, condition{name, v}) }
}

// NewTape is an empty graph for batches of the given size. A batch below 1 or a dtype that is not a float is the caller's
// mistake and panics.
func NewTape(batch int, opts ...TapeOption) *Tape {
	t := &Tape{
		graph: G.NewGraph(), batch: batch, dtype: tensor.Float32,
		nodes: map[*Content]*G.Node{}, names: map[string]int{}, consts: map[string]*G.Node{}, given: map[string]*G.Node{},
	}
	for _, o := range opts {
		o(t)
	}
	if batch < 1 {
		panic(fmt.Sprintf("flow: a tape for a batch of %d", batch))
	}
	if t.dtype != tensor.Float32 && t.dtype != tensor.Float64 {
		panic(fmt.Sprintf("flow: a tape of dtype %v", t.dtype))
	}
	for _, c := range t.fixed {
		t.Give(c.name, t.leaf(c.name, castDense(c.value, t.dtype)))
	}
	return t
}

// Graph is the Gorgonia graph under construction.
func (t *Tape) Graph() *G.ExprGraph { return t.graph }

// Batch is the number of samples.
func (t *Tape) Batch() int { return t.batch }

// Dtype is tensor.Float32 or tensor.Float64.
func (t *Tape) Dtype() tensor.Dtype { return t.dtype }

// Training tells whether the graph is that of a training step.
func (t *Tape) Training() bool { return t.training }

// Node is the leaf node of a parameter, bound to the parameter's own memory. A parameter of another dtype than the tape's
// is the caller's mistake and panics: [Cast] the block first.
func (t *Tape) Node(p *Param) *G.Node {
	if n, ok := t.nodes[p.Content]; ok {
		return n
	}
	p = p.Named(t.place + p.Name)
	if p.Value.Dtype() != t.dtype {
		panic(fmt.Sprintf("flow: parameter %s is %v on a tape of %v", p.Name, p.Value.Dtype(), t.dtype))
	}
	n := t.leaf(p.Name, p.Value)
	t.nodes[p.Content] = n
	t.params = append(t.params, p)
	return n
}

// enter begins the part of a composition whose parameters' names begin so; leave ends it. Names on a tape are for people:
// after an error they do not matter.
func (t *Tape) enter(part string) (leave func()) {
	before := t.place
	t.place += part
	return func() { t.place = before }
}

// Params is the learned parameters that the graph uses, in the order of first use; their nodes are what to differentiate
// the loss by.
func (t *Tape) Params() []*Param {
	var out []*Param
	for _, p := range t.params {
		if !p.Frozen {
			out = append(out, p)
		}
	}
	return out
}

// Input is a leaf node (B,C,H,W) for a batch of maps. Bind its values with gorgonia.Let before a run.
func (t *Tape) Input(name string, m Map) *G.Node {
	shape := []int{t.batch, m.C, m.H, m.W}
	return G.NewTensor(t.graph, t.dtype, 4, G.WithShape(shape...), G.WithName(t.unique(name)))
}

// Const is a leaf node for fixed numbers. Calls with the same key return the node of the first call, so fill runs once;
// the key must therefore tell everything that the numbers depend on.
func (t *Tape) Const(key string, fill func() []float64, shape ...int) *G.Node {
	if n, ok := t.consts[key]; ok {
		return n
	}
	v := fill()
	var back any = v
	if t.dtype == tensor.Float32 {
		back = convert[float32](v)
	}
	n := t.leaf(key, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(back)))
	t.consts[key] = n
	return n
}

// Give provides the condition that blocks built with [Given] of this name receive: a node (B,C,H,W), or (1,C,H,W) to be
// repeated over the batch.
func (t *Tape) Give(name string, n *G.Node) { t.given[name] = n }

// Condition is the node given under a name, nil if there is none.
func (t *Tape) Condition(name string) *G.Node { return t.given[name] }

// Update registers next as the value that the state p shall take after each training run. Blocks call it instead of
// writing to p.
func (t *Tape) Update(p *Param, next *G.Node) { t.updates = append(t.updates, Update{p, next}) }

// Updates lists what to carry over after each training run: compile the nodes as outputs and copy their values.
// [Tape.Commit] does the copying for a program on the CPU.
func (t *Tape) Updates() []Update { return t.updates }

// Commit copies the values of a finished run into the state registered by Update. The updates' nodes MUST be among the
// program's outputs.
func (t *Tape) Commit(p *op.Program) error {
	for _, u := range t.updates {
		if err := tensor.Copy(u.Param.Value, p.Value(u.Node)); err != nil {
			return fmt.Errorf("updating %s: %w", u.Param.Name, err)
		}
	}
	return nil
}

// leaf binds a dense tensor to a new node. Names are made unique: Gorgonia merges nodes of equal name, type and shape.
func (t *Tape) leaf(name string, v *tensor.Dense) *G.Node {
	return G.NewTensor(t.graph, t.dtype, v.Dims(), G.WithShape(v.Shape().Clone()...), G.WithName(t.unique(name)), G.WithValue(v))
}

func (t *Tape) unique(name string) string {
	t.names[name]++
	if k := t.names[name]; k > 1 {
		return fmt.Sprintf("%s#%d", name, k)
	}
	return name
}

// Watched is a node that a block points out while it is written down, under a name that a person understands: a
// diverging training looks through them for the first block whose values are not numbers, and the training curves show
// those of kind ScaleLogLikelihood.
type Watched struct {
	Kind WatchKind
	Name string
	Node *G.Node
}

// WatchKind says what a watched node holds.
type WatchKind int

const (
	// BlockOutput is an output of a block, (B,C,H,W), or its logdet (B).
	BlockOutput WatchKind = iota
	// ScaleLogLikelihood is −½‖z_i‖² + logdet_i of one scale for each sample, (B), in nats.
	ScaleLogLikelihood
	// LogScale is the log-scale s of an AllInOne's coupling, (B,⌊C/2⌋,H,W).
	LogScale
)

// Watch points out a node. Nodes are listed in the order in which they are computed.
func (t *Tape) Watch(kind WatchKind, name string, n *G.Node) {
	t.watched = append(t.watched, Watched{kind, name, n})
}

// Watched lists the nodes of one kind.
func (t *Tape) Watched(kind WatchKind) []Watched {
	var out []Watched
	for _, w := range t.watched {
		if w.Kind == kind {
			out = append(out, w)
		}
	}
	return out
}

// watchBlock points out the outputs of the block that is being written down, by the name that its parameters share.
func (t *Tape) watchBlock(z []*G.Node) {
	for _, n := range z {
		t.Watch(BlockOutput, strings.TrimSuffix(t.place, "."), n)
	}
}
