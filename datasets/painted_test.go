package datasets

import (
	"testing"

	"github.com/msflow-go/msflow/datasets/internal/painter"
)

// A painted sample differs from its picture where its mask says so and nowhere else, and is the same each time.
func TestPaintedMasksAreTheChange(t *testing.T) {
	data, err := Synthetic(Size(64), Counts(9, 1, 1), Class("leather"))
	if err != nil {
		t.Fatal(err)
	}
	painted := Painted(append(data.Train, data.Test...), 3)
	if len(painted) != 10 {
		t.Fatalf("%d samples painted, want the 10 normal ones", len(painted))
	}
	again := Painted(append(data.Train, data.Test...), 3)
	kinds := map[string]bool{}
	for i, s := range painted[:9] {
		kinds[s.Defect] = true
		before, _, err := data.Train[i].Load(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		after, mask, err := s.Load(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Anomalous || mask.Area() == 0 {
			t.Errorf("%s: anomalous %v, %d pixels changed", s.Name, s.Anomalous, mask.Area())
		}
		for p, m := range mask.Pix {
			same := [3]uint8(before.Pix[3*p:3*p+3]) == [3]uint8(after.Pix[3*p:3*p+3])
			if same == (m == 1) {
				t.Fatalf("%s: pixel %d: mask %d, unchanged %v", s.Name, p, m, same)
			}
		}
		other, _, err := again[i].Load(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if string(other.Pix) != string(after.Pix) {
			t.Errorf("%s is another picture the second time", s.Name)
		}
	}
	if len(kinds) != len(painter.CommonFlaws()) {
		t.Errorf("kinds %v of %d", kinds, len(painter.CommonFlaws()))
	}
}
