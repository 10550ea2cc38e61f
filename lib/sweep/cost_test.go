package sweep

import (
	"testing"
)

// flags are a point of the given flags, in pairs.
func flags(pairs ...string) Point {
	p := Point{Flags: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		p.Flags[pairs[i]] = pairs[i+1]
	}
	return p
}

// The nearest points count, and time grows with pixels, epochs and images.
func TestExpect(t *testing.T) {
	cost := func(seconds float64) Cost { return Cost{Seconds: seconds, PeakBytes: 1 << 30, Threads: 1} }
	known := []Measured{
		{flags("model", "msflow", "size", "64", "epochs", "10", "class", "a"), cost(10), "f"},
		{flags("model", "msflow", "size", "64", "epochs", "10", "class", "b"), cost(14), "f"},
		{flags("model", "msflow", "size", "64", "epochs", "10", "blocks", "1"), cost(99), "f"},
		{flags("model", "padim", "counts", "8,4,4"), cost(3), "f"},
	}
	for _, c := range []struct {
		p       Point
		seconds float64
		memory  uint64
		like    int
		scaled  bool
	}{
		{flags("model", "msflow", "size", "64", "epochs", "10", "seed", "2"), 12, 1 << 30, 2, false},
		{flags("model", "msflow", "size", "64x128", "epochs", "20"), 48, 2 << 30, 2, true},
		{flags("model", "msflow", "size", "32", "epochs", "10"), 3, 1 << 30, 2, true}, // some memory is there in any case
		{flags("model", "padim", "counts", "24,4,4"), 6, 2 << 30, 1, true},
		{flags("model", "knn"), 0, 0, 0, false},
	} {
		e := Expect(c.p, known)
		if e.Seconds != c.seconds || e.PeakBytes != c.memory || len(e.Like) != c.like || e.Scaled != c.scaled {
			t.Errorf("%v: %+v", c.p.Args(), e)
		}
	}
	shard := Point{Command: predict, Flags: map[string]string{"run": "r", "images": "i", "shard": "1/4"}}
	half := Point{Command: predict, Flags: map[string]string{"run": "r", "images": "i", "shard": "2/2"}}
	if e := Expect(half, []Measured{{shard, cost(5), "f"}}); e.Seconds != 10 {
		t.Errorf("%+v", e)
	}
}

// What an interrupted run took is not forgotten.
func TestSpend(t *testing.T) {
	f, p := Folder(t.TempDir()), flags("class", "gear")
	if err := f.Prepare(&Plan{Points: []Point{p}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Cost(p); err == nil {
		t.Error("a point that never ran has a cost")
	}
	for _, c := range []Cost{{3, 200, 1}, {4, 100, 2}} {
		if err := f.Spend(p, c); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := f.Cost(p); err != nil || c != (Cost{7, 200, 2}) {
		t.Errorf("%+v, %v", c, err)
	}
}
