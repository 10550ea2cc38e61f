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

	"github.com/msflow-go/msflow/datasets/internal/painter"
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

func TestSyntheticDefaults(t *testing.T) {
	d, err := Open("synthetic", "")
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Train) != 60 || len(d.Test) != 40 || d.Test.Anomalous() != 20 || d.Train.Anomalous() != 0 || d.H != 256 || d.W != 256 {
		t.Errorf("%d train, %d test, %d of them anomalous, %d×%d", len(d.Train), len(d.Test), d.Test.Anomalous(), d.H, d.W)
	}
	if got, want := d.Test.Defects(), slices.Sorted(slices.Values(painter.Flaws("gear"))); !slices.Equal(got, want) {
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
