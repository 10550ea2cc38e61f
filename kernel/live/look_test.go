package live

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/widgets"
)

// gallery is a result of four images of 8×8 pixels, with maps of one scale of 2×2.
type gallery struct{}

func (gallery) Scores() ([]float64, []bool) {
	return []float64{1, 4, 2, 3}, []bool{false, true, false, true}
}

func (gallery) Picture(int) (string, image.Image, error) {
	return "part", image.NewGray(image.Rect(0, 0, 8, 8)), nil
}

func (gallery) Map(i int) (values []float32, h, w int) {
	values = make([]float32, 64)
	for p := range values {
		values[p] = float32(i * p)
	}
	return values, 8, 8
}

func (gallery) Truth(int) []uint8       { return nil }
func (gallery) Threshold() float64      { return 2.5 }
func (gallery) PixelThreshold() float64 { return 60 }

func (gallery) LogP(int) (maps [][]float32, sizes [][2]int) {
	return [][]float32{{-1, -2, -3, -4}}, [][2]int{{2, 2}}
}

// Every widget draws the figure anew, from what the widgets say.
func TestLookFollowsItsWidgets(t *testing.T) {
	box := Look(gallery{})
	rows := box.Children()
	part := func(row, i int) *widgets.Model { return rows[row].Get("children").([]any)[i].(*widgets.Model) }
	level, threshold := part(1, 0), part(1, 1)
	if level.Get("value") != 60.0 || level.Get("max") != 189.0 || threshold.Get("value") != 2.5 {
		t.Errorf("it begins at level %v of %v and threshold %v", level.Get("value"), level.Get("max"), threshold.Get("value"))
	}
	before := rows[3].Get("value").([]byte)
	for _, c := range []struct {
		of    *widgets.Model
		key   string
		value any
	}{{part(0, 0), "value", 2}, {level, "value", 100.0}, {threshold, "value", 3.5}, {part(0, 1), "index", 1}} {
		c.of.Set(c.key, c.value)
		now := rows[3].Get("value").([]byte)
		if _, err := png.DecodeConfig(bytes.NewReader(now)); err != nil || bytes.Equal(before, now) {
			t.Errorf("%s to %v draws nothing new: %v", c.of, c.value, err)
		}
		before = now
	}
	if says := rows[2].Get("value").(string); !strings.HasPrefix(says, "of 2 anomalous images 1 are found and 1 missed; of 2 normal ones 0") {
		t.Errorf("it says %q", says)
	}
	if level.Get("min") != 1.0 || level.Get("max") != 4.0 || level.Get("value") != 2.5 {
		t.Errorf("the level of a scale is %v from %v to %v", level.Get("value"), level.Get("min"), level.Get("max"))
	}
}

func TestMapsOfAScale(t *testing.T) {
	values, h, w := scaled{gallery{}, 0}.Map(0)
	if h != 8 || w != 8 || values[0] != 1 || values[7] != 2 || values[3*8] != 1 || values[4*8] != 3 || values[63] != 4 {
		t.Errorf("%d×%d, %v", h, w, values)
	}
}
