package op

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// randomGraph grows a graph of n nodes by random ops of ours and Gorgonia's on random earlier nodes, all of them maps
// (2,4,3,3). Few leaves and many steps make values die and buffers change hands at every turn.
func randomGraph(t *testing.T, rng *rand.Rand, n int, dt tensor.Dtype) []*G.Node {
	t.Helper()
	g := G.NewGraph()
	var nodes []*G.Node
	for i := range 3 {
		nodes = append(nodes, leaf(g, fmt.Sprint("x", i), random(rng, -1, 1, 2, 4, 3, 3), dt))
	}
	pick := func() *G.Node { return nodes[max(0, len(nodes)-1-rng.IntN(6))] }
	for len(nodes) < n {
		y, err := randomOp(rng, pick(), pick())
		check(t, err)
		nodes = append(nodes, y)
	}
	return nodes
}

func randomOp(rng *rand.Rand, a, b *G.Node) (*G.Node, error) {
	switch rng.IntN(20) {
	case 0:
		return Add(a, b)
	case 1:
		return Mul(a, b)
	case 2:
		return Sub(a, b)
	case 3:
		return ReLU(a)
	case 4:
		return Permute(a, []int{2, 0, 3, 1})
	case 5:
		return Clamp(a, -0.7, 0.8)
	case 6:
		return halves(a, b)
	case 7:
		return G.Add(a, b)
	case 8:
		return G.Tanh(a)
	case 9:
		return reshapedThereAndBack(a)
	case 10:
		return G.Abs(a)
	case 11:
		return G.HadamardProd(a, a)
	case 12:
		return AddConst(a, rng.Float64())
	case 13, 14:
		return normGradients(a, b)
	case 15:
		return Scale(a, 0.7)
	case 16:
		return turned(a, b)
	case 17:
		return productOfHalves(a, b)
	case 18:
		return zerosShifted(a, b)
	default:
		sum, err := ChannelSum(b)
		if err != nil {
			return nil, err
		}
		return ChannelAffine(a, nil, sum)
	}
}

// normGradients uses two ops that a Program computes together.
func normGradients(x, dy *G.Node) (*G.Node, error) {
	var c chain
	gain := c.do(ChannelSum(dy))
	stats := c.do(apply(LayerNormStatsOp{0.1}, x, gain, gain))
	dx := c.do(apply(LayerNormGradInputOp{}, x, gain, dy, stats))
	dgain := c.do(apply(LayerNormGradGainOp{}, x, gain, dy, stats))
	y := c.do(Tanh(c.do(ChannelAffine(dx, dgain, nil))))
	return y, c.err
}

func halves(a, b *G.Node) (*G.Node, error) {
	var c chain
	y := c.do(Concat(c.do(SliceChannels(a, 0, 1)), c.do(SliceChannels(b, 1, 4))))
	return y, c.err
}

// turned is both halves of a, the second one first, each put in its place among zeros.
func turned(a, b *G.Node) (*G.Node, error) {
	var c chain
	late := c.do(apply(EmbedOp{0, 4}, c.do(SliceChannels(a, 2, 4))))
	early := c.do(apply(EmbedOp{2, 4}, c.do(SliceChannels(a, 0, 2))))
	y := c.do(Mul(c.do(Add(late, early)), b))
	return y, c.err
}

// zerosShifted shifts channels of which two are zero, and adds others times the sum of a zero one.
func zerosShifted(a, b *G.Node) (*G.Node, error) {
	var c chain
	framed := c.do(apply(EmbedOp{1, 4}, c.do(SliceChannels(a, 0, 2))))
	zero := c.do(Concat(c.do(SliceChannels(framed, 3, 4)), c.do(SliceChannels(framed, 0, 1)), c.do(SliceChannels(framed, 3, 4)),
		c.do(SliceChannels(framed, 0, 1))))
	offset := c.do(Add(c.do(ChannelSum(b)), c.do(ChannelSum(zero))))
	y := c.do(ChannelAffine(framed, nil, offset))
	return y, c.err
}

// productOfHalves scales a by the products of channels that stand elsewhere.
func productOfHalves(a, b *G.Node) (*G.Node, error) {
	var c chain
	y := c.do(Permute(c.do(halves(a, b)), []int{1, 3, 2, 0}))
	gain := c.do(apply(DotOp{[]int{4}}, y, c.do(Permute(b, []int{2, 0, 3, 1}))))
	return c.do(Tanh(c.do(ChannelAffine(a, gain, c.do(ChannelSum(y)))))), c.err
}

