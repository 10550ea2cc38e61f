package detector

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// spot is a dark square on a picture.
type spot struct{ x, y, side int }

// cloth is a picture of an even texture.
func cloth(seed uint64, w, h int, spots ...spot) *datasets.Image {
	rng := rand.New(rand.NewPCG(seed, 7))
	im := &datasets.Image{W: w, H: h, Pix: make([]uint8, 3*w*h)}
	for i := range w * h {
		v := uint8(120 + 25*math.Sin(float64(i%w)/2) + 25*math.Sin(float64(i/w)/2) + 20*rng.Float64())
		for _, s := range spots {
			if x, y := i%w, i/w; x >= s.x && x < s.x+s.side && y >= s.y && y < s.y+s.side {
				v = 10
			}
		}
		im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2] = v, v, v
	}
	return im
}

// framed is a detector that was trained on cloth of w×h pixels in a frame.
func framed(t *testing.T, f *datasets.Frame, w, h int) *Detector {
	t.Helper()
	c := Config{Size: [2]int{64, 64}, Blocks: []int{1, 1, 1}, Cond: 8, Seed: 3, Pool: fineViews, Frame: f}
	if f != nil && f.Tile > 0 {
		c.Size = [2]int{f.Tile, f.Tile}
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var normal datasets.Set
	for i := range 6 {
		normal = append(normal, datasets.NewSample(fmt.Sprint("cloth", i), "", datasets.Good, cloth(uint64(i), w, h), nil))
	}
	if err := d.Fit(context.Background(), normal, Epochs(2)); err != nil {
		t.Fatal(err)
	}
	return d
}

func inspected(t *testing.T, d *Detector, im *datasets.Image) Prediction {
	t.Helper()
	p, err := d.Predict(context.Background(), datasets.Set{datasets.NewSample("one", "", datasets.Good, im, nil)})
	if err != nil {
		t.Fatal(err)
	}
	return p[0]
}

// worst is the place of a map's largest value.
func worst(m []float32, w int) (x, y int) {
	at := 0
	for i, v := range m {
		if v > m[at] {
			at = i
		}
	}
	return at % w, at / w
}

var frames = map[string]*datasets.Frame{
	"stretch":   nil,
	"pad":       {Fit: datasets.FitPad},
	"crop":      {Fit: datasets.FitCrop},
	"rectangle": {Region: datasets.Rectangle(30, 10, 90, 70, 160, 96)},
	"polygon":   {Fit: datasets.FitPad, Region: &datasets.Region{W: 80, H: 48, Polygon: [][2]float64{{20, 5}, {60, 5}, {60, 43}, {30, 40}}}},
	"mask":      {Region: &datasets.Region{W: 8, H: 2, Runs: []int{2, 4, 4, 4, 2}}},
	"tiles":     {Tile: 64, Overlap: 32},
}

// Whatever the frame, a defect is found where it is in the picture, also by a detector that was saved and loaded.
func TestFramesUndoThemselves(t *testing.T) {
	for name, f := range frames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := framed(t, f, 160, 96)
			path := filepath.Join(t.TempDir(), "d.safetensors")
			if err := d.Save(path); err != nil {
				t.Fatal(err)
			}
			loaded, err := Load(path, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []spot{{70, 40, 12}, {86, 50, 12}} {
				p := inspected(t, loaded, cloth(99, 160, 96, s))
				x, y := worst(p.Enlarged(p.Maps().NLL, 96, 160), 160)
				if x < s.x-8 || y < s.y-8 || x > s.x+s.side+8 || y > s.y+s.side+8 {
					t.Errorf("the spot at %d, %d is seen at %d, %d", s.x, s.y, x, y)
				}
				if clean := inspected(t, d, cloth(99, 160, 96)); !(p.Score > clean.Score) {
					t.Errorf("a spot scores %v, clean cloth %v", p.Score, clean.Score)
				}
			}
		})
	}
}

// What lies outside of a region says nothing.
func TestOutsideOfTheRegionNothingCounts(t *testing.T) {
	for _, name := range []string{"crop", "rectangle", "polygon", "mask"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := framed(t, frames[name], 160, 96)
			clean, spotted := inspected(t, d, cloth(99, 160, 96)), inspected(t, d, cloth(99, 160, 96, spot{4, 40, 12}, spot{150, 84, 10}))
			if clean.Score != spotted.Score {
				t.Errorf("outside of it a spot changes the score from %v to %v", clean.Score, spotted.Score)
			}
			m := clean.Enlarged(clean.Maps().NLL, 96, 160)
			if low := m[0]; m[50*160+5] != low || m[95*160+159] != low {
				t.Error("the map has values outside of the region")
			}
		})
	}
}

// A defect where tiles meet scores as one in the middle of a tile, and so does one at the picture's edge, beyond the last
// whole tile.
func TestSeamsAreNotSeen(t *testing.T) {
	d := framed(t, &datasets.Frame{Tile: 128, Overlap: 64}, 320, 200)
	clean := inspected(t, d, cloth(99, 320, 200)).Score
	middle := inspected(t, d, cloth(99, 320, 200, spot{58, 58, 12})).Score
	for _, s := range []spot{{90, 58, 12}, {122, 58, 12}, {186, 90, 12}, {154, 154, 12}} {
		seam := inspected(t, d, cloth(99, 320, 200, s)).Score
		if math.Abs(seam-middle) > 0.15*(middle-clean) {
			t.Errorf("at %d, %d a spot scores %.3f, in the middle of a tile %.3f, and clean cloth %.3f", s.x, s.y, seam, middle, clean)
		}
	}
}

func TestFramesAreChecked(t *testing.T) {
	for want, f := range map[string]datasets.Frame{
		"fit":      {Fit: "zoom"},
		"multiple": {Tile: 100},
		"half":     {Tile: 64, Overlap: 40},
		"corners":  {Region: &datasets.Region{W: 9, H: 9, Polygon: [][2]float64{{1, 1}, {2, 2}}}},
		"outside":  {Region: datasets.Rectangle(5, 5, 10, 2, 9, 9)},
		"marks":    {Region: &datasets.Region{W: 2, H: 2, Runs: []int{4}}},
		"run":      {Region: &datasets.Region{W: 2, H: 2, Runs: []int{1, 9}}},
	} {
		if _, err := New(Config{Frame: &f}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, without %q", f, err, want)
		}
	}
	if _, err := New(Config{Model: "patchcore", Size: [2]int{64, 64}, Frame: &datasets.Frame{Tile: 64}}); err == nil {
		t.Error("patchcore works in tiles")
	}
}
