package simd

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// bottleneckCases are a block's channels and the shape of its depthwise convolution.
var bottleneckCases = []struct {
	in, wide, out int
	expand, add   bool
	s             ConvShape // without channels
}{
	{16, 96, 24, true, false, convCase(2, 1, 20, 22, 1, 3, 3, 2, 2, 0, 1, 0, 1)},
	{24, 50, 24, true, true, convCase(3, 1, 17, 19, 1, 3, 3, 1, 1, 1, 1, 1, 1)},
	{7, 13, 5, true, false, convCase(1, 1, 33, 35, 1, 5, 5, 2, 2, 2, 2, 2, 2)},
	{9, 31, 9, true, true, convCase(2, 1, 16, 16, 1, 5, 5, 1, 1, 2, 2, 2, 2)},
	{32, 32, 16, false, false, convCase(2, 1, 40, 36, 1, 3, 3, 1, 1, 1, 1, 1, 1)},
	{6, 6, 6, false, true, convCase(1, 1, 5, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1)},
	{4, 8, 3, true, false, convCase(1, 1, 1, 1, 1, 5, 5, 1, 1, 2, 2, 2, 2)},
	{16, 96, 24, true, false, convCase(1, 1, 130, 132, 1, 3, 3, 2, 2, 0, 1, 0, 1)}, // several bands
	{5, 9, 4, true, false, convCase(1, 1, 20, 21, 1, 3, 3, 3, 3, 1, 1, 1, 1)},
}

func bottleneck(i int) (*Bottleneck, ConvShape, []float32) {
	c := bottleneckCases[i]
	r := rand.New(rand.NewPCG(31, uint64(i)))
	s := c.s
	s.Cin, s.Cout, s.Groups = c.wide, c.wide, c.wide
	b := &Bottleneck{In: c.in, Wide: c.wide, Out: c.out, Lo: -0.25, Hi: 1.5, Add: c.add,
		Depth: guarded(s.lenW(), r), DepthBias: guarded(c.wide, r), Project: guarded(c.out*c.wide, r), OutputBias: guarded(c.out, r)}
	if c.expand {
		b.Expand, b.ExpandBias = guarded(c.wide*c.in, r), guarded(c.wide, r)
	}
	return b, s, guarded(s.B*c.in*s.H*s.W, r)
}

// TestInvertedBottleneck compares the fused block with its three convolutions, one after the other.
func TestInvertedBottleneck(t *testing.T) {
	for i := range bottleneckCases {
		b, s, x := bottleneck(i)
		oh, ow := s.Out()
		n := s.B * b.Out * oh * ow
		plainY := make([]float32, n)
		plainBottleneck(plainY, x, b, s)
		want := make([]float64, n)
		for k, v := range plainY {
			want[k] = float64(v)
		}
		var first []float32
		name := ""
		eachVariant(t, func(t *testing.T) {
			y := guarded(n, rand.New(rand.NewPCG(1, 1)))
			InvertedBottleneck(y, x, b, s)
			checkGuards(t, "y", y)
			if e := relative(y, want); !(e < 1e-6) {
				t.Errorf("%v: relative error %.2g", s, e)
			}
			if active.name == name && !slices.Equal(y, first) {
				t.Errorf("%v: another number of threads gives other bits", s)
			}
			first, name = y, active.name
		})
	}
}

// TestBottleneckOfBatch compares a batch with its images alone: the same bits.
func TestBottleneckOfBatch(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		b, s, x := bottleneck(0)
		oh, ow := s.Out()
		size := b.Out * oh * ow
		y, alone := make([]float32, s.B*size), make([]float32, size)
		InvertedBottleneck(y, x, b, s)
		batch := s.B
		s.B = 1
		for i := range batch {
			InvertedBottleneck(alone, x[i*b.In*s.H*s.W:], b, s)
			if !slices.Equal(alone, y[i*size:(i+1)*size]) {
				t.Errorf("image %d differs from that of the batch", i)
			}
		}
	})
}

func TestBottleneckRefuses(t *testing.T) {
	b, s, x := bottleneck(1)
	oh, ow := s.Out()
	y := make([]float32, s.B*b.Out*oh*ow)
	mustPanic(t, "a short output", func() { InvertedBottleneck(y[1:], x, b, s) })
	other := *b
	other.Out--
	mustPanic(t, "an addition of other channels", func() { InvertedBottleneck(y, x, &other, s) })
	other = *b
	other.Project = b.Project[1:]
	mustPanic(t, "short weights", func() { InvertedBottleneck(y, x, &other, s) })
	s.Groups = 1
	mustPanic(t, "a convolution that is not depthwise", func() { InvertedBottleneck(y, x, b, s) })
}

// TestFinish compares convolutions that clamp and add by themselves with passes of their own; what is not a number stays.
func TestFinish(t *testing.T) {
	shapes := append(slices.Clone(lawShapes), convCase(1, 3, 5, 5, 2, 1, 1), convCase(2, 300, 9, 9, 15, 1, 1), same(1, 70, 9, 5))
	eachVariant(t, func(t *testing.T) {
		for _, s := range shapes {
			p := problem(s)
			p.x[len(p.x)/2] = float32(math.NaN())
			want, got := make([]float32, s.lenY()), guarded(s.lenY(), rand.New(rand.NewPCG(7, 8)))
			Conv2D(want, p.x, p.w, p.bias, s)
			then := Finish{Clamp: true, Lo: -0.5, Hi: 0.75}
			if s.pointwise() {
				then.Add = true
				Add(want, want, got)
			}
			Clamp(want, want, then.Lo, then.Hi)
			Conv2DThen(got, p.x, p.w, p.bias, s, then)
			checkGuards(t, "y", got)
			for i := range want {
				if d := math.Abs(float64(got[i] - want[i])); !(d < 1e-5) && (got[i] == got[i] || want[i] == want[i]) {
					t.Fatalf("%v: y[%d] = %g, with passes of their own %g", s, i, got[i], want[i])
				}
			}
		}
	})
	s := same(1, 3, 8, 3)
	mustPanic(t, "an addition to a convolution of 3×3", func() {
		Conv2DThen(make([]float32, s.lenY()), random(s.lenX()), random(s.lenW()), nil, s, Finish{Add: true})
	})
}
