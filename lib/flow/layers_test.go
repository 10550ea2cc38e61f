package flow

import (
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
