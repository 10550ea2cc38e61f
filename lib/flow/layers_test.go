package flow

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// The parts of a model cost together what the whole does.
func TestLayersAddUpToTheModel(t *testing.T) {
	m, err := NewMSFlow(Config{Channels: []int{6, 10}, Blocks: []int{1, 2}, Cond: []int{8, 8}}, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	maps := []Map{{6, 8, 8}, {10, 4, 4}}
	layers, err := LayersOf(m, maps)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Summary(m, maps)
	if err != nil {
		t.Fatal(err)
	}
	if got := layers.Total(); got != whole {
		t.Errorf("the layers cost %+v, the model %+v", got, whole)
	}
	var names []string
	for _, l := range layers {
		names = append(names, l.Name)
	}
	if got, want := strings.Join(names, "; "), "scale 1, block 1: AllInOne; scale 2, block 1: AllInOne; scale 2, block 2: AllInOne; Fusion"; got != want {
		t.Errorf("%s instead of %s", got, want)
	}
}

func TestLayersFollowTheShapes(t *testing.T) {
	squeeze, err := NewSqueeze(2)
	if err != nil {
		t.Fatal(err)
	}
	permute, err := NewPermute(12, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := LayersOf(NewSequence(squeeze, permute), []Map{{3, 4, 6}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `layer             in (C,H,W)  out (C,H,W)  parameters  multiply-adds
block 1: Squeeze  (3,4,6)     (12,2,3)              0              0
block 2: Permute  (12,2,3)    (12,2,3)              0              0
in all                                              0              0
`
	if got := layers.String(); got != want {
		t.Errorf("got\n%s", got)
	}
	if _, err := LayersOf(NewSequence(permute), []Map{{3, 4, 6}}); err == nil || !strings.Contains(err.Error(), "(3,4,6)") {
		t.Errorf("a wrong shape: %v", err)
	}
}

func TestCostsReadWell(t *testing.T) {
	for n, want := range map[int64]string{0: "0 ", 999: "999 ", 1000: "1.0 k", 999_949: "999.9 k", 999_951: "1.0 M", 2_800_000: "2.8 M", 44_700_000_000: "44.7 G"} {
		if got := metric(n); got != want {
			t.Errorf("%d is %q, not %q", n, got, want)
		}
	}
}

// counted is the cost of the paper's flow by formula: learned numbers, and multiply-adds at sizes side×side.
func counted(channels, side []int) (params, mulAdds int) {
	conv := func(in, out, side int) {
		params += out*in*9 + out
		mulAdds += out * in * 9 * side * side
	}
	k := 0
	for i, c := range channels {
		h := c/2 + 64
		for range []int{2, 5, 8}[i] {
			params += 2*c + 2*h // global affine, LayerNorm
			conv(h, h, side[i])
			conv(h, c, side[i])
		}
		k += c / 2
	}
	hidden := k / 4
	for range 2 {
		params += 2 * hidden
		conv(k, hidden, side[2])
		conv(hidden, k, side[2])
		for i, c := range channels {
			conv(c/2, c/2, side[i])
			conv(c/2, c/2, side[i])
		}
	}
	return params, mulAdds
}

// TestSummaryOfPublishedSize: the formula gives the published 99.6 M parameters and 44.7 GMAC for wide_resnet50_2 at
// 512×512, and Summary agrees with it for the smallest backbone.
func TestSummaryOfPublishedSize(t *testing.T) {
	side := []int{64, 32, 16}
	params, mulAdds := counted([]int{256, 512, 1024}, side)
	if math.Abs(float64(params)-99.6e6) > 0.05e6 || math.Abs(float64(mulAdds)-44.7e9) > 0.05e9 {
		t.Errorf("the formula gives %d parameters and %d multiply-adds for wide_resnet50_2", params, mulAdds)
	}
	lite0 := []int{24, 40, 112}
	m := must(NewMSFlow(Config{Channels: lite0, Sizes: [][2]int{{64, 64}, {32, 32}, {16, 16}}}, rand.New(rand.NewPCG(1, 1))))(t)
	c := must(Summary(m, m.Maps()))(t)
	if params, mulAdds = counted(lite0, side); c.Params != params || c.MulAdds != int64(mulAdds) {
		t.Errorf("%d parameters and %d multiply-adds, the formula gives %d and %d", c.Params, c.MulAdds, params, mulAdds)
	}
	if want := 2*24 + 5*40 + 8*112 + 24 + 40 + 112; c.State != want {
		t.Errorf("%d numbers of state, want the %d of the permutations", c.State, want)
	}
	if c.String() != "2.8 M parameters, 1.6 GMAC" {
		t.Errorf("reads %q", c)
	}
}

// TestSummaryCountsGroups: a 1×1 convolution in groups of four, as in Haar, costs four multiply-adds for each value.
func TestSummaryCountsGroups(t *testing.T) {
	if c := must(Summary(NewHaar(false), []Map{{3, 4, 2}}))(t); c.MulAdds != 3*4*2*4 || c.Params != 0 {
		t.Errorf("Haar costs %+v", c)
	}
}
