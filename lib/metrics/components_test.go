package metrics

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A ring, a diagonal and a dot: three regions, the diagonal held together by corners only.
func TestComponentsByEye(t *testing.T) {
	rows := []string{
		"###....#",
		"#.#...#.",
		"###..#..",
		"........",
		".#......",
	}
	var mask []uint8
	for _, r := range rows {
		for _, c := range r {
			mask = append(mask, uint8(strings.IndexRune(".#", c)))
		}
	}
	if _, areas := components(mask, 5, 8); !slices.Equal(areas, []int{8, 3, 1}) {
		t.Errorf("areas are %v, want 8, 3 and 1", areas)
	}
}

func TestComponentsAgainstFlood(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for n := range 300 {
		h, w := 1+rng.IntN(12), 1+rng.IntN(12)
		mask := make([]uint8, h*w)
		for i := range mask {
			if rng.IntN(10) < n%10 {
				mask[i] = 255
			}
		}
		runs, areas := components(mask, h, w)
		got := make([][]int, len(areas))
		for _, r := range runs {
			for x := r.from; x < r.to; x++ {
				got[r.region] = append(got[r.region], r.row*w+x)
			}
		}
		want := slowRegions(mask, h, w)
		for i := range want {
			slices.Sort(want[i])
			if areas[i] != len(want[i]) {
				t.Fatalf("region %d has area %d, want %d", i, areas[i], len(want[i]))
			}
		}
		if len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Fatalf("%d×%d mask %v: regions %v, want %v", h, w, mask, got, want)
		}
	}
}
