package datasets

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// drawingHashes are of each class's first training picture and first flawed pictures at 48×40, by seed 5. They change when
// the drawing changes, and must not when the machine does.
var drawingHashes = map[string]string{
	"gear":    "30332e6968112329",
	"blister": "168efe5fb8337645",
	"fabric":  "c32265629a1a2c3b",
	"leather": "0638a3d4ca695728",
	"mesh":    "1d26122ed3e4723c",
	"metal":   "4e98a3e1aeb0c5da",
	"tile":    "d6c43daca3224930",
	"wood":    "61ad98f38071f933",
}

// hashOf is a fingerprint of the set's pixels and masks.
func hashOf(t *testing.T, set Set) string {
	t.Helper()
	h := sha256.New()
	for _, s := range set {
		im, mask, err := s.Load(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(im.Pix)
		h.Write(mask.Pix)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

func TestSyntheticIsTheSameEverywhere(t *testing.T) {
	for _, class := range SyntheticClasses() {
		d, err := Synthetic(Class(class), SizeHW(40, 48), Seed(5), Counts(1, 0, 10))
		if err != nil {
			t.Fatal(err)
		}
		if got := hashOf(t, slices.Concat(d.Train, d.Test)); got != drawingHashes[class] {
			t.Errorf("%s: hash %s, want %s", class, got, drawingHashes[class])
		}
	}
}

func TestSyntheticSeedDecides(t *testing.T) {
	hash := func(opts ...Option) string {
		d, err := Synthetic(append(opts, Class("blister"), Size(32), Counts(2, 1, 1))...)
		if err != nil {
			t.Fatal(err)
		}
		return hashOf(t, slices.Concat(d.Train, d.Test))
	}
	if a, b, c := hash(Seed(1)), hash(Seed(1)), hash(Seed(2)); a != b || a == c {
		t.Errorf("hashes %s, %s and, with another seed, %s", a, b, c)
	}
}

// The mask is where the picture differs from the same one without flaw: each marked pixel, and no other.
func TestSyntheticMasksAreExact(t *testing.T) {
	for _, p := range products {
		for i := range 2 * len(p.flaws) {
			d := &drawing{product: p, seeds: []uint64{uint64(i), 9}, defect: p.flaws[i%len(p.flaws)], w: 56, h: 64}
			flawed, mask, err := d.draw()
			if err != nil {
				t.Fatal(err)
			}
			d.defect = Good
			clean, none, _ := d.draw()
			if none.Area() != 0 || mask.Area() == 0 {
				t.Fatalf("%s %s: %d pixels marked, %d on the clean picture", p.name, d.defect, mask.Area(), none.Area())
			}
			for k, marked := range mask.Pix {
				differs := !slices.Equal(flawed.Pix[3*k:3*k+3], clean.Pix[3*k:3*k+3])
				if differs != (marked == 1) {
					t.Fatalf("%s %s: pixel %d differs: %v, marked: %d", p.name, p.flaws[i%len(p.flaws)], k, differs, marked)
				}
			}
		}
	}
}

// A flaw must be seen: the marked pixels differ by more than the sensor's noise, in the mean, and are of all sizes.
func TestSyntheticFlawsAreVisibleAndOfAllSizes(t *testing.T) {
	const side = 96
	smallest, largest := 1.0, 0.0
	for _, p := range products {
		for i := range 4 * len(p.flaws) {
			d := &drawing{product: p, seeds: []uint64{uint64(i), 3}, defect: p.flaws[i%len(p.flaws)], w: side, h: side}
			flawed, mask, err := d.draw()
			if err != nil {
				t.Fatal(err)
			}
			share := float64(mask.Area()) / (side * side)
			smallest, largest = min(smallest, share), max(largest, share)
			name := d.defect
			d.defect = Good
			clean, _, _ := d.draw()
			if contrast := meanDifference(flawed.Pix, clean.Pix) / share; contrast < 8 {
				t.Errorf("%s %s (%d): %d pixels differ by %.1f levels in the mean", p.name, name, i, mask.Area(), contrast)
			}
		}
	}
	t.Logf("flaws cover %.5f to %.3f of the picture", smallest, largest)
	if smallest > 8.0/(side*side) || largest < 0.15 || largest > 0.35 {
		t.Errorf("flaws cover %.5f to %.3f of the picture", smallest, largest)
	}
}

func meanDifference(a, b []uint8) (mean float64) {
	for i, v := range a {
		mean += float64(max(v, b[i])-min(v, b[i])) / float64(len(a))
	}
	return mean
}

func TestSyntheticDefaults(t *testing.T) {
	d, err := Open("synthetic", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Train) != 60 || len(d.Test) != 40 || d.Test.Anomalous() != 20 || d.Train.Anomalous() != 0 || d.H != 256 || d.W != 256 {
		t.Errorf("%d train, %d test, %d of them anomalous, %d×%d", len(d.Train), len(d.Test), d.Test.Anomalous(), d.H, d.W)
	}
	if got, want := d.Test.Defects(), slices.Sorted(slices.Values(products[0].flaws)); !slices.Equal(got, want) {
		t.Errorf("defects %v, want all of %v", got, want)
	}
	if _, err := Check(context.Background(), d, Pixels); err != nil || !d.Test.HasMasks() {
		t.Errorf("check: %v, masks: %v", err, d.Test.HasMasks())
	}
	names := map[string]bool{}
	for _, s := range slices.Concat(d.Train, d.Test) {
		names[s.Name] = true
	}
	if len(names) != 100 {
		t.Errorf("%d different names", len(names))
	}
}

func TestSyntheticErrors(t *testing.T) {
	for _, c := range []struct {
		opt  Option
		want string
	}{
		{Class("bottle"), "one of gear, blister"},
		{Size(8), "too few"},
		{Counts(0, 1, 1), "at least one"},
		{Split("x"), "Split does not apply"},
	} {
		if _, err := Synthetic(c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// What a caller does with a loaded picture must not show in the next one.
func TestLoadedPicturesAreTheCallers(t *testing.T) {
	d, err := Synthetic(Size(32), Counts(1, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	before := hashOf(t, d.Test)
	im, mask, _ := d.Test[0].Load(32, 32)
	clear(im.Pix)
	clear(mask.Pix)
	if hashOf(t, d.Test) != before {
		t.Error("clearing a loaded picture changed the data set")
	}
}

func TestHoldOutAndShuffle(t *testing.T) {
	set := numberedSet(10)
	rest, held := set.HoldOut(0.25, 1)
	if len(rest) != 7 || len(held) != 3 {
		t.Errorf("held %d of 10, %d rest", len(held), len(rest))
	}
	all := names(slices.Concat(rest, held, set.Shuffled(4)))
	slices.Sort(all)
	for i, name := range all {
		if name != fmt.Sprint(i/2) {
			t.Fatalf("not each sample once in both: %v", all)
		}
	}
	if slices.Equal(names(set.Shuffled(4)), names(set)) || !slices.Equal(names(set.Shuffled(4)), names(set.Shuffled(4))) {
		t.Error("Shuffled does not follow its seed")
	}
}

func TestContactSheet(t *testing.T) {
	d, err := Synthetic(Size(32), Counts(1, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := ContactSheet(slices.Concat(d.Train, d.Test), 2, 32)
	if err != nil {
		t.Fatal(err)
	}
	if b := sheet.Bounds(); b.Dx() != 2*34+2 || b.Dy() != 34+2 {
		t.Errorf("size %v", b)
	}
	red := func(x0 int) (n int) {
		for y := range 36 {
			for x := range 34 {
				if r, g, b, _ := sheet.At(x0+x, y).RGBA(); r == 0xffff && g == 0 && b == 0 {
					n++
				}
			}
		}
		return n
	}
	if red(0) != 0 || red(35) == 0 {
		t.Errorf("%d red pixels on the normal picture, %d on the anomalous", red(0), red(35))
	}
	if _, err := ContactSheet(Files("testdata/none.png"), 1, 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, p := range products {
		b.Run(p.name, func(b *testing.B) {
			d := &drawing{product: p, seeds: []uint64{1}, defect: Good, w: 256, h: 256}
			for b.Loop() {
				d.draw()
			}
		})
	}
}
