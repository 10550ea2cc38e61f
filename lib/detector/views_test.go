package detector

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// fitViews trains for one pass and gives the detector with the line that says what was chosen.
func fitViews(t *testing.T, class, pool string, size, parts int) (*Detector, string, *datasets.Data) {
	t.Helper()
	data, err := datasets.Synthetic(datasets.Class(class), datasets.Size(size), datasets.Counts(parts, 4, 4))
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{Pool: pool, Blocks: []int{1, 1, 1}, Cond: 8})
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	if err := d.Fit(context.Background(), data.Train, Epochs(1), OnNote(func(line string) { said = line })); err != nil {
		t.Fatal(err)
	}
	return d, said, data
}

// An even cloth is looked at finely, a part with a shape by its place in the picture; the choice is kept with the detector.
func TestViewsFollowTheProduct(t *testing.T) {
	for _, c := range []struct {
		class string
		size  int
		want  string
	}{{"fabric", 128, fineViews}, {"gear", 256, localViews}} {
		class, want := c.class, c.want
		d, said, data := fitViews(t, class, "", c.size, 24)
		if d.Config.Pool != want || !strings.HasPrefix(said, want+" views") {
			t.Errorf("%s: %s views; it says %q", class, d.Config.Pool, said)
		}
		path := filepath.Join(t.TempDir(), "d.safetensors")
		if err := d.Save(path); err != nil {
			t.Fatal(err)
		}
		back, err := Load(path, "")
		if err != nil {
			t.Fatal(err)
		}
		a, err1 := d.Predict(context.Background(), data.Test[:2])
		b, err2 := back.Predict(context.Background(), data.Test[:2])
		if err1 != nil || err2 != nil || a[1].Score != b[1].Score {
			t.Errorf("%s: %v and %v from the file; %v, %v", class, a[1].Score, b[1].Score, err1, err2)
		}
	}
}

// Nothing is chosen where the user did, nor from a handful of parts.
func TestViewsThatWereChosen(t *testing.T) {
	for _, c := range []struct {
		pool  string
		parts int
		want  string
	}{{localViews, 24, localViews}, {fineViews, 3, fineViews}, {"", 8, localViews}} {
		if d, said, _ := fitViews(t, "fabric", c.pool, 64, c.parts); d.Config.Pool != c.want || said != "" {
			t.Errorf("%q with %d parts became %q and said %q", c.pool, c.parts, d.Config.Pool, said)
		}
	}
}

// On a picture that is the same everywhere hardly anything can be painted; that is no reason not to train.
func TestViewsOfEvenPictures(t *testing.T) {
	var set datasets.Set
	for i := range 14 {
		black := &datasets.Image{W: 48, H: 48, Pix: make([]uint8, 3*48*48)}
		set = append(set, datasets.NewSample(fmt.Sprint(i), "", datasets.Good, black, nil))
	}
	d, err := New(Config{Blocks: []int{1, 1, 1}, Cond: 8, Size: [2]int{48, 48}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Fit(context.Background(), set, Epochs(1)); err != nil || d.Config.Pool == autoViews {
		t.Errorf("%s views, %v", d.Config.Pool, err)
	}
}