func reshapedThereAndBack(a *G.Node) (*G.Node, error) {
	flat, err := G.Reshape(a, tensor.Shape{8, 9})
	if err != nil {
		return nil, err
	}
	return G.Reshape(flat, tensor.Shape{2, 4, 3, 3})
}

// TestBufferReuse: sharing buffers changes no value. A program in which every node is an output shares none.
func TestBufferReuse(t *testing.T) {
	shared := int64(0)
	for seed := range uint64(60) {
		dt := []tensor.Dtype{tensor.Float32, tensor.Float64}[seed%2]
		nodes := randomGraph(t, rand.New(rand.NewPCG(seed, 0)), 45, dt)
		outputs := nodes[len(nodes)-3:]
		own, err := Compile(nodes...)
		check(t, err)
		reusing, err := Compile(outputs...)
		check(t, err)
		for range 2 { // a second run meets the first one's leftovers
			check(t, own.Run(context.Background()))
			check(t, reusing.Run(context.Background()))
		}
		for _, n := range outputs {
			near(t, fmt.Sprintf("seed %d, node %v", seed, n), refOf(t, reusing.Value(n)), refOf(t, own.Value(n)), 0)
		}
		if reusing.Bytes() > own.Bytes() {
			t.Errorf("seed %d: %d bytes shared, %d bytes not", seed, reusing.Bytes(), own.Bytes())
		}
		shared += own.Bytes() - reusing.Bytes()
	}
	if shared == 0 {
		t.Error("no program shared a buffer, so nothing was tested")
	}
}

// chainOf is x → tanh → exp → tanh ... n times, which needs one buffer.
func chainOf(t *testing.T, x *G.Node, n int) *G.Node {
	t.Helper()
	var c chain
	for i := range n {
		if i%2 == 0 {
			x = c.do(Tanh(x))
		} else {
			x = c.do(Exp(x))
		}
	}
	check(t, c.err)
	return x
}

func TestBytes(t *testing.T) {
	g := G.NewGraph()
	y := chainOf(t, leaf(g, "x", newRef(10, 10), tensor.Float32), 20)
	p, err := Compile(y)
	check(t, err)
	if p.Bytes() != 4*100 {
		t.Errorf("a chain of pointwise ops on 100 float32 holds %d bytes, want 400", p.Bytes())
	}
}

// TestRebinding: leaves may be bound anew between runs, in any layout.
func TestRebinding(t *testing.T) {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 2, G.WithShape(2, 3), G.WithName("x"))
	y, err := Scale(x, 2)
	check(t, err)
	p, err := Compile(y, x)
	check(t, err)
	if err := p.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "leaf x: no value") {
		t.Errorf("running without a value: %v", err)
	}
	want := ref{[]int{2, 3}, []float64{2, 4, 6, 8, 10, 12}}
	straight := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	turned := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 4, 2, 5, 3, 6}))
	check(t, turned.T())
	wide := tensor.New(tensor.WithShape(2, 5), tensor.WithBacking([]float32{9, 1, 2, 3, 9, 9, 4, 5, 6, 9}))
	view, err := wide.Slice(nil, G.S(1, 4))
	check(t, err)
	for name, v := range map[string]tensor.Tensor{"straight": straight, "transposed": turned, "view": view} {
		check(t, G.Let(x, v))
		check(t, p.Run(context.Background()))
		near(t, name, refOf(t, p.Value(y)), want, 0)
		near(t, name+" leaf", refOf(t, p.Value(x)), ref{want.shape, []float64{1, 2, 3, 4, 5, 6}}, 0)
	}
	check(t, G.Let(x, straight))
	straight.Float32s()[5] = 7 // the memory is shared, not copied
	check(t, p.Run(context.Background()))
	if got := p.Value(y).Float32s()[5]; got != 14 {
		t.Errorf("after writing 7 into the bound tensor 2x is %v", got)
	}
}

