package op

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestShapeErrors: an error names the op and the shapes that do not fit.
func TestShapeErrors(t *testing.T) {
	g := G.NewGraph()
	n := func(shape ...int) *G.Node {
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(fmt.Sprint(shape)))
	}
	x := n(2, 3, 8, 6)
	flat := n(3)
	for _, c := range []struct {
		build func() (*G.Node, error)
		want  []string
	}{
		{func() (*G.Node, error) { return Conv2D(x, n(4, 2, 3, 3), nil, Conv{}) }, []string{"Conv2D", "(2,3,8,6)", "(4,2,3,3)"}},
		{func() (*G.Node, error) { return Conv2D(x, n(4, 3, 9, 3), nil, Conv{}) }, []string{"Conv2D", "(2,3,8,6)", "(4,3,9,3)"}},
		{func() (*G.Node, error) { return Conv2D(x, n(4, 3, 3, 3), n(5), Conv{}) }, []string{"Conv2D", "(5)", "(4,3,3,3)"}},
		{func() (*G.Node, error) { return Conv2D(x, n(4, 1, 3, 3), nil, Conv{Groups: 3}) }, []string{"Conv2D", "(4,1,3,3)", "3 groups"}},
		{func() (*G.Node, error) { return Conv2D(x, n(4, 3), nil, Conv{}) }, []string{"Conv2D", "(4,3)"}},
		{func() (*G.Node, error) { return LayerNorm(x, flat, n(4), 1e-5) }, []string{"LayerNorm", "(2,3,8,6)", "bias", "(4)"}},
		{func() (*G.Node, error) { return Add(x, n(2, 3, 8, 5)) }, []string{"add", "(2,3,8,6)", "(2,3,8,5)"}},
		{func() (*G.Node, error) { return Mul(x, flat) }, []string{"mul", "(2,3,8,6)", "(3)"}},
		{func() (*G.Node, error) { return ChannelAffine(x, n(4), nil) }, []string{"ChannelAffine", "(2,3,8,6)", "(4)"}},
		{func() (*G.Node, error) { return Concat(x, n(3, 3, 8, 6)) }, []string{"Concat", "(2,3,8,6)", "(3,3,8,6)"}},
		{func() (*G.Node, error) { return Concat(x, n(2, 3, 8, 7)) }, []string{"Concat", "(2,3,8,6)", "(2,3,8,7)"}},
		{func() (*G.Node, error) { return Concat() }, []string{"Concat", "no inputs"}},
		{func() (*G.Node, error) { return SliceChannels(x, 1, 4) }, []string{"SliceChannels 1..4", "(2,3,8,6)"}},
		{func() (*G.Node, error) { return Permute(x, []int{1, 0}) }, []string{"Permute of 2", "(2,3,8,6)"}},
		{func() (*G.Node, error) { return AvgPool(x, 7, 1, 0) }, []string{"(2,3,8,6)", "window of 7"}},
		{func() (*G.Node, error) { return MaxPool(x, 7, 1, 0) }, []string{"MaxPool", "(2,3,8,6)", "window of 7"}},
		{func() (*G.Node, error) { return ReflectPad(x, 8, 0, 0, 0) }, []string{"reflect", "(2,3,8,6)", "mirror 8"}},
		{func() (*G.Node, error) { return Resize(flat, 2, 2) }, []string{"linear", "(B,C,H,W)"}},
		{func() (*G.Node, error) { return SpaceToDepth(x, 4) }, []string{"SpaceToDepth", "(2,3,8,6)", "4×4"}},
		{func() (*G.Node, error) { return DepthToSpace(x, 2) }, []string{"DepthToSpace", "(2,3,8,6)", "2×2"}},
		{func() (*G.Node, error) { return BatchVar(x, n(2)) }, []string{"BatchVar", "(2,3,8,6)", "(2)"}},
		{func() (*G.Node, error) { return SumPerSample(n()) }, []string{"SumPerSample", "batch"}},
		{func() (*G.Node, error) { return ChannelSum(flat) }, []string{"ChannelSum", "channel"}},
		{func() (*G.Node, error) { return Exp(nil) }, []string{"exp", "nil"}},
		{func() (*G.Node, error) {
			return Add(x, G.NewTensor(g, tensor.Float64, 4, G.WithShape(2, 3, 8, 6), G.WithName("double")))
		}, []string{"float32", "float64", "double"}},
		{func() (*G.Node, error) {
			return Exp(G.NewTensor(g, tensor.Int, 1, G.WithShape(2), G.WithName("count")))
		}, []string{"exp", "count", "int"}},
	} {
		_, err := c.build()
		if err == nil {
			t.Errorf("no error that says %q", c.want)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("error %q does not say %q", err, w)
			}
		}
	}
}

