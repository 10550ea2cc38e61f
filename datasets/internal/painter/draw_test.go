package painter

import (
	"slices"
	"testing"
)

// area is the number of marked pixels.
func area(mask []uint8) (n int) {
	for _, v := range mask {
		n += int(v)
	}
	return n
}

// The mask is where the picture differs from the same one without flaw: each marked pixel, and no other.
func TestSyntheticMasksAreExact(t *testing.T) {
	for _, p := range products {
		for i := range 2 * len(p.flaws) {
			defect := p.flaws[i%len(p.flaws)]
			flawed, mask, err := Draw(p.name, defect, 56, 64, uint64(i), 9)
			if err != nil {
				t.Fatal(err)
			}
			clean, none, _ := Draw(p.name, "", 56, 64, uint64(i), 9)
			if area(none) != 0 || area(mask) == 0 {
				t.Fatalf("%s %s: %d pixels marked, %d on the clean picture", p.name, defect, area(mask), area(none))
			}
			for k, marked := range mask {
				differs := !slices.Equal(flawed.Pix[3*k:3*k+3], clean.Pix[3*k:3*k+3])
				if differs != (marked == 1) {
					t.Fatalf("%s %s: pixel %d differs: %v, marked: %d", p.name, defect, k, differs, marked)
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
			defect := p.flaws[i%len(p.flaws)]
			flawed, mask, err := Draw(p.name, defect, side, side, uint64(i), 3)
			if err != nil {
				t.Fatal(err)
			}
			share := float64(area(mask)) / (side * side)
			smallest, largest = min(smallest, share), max(largest, share)
			clean, _, _ := Draw(p.name, "", side, side, uint64(i), 3)
			if contrast := meanDifference(flawed.Pix, clean.Pix) / share; contrast < 8 {
				t.Errorf("%s %s (%d): %d pixels differ by %.1f levels in the mean", p.name, defect, i, area(mask), contrast)
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

func BenchmarkDraw(b *testing.B) {
	for _, p := range products {
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				Draw(p.name, "", 256, 256, 1)
			}
		})
	}
}