// TestWrongShape: G.Let looks at the shape, but a tensor may be turned around afterwards.
func TestWrongShape(t *testing.T) {
	g := G.NewGraph()
	v := newRef(2, 3).value(tensor.Float32).(*tensor.Dense)
	x := G.NewTensor(g, tensor.Float32, 2, G.WithShape(2, 3), G.WithName("picture"), G.WithValue(v))
	p, err := Compile(G.Must(Exp(x)))
	check(t, err)
	check(t, v.Reshape(3, 2))
	err = p.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "picture: the bound value is (3,2), the node (2,3)") {
		t.Errorf("binding (3,2): error %v", err)
	}
}

func TestCompileErrors(t *testing.T) {
	if _, err := Compile(); err == nil {
		t.Error("no error without outputs")
	}
	if _, err := Compile(nil); err == nil {
		t.Error("no error for a nil output")
	}
	if _, err := Compile(G.NewConstant(1.0)); err == nil {
		t.Error("no error for a node without a graph")
	}
}

// TestValueOfOthers: a node outside of the program, and one whose buffer another value may have by now.
func TestValueOfOthers(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", newRef(2), tensor.Float32)
	y := G.Must(Exp(x))
	p, err := Compile(G.Must(Tanh(y)))
	check(t, err)
	for _, n := range []*G.Node{G.Must(Atan(x)), y} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v: no panic", n)
				}
			}()
			p.Value(n)
		}()
	}
}

// stopOp cancels a context, or panics.
type stopOp struct {
	UnaryOp
	stop func()
}

func (p stopOp) Float32(c *Call[float32]) { p.stop() }

func stopping(t *testing.T, stop func()) *Program {
	t.Helper()
	g := G.NewGraph()
	x := leaf(g, "x", newRef(2), tensor.Float32)
	y, err := apply(stopOp{UnaryOp{Func: "relu"}, stop}, x)
	check(t, err)
	z, err := Exp(y)
	check(t, err)
	p, err := Compile(z)
	check(t, err)
	return p
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p := stopping(t, cancel)
	if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled in the first of two steps, Run says %v", err)
	}
}

// An op that does not end in time is left behind, and Settle waits for it.
func TestPromptRunLeavesALongOpBehind(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	release, ended := make(chan struct{}), false
	p := stopping(t, func() { cancel(); <-release; ended = true })
	if err := p.RunPromptly(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("canceled in an op that does not end, RunPromptly says %v", err)
	}
	close(release)
	p.Settle()
	if !ended {
		t.Error("Settle did not wait for the run")
	}
}

func TestPanicBecomesError(t *testing.T) {
	p := stopping(t, func() { panic("out of luck") })
	err := p.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "out of luck") || !strings.Contains(err.Error(), "relu at node") {
		t.Errorf("a panic in an op made %v", err)
	}
}

// TestNoAllocation: after the first run, what our ops allocate does not grow with the sizes of the values.
func TestNoAllocation(t *testing.T) {
	g := G.NewGraph()
	cost, params := trainingCost(t, g, stepSize{batch: 2, channels: 6, hidden: 9, side: 40})
	grads, err := G.Grad(cost, params...)
	check(t, err)
	p, err := Compile(append(grads, cost)...)
	check(t, err)
	check(t, p.Run(context.Background()))
	var before, after runtime.MemStats
	const runs = 10
	runtime.ReadMemStats(&before)
	for range runs {
		check(t, p.Run(context.Background()))
	}
	runtime.ReadMemStats(&after)
	perStep := int(after.TotalAlloc-before.TotalAlloc) / runs / len(p.steps)
	t.Logf("%d steps, %d bytes allocated per step and run, buffers %d KiB", len(p.steps), perStep, p.Bytes()>>10)
	if perStep > 1024 {
		t.Errorf("%d bytes allocated per step and run", perStep)
	}
}

// TestReproducible: a second run gives the same bits.
func TestReproducible(t *testing.T) {
	cost, params := trainingCost(t, G.NewGraph(), stepSize{batch: 3, channels: 10, hidden: 17, side: 24})
	grads, err := G.Grad(cost, params...)
	check(t, err)
	p, err := Compile(grads...)
	check(t, err)
	var first []ref
	for run := range 4 {
		check(t, p.Run(context.Background()))
		for i, g := range grads {
			if v := refOf(t, p.Value(g)); run == 0 {
				first = append(first, v)
			} else {
				near(t, fmt.Sprintf("run %d, gradient of %s", run, params[i].Name()), v, first[i], 0)
			}
		}
	}
}
