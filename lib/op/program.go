package op

import (
	"context"
	"fmt"
	"time"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Program computes chosen nodes of a graph on the CPU.
//
// It takes the place of Gorgonia's TapeMachine, which runs the same ops with the same results but
//   - evaluates every node of the graph, so also the gradients that G.Grad made on its way and nobody asked for, such as
//     those of the images and of the position code;
//   - gives almost every value its own memory, newly allocated on every run, where the buffers of a Program are
//     allocated once and pass from value to value as those die;
//   - cannot be stopped, and runs in a goroutine of its own, where a panic inside an op ends the process.
//
// A Program MUST NOT be run by two goroutines at once.
type Program struct {
	steps  []step
	slots  map[*G.Node]*slot
	leaves []*slot
	bytes  int64

	running chan struct{} // closed when a run that was left behind at an interrupt has ended; nil: there is none
}

// step computes one node.
type step interface {
	run() error
	slot() *slot
}

// Compile plans the computation of outputs and of the nodes that they need. Leaf nodes take part with the values that
// are bound to them (G.Let, G.WithValue) at the time of Run, which may be rebound between runs. Ops that behave
// differently in training (G.TrainModeOp, such as G.Dropout) are left in the mode they are in; see SetTraining.
func Compile(outputs ...*G.Node) (*Program, error) {
	order, err := schedule(outputs)
	if err != nil {
		return nil, fmt.Errorf("op: compiling: %w", err)
	}
	p := &Program{slots: make(map[*G.Node]*slot, len(order))}
	for _, u := range order {
		p.add(u)
	}
	for _, n := range outputs {
		p.slots[n].kept = true
	}
	p.place(plan(order, outputs))
	return p, nil
}

// add makes the slot of a node and, unless it is a leaf, the step that fills it.
func (p *Program) add(u *use) {
	s := newSlot(u.node)
	p.slots[u.node] = s
	if u.leaf {
		s.kept = true
		p.leaves = append(p.leaves, s)
		return
	}
	in := make([]*slot, len(u.in))
	for i, c := range u.in {
		in[i] = p.slots[c.node]
	}
	if u.prim == nil {
		p.steps = append(p.steps, &foreignStep{op: u.node.Op(), out: s, in: in})
		return
	}
	u.step = &primitiveStep{prim: u.prim, out: s, in: in}
	if u.joinedTo != nil {
		u.joinedTo.step.second = u.step
		return
	}
	if u.chainedTo != nil {
		p.chain(u.chainedTo, u)
		return
	}
	u.at = len(p.steps)
	p.steps = append(p.steps, u.step)
}

// chain puts the step of u behind that of the first one of its chain.
func (p *Program) chain(first, u *use) {
	c, ok := p.steps[first.at].(*chainStep)
	if !ok {
		c = &chainStep{}
		l, _ := first.elementOf()
		c.add(first.step, l)
		p.steps[first.at] = c
	}
	l, _ := u.elementOf()
	c.add(u.step, l)
}

// place allocates the buffers and tells every slot its own.
func (p *Program) place(l layout) {
	f32, f64 := make([][]float32, len(l.sizes32)), make([][]float64, len(l.sizes64))
	for i, n := range l.sizes32 {
		f32[i] = Floats(n)
		p.bytes += 4 * int64(n)
	}
	for i, n := range l.sizes64 {
		f64[i] = make([]float64, n)
		p.bytes += 8 * int64(n)
	}
	for u, buffer := range l.buffer {
		s, n := p.slots[u.node], u.size
		if u.dtype() == tensor.Float32 {
			s.own32(f32[buffer][:n:n])
		} else {
			s.own64(f64[buffer][:n:n])
		}
	}
	for _, st := range p.steps {
		switch st := st.(type) {
		case *primitiveStep:
			st.bind()
		case *chainStep:
			for _, s := range st.steps {
				s.bind()
			}
		}
	}
}

// Run computes all outputs from the values bound to the leaves. It stops between two nodes when ctx is done. An error
// names the op and the node; a panic inside an op becomes an error. After the first Run, ops of this package allocate
// no memory for values.
func (p *Program) Run(ctx context.Context) error {
	for _, s := range p.leaves {
		if err := s.load(); err != nil {
			return fmt.Errorf("op: leaf %s: %w", s.node.Name(), err)
		}
	}
	for _, st := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := guarded(st); err != nil {
			n := st.slot().node
			return fmt.Errorf("op: running %v at node %x %s: %w", n.Op(), n.ID(), shapeText(n.Shape()), err)
		}
	}
	return nil
}