// TestMisuse: the documented panics.
func TestMisuse(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", newRef(1, 2, 4, 4), tensor.Float32)
	for name, f := range map[string]func(){
		"repeated channel":  func() { _, _ = Permute(x, []int{0, 0}) },
		"β of zero":         func() { _, _ = Softplus(x, 0) },
		"limits crossed":    func() { _, _ = Clamp(x, 1, 0) },
		"eps of zero":       func() { _, _ = LayerNorm(x, x, x, 0) },
		"negative stride":   func() { _, _ = Conv2D(x, x, nil, Conv{Stride: [2]int{-1, 1}}) },
		"window of zero":    func() { _, _ = AvgPool(x, 0, 1, 0) },
		"empty max windows": func() { _, _ = MaxPool(x, 3, 1, 2) },
		"no pixels":         func() { _, _ = Resize(x, 0, 3) },
		"negative padding":  func() { _, _ = ReflectPad(x, 0, -1, 0, 0) },
		"blocks of zero":    func() { _, _ = SpaceToDepth(x, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestHash: the same op on the same inputs is the same node; another parameter makes another node.
func TestHash(t *testing.T) {
	builders := func(x *G.Node, w *G.Node) []func() (*G.Node, error) {
		return []func() (*G.Node, error){
			func() (*G.Node, error) { return Conv2D(x, w, nil, Conv{}) },
			func() (*G.Node, error) { return Conv2D(x, w, nil, Conv{Groups: 1, Pad: [4]int{0, 0, 1, 1}}) },
			func() (*G.Node, error) { return Conv2D(x, w, nil, Conv{Groups: 1, Pad: [4]int{1, 1, 0, 0}}) },
			func() (*G.Node, error) { return SliceChannels(x, 0, 10) },
			func() (*G.Node, error) { return SliceChannels(x, 256, 266) },
			func() (*G.Node, error) { return SliceChannels(x, 1, 11) },
			func() (*G.Node, error) { return Permute(x, reversal(300)) },
			func() (*G.Node, error) { p := reversal(300); p[0], p[299] = p[299], p[0]; return Permute(x, p) },
			func() (*G.Node, error) { return Scale(x, 1e-5) },
			func() (*G.Node, error) { return Scale(x, 1.00000001e-5) },
			func() (*G.Node, error) { return AddConst(x, 1e-5) },
			func() (*G.Node, error) { return Exp(x) },
			func() (*G.Node, error) { return Clamp(x, -1, 1) },
			func() (*G.Node, error) { return Clamp(x, -1, 2) },
			func() (*G.Node, error) { return Resize(x, 4, 4) },
			func() (*G.Node, error) { return AdaptiveAvgPool(x, 4, 4) },
			func() (*G.Node, error) { return AvgPool(x, 2, 1, 1) },
			func() (*G.Node, error) { return MaxPool(x, 2, 1, 1) },
			func() (*G.Node, error) { return SumAll(x) },
			func() (*G.Node, error) { return SumPerSample(x) },
			func() (*G.Node, error) { return Add(x, x) },
			func() (*G.Node, error) { return Sub(x, x) },
			func() (*G.Node, error) { return Concat(x, x) },
		}
	}
	g := G.NewGraph()
	x, w := leaf(g, "x", newRef(1, 300, 3, 3), tensor.Float32), leaf(g, "w", newRef(4, 300, 1, 1), tensor.Float32)
	seen := map[*G.Node]int{}
	for i, b := range builders(x, w) {
		n, err := b()
		check(t, err)
		again, err := b()
		check(t, err)
		if n != again {
			t.Errorf("%v made twice is two nodes", n.Op())
		}
		if j, ok := seen[n]; ok {
			t.Errorf("builders %d and %d make the same node %v", j, i, n.Op())
		}
		seen[n] = i
	}
}

func reversal(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = n - 1 - i
	}
	return p
}

// TestHashCollision: two inputs whose hashes collide are still two inputs. Gorgonia by itself takes the second op for the
// first one, as the test shows with its own Neg.
func TestHashCollision(t *testing.T) {
	g := G.NewGraph()
	first, second := collidingNames(t, leaf(g, "any", newRef(2), tensor.Float32))
	a, b := leaf(g, first, ref{[]int{2}, []float64{1, 2}}, tensor.Float32), leaf(g, second, ref{[]int{2}, []float64{3, 4}}, tensor.Float32)
	if a == b || a.Hashcode() != b.Hashcode() {
		t.Fatalf("%q and %q do not collide", first, second)
	}
	na, nb := G.Must(G.Neg(a)), G.Must(G.Neg(b))
	if na != nb {
		t.Log("Gorgonia tells colliding nodes apart by now: salt in apply may go")
	}
	ya, err := Scale(a, 2)
	check(t, err)
	yb, err := Scale(b, 2)
	check(t, err)
	if ya == yb {
		t.Fatal("ops on different inputs became one node")
	}
	near(t, "second op", compute(t, yb), ref{[]int{2}, []float64{6, 8}}, 1e-6)
}

// collidingNames finds two names for leaves like n that hash equally: among 2¹⁹ random ones some 30 pairs do.
func collidingNames(t *testing.T, n *G.Node) (string, string) {
	prefix := fmt.Sprintf("%v%v", n.Type(), n.Shape())
	rng := testRand()
	seen := make(map[uint32]string, 1<<19)
	for range 1 << 19 {
		name := strconv.FormatUint(rng.Uint64(), 36)
		h := fnv.New32a()
		h.Write([]byte(prefix + name + "\x00"))
		if other, ok := seen[h.Sum32()]; ok {
			return other, name
		}
		seen[h.Sum32()] = name
	}
	t.Fatal("no collision found")
	return "", ""
}

// TestSecondDerivative: the gradients of linear ops have gradients of their own.
func TestSecondDerivative(t *testing.T) {
	for _, l := range []law{convLaws()[4], convLaws()[6], channelLaws()[0], channelLaws()[2], resampleLaws()[0], blockLaws()[0], affineLaws()[0]} {
		t.Run(l.name, func(t *testing.T) {
			for i := range l.in {
				second := law{in: l.in, build: func(x []*G.Node) (*G.Node, error) {
					y, err := l.build(x)
					if err != nil {
						return nil, err
					}
					dx, err := y.Op().(*Op).SymDiff(x, y, y) // the gradient of ½Σy²
					if err != nil {
						return nil, err
					}
					return dx[i], nil
				}}
				second.checkGradient(t)
			}
		})
	}
}

// TestStepHasNoGradient: asking for one is an error, not a panic of Gorgonia's.
func TestStepHasNoGradient(t *testing.T) {
	g := G.NewGraph()
	x := leaf(g, "x", newRef(2), tensor.Float32)
	y, err := inside(x, 0, 1)
	check(t, err)
	_, err = y.Op().(*Op).SymDiff(G.Nodes{x}, y, y)
	if err == nil || !strings.Contains(err.Error(), "inside") {
		t.Errorf("error %v does not name the op", err)
	}
}
