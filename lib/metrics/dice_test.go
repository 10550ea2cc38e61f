package metrics

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBestDice compares with the definition at every threshold.
func TestBestDice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		maps, masks := make([][]float32, 4), make([][]uint8, 4)
		for i := range maps {
			maps[i], masks[i] = make([]float32, 60), make([]uint8, 60)
			for j := range maps[i] {
				if i > 0 && rng.IntN(4) == 0 { // the first image has no defect
					masks[i][j] = 1
				}
				maps[i][j] = float32(rng.IntN(40)) + 15*float32(masks[i][j])
			}
		}
		threshold, dice, err := BestDice(maps, masks)
		if err != nil {
			t.Fatal(err)
		}
		if got := meanDice(maps, masks, threshold); math.Abs(got-dice) > 1e-12 {
			t.Errorf("BestDice says %g at %g, where it is %g", dice, threshold, got)
		}
		for v := range 55 {
			if got := meanDice(maps, masks, float64(v)); got > dice+1e-12 {
				t.Errorf("Dice is %g at %d, and only %g at the best threshold %g", got, v, dice, threshold)
			}
		}
	}
	if _, _, err := BestDice([][]float32{{1, 2}}, [][]uint8{{0, 0}}); err == nil {
		t.Error("no error without a defect")
	}
}

func meanDice(maps [][]float32, masks [][]uint8, threshold float64) float64 {
	sum, n := 0.0, 0.0
	for i, m := range maps {
		a, d, both := 0.0, 0.0, 0.0
		for j, v := range m {
			over := float64(v) >= threshold
			if over {
				a++
			}
			if masks[i][j] != 0 {
				d++
				if over {
					both++
				}
			}
		}
		if d > 0 {
			sum, n = sum+2*both/(a+d), n+1
		}
	}
	return sum / n
}