// grace is how long an interrupted run may take to end by itself.
const grace = 50 * time.Millisecond

// RunPromptly is Run, but returns within about 100 ms of ctx's end, also in the middle of a long op. The run then ends in
// the background. Until Settle has waited for it, the values bound to the leaves are in use.
func (p *Program) RunPromptly(ctx context.Context) error {
	p.Settle()
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = p.Run(ctx)
	}()
	select {
	case <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case <-ended:
	case <-time.After(grace):
		p.running = ended
	}
	return ctx.Err()
}

// Settle waits until a run that RunPromptly left behind has ended.
func (p *Program) Settle() {
	if p.running != nil {
		<-p.running
		p.running = nil
	}
}

// guarded turns a panic of the step into an error.
func guarded(st step) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return st.run()
}

// Value is the value of an output or a leaf: a scalar's is a tensor of shape (). It is valid until the next Run; before
// the first one, a leaf's is nil. It panics if n is neither: other values' memory has passed on by the end of a run.
func (p *Program) Value(n *G.Node) *tensor.Dense {
	s, ok := p.slots[n]
	if !ok || !s.kept {
		panic(fmt.Sprintf("op: node %s is neither an output nor a leaf of the program", n.Name()))
	}
	return s.dense
}

// Bytes is the memory of all buffers. The leaves' values are not counted; they are the caller's.
func (p *Program) Bytes() int64 { return p.bytes }

// SetTraining switches all ops that behave differently in training and use.
func (p *Program) SetTraining(on bool) error {
	for _, st := range p.steps {
		n := st.slot().node
		if op, ok := n.Op().(G.TrainModeOp); ok {
			if err := op.SetTraining(on); err != nil {
				return fmt.Errorf("op: switching the mode of %v: %w", n.Op(), err)
			}
		}
	}
	return nil
}

// primitiveStep computes a primitive straight from memory to memory.
type primitiveStep struct {
	prim   Primitive
	out    *slot
	in     []*slot
	second *primitiveStep // computed at the same time
	c32    Call[float32]
	c64    Call[float64]
}

func (st *primitiveStep) slot() *slot { return st.out }

// bind fixes what does not change between runs.
func (st *primitiveStep) bind() {
	st.c32 = Call[float32]{Array[float32]{st.out.shape, st.out.f32}, make([]Array[float32], len(st.in))}
	st.c64 = Call[float64]{Array[float64]{st.out.shape, st.out.f64}, make([]Array[float64], len(st.in))}
	for i, s := range st.in {
		st.c32.X[i].Shape, st.c64.X[i].Shape = s.shape, s.shape
	}
	if st.second != nil {
		st.second.bind()
	}
}

func (st *primitiveStep) run() error {
	st.load()
	switch {
	case st.second != nil:
		st.second.load()
		st.prim.(joiner).together(&st.c32, &st.second.c32)
	case st.out.dtype == tensor.Float32:
		st.prim.Float32(&st.c32)
	default:
		st.prim.Float64(&st.c64)
	}
	return nil
}

// load looks up the inputs' memory, which for leaves may be another one at each run.
func (st *primitiveStep) load() {
	for i, s := range st.in {
		st.c32.X[i].Data, st.c64.X[i].Data = s.f32, s.f64
	}
}
