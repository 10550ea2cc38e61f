package detector

import (
	"context"
	"math"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// TestScoresDoNotDependOnTheBatch: the same image must get the same score to the bit alone, among others, and at any place
// among them, or it would be anomalous here and normal there.
func TestScoresDoNotDependOnTheBatch(t *testing.T) {
	for _, size := range []int{64, 96} {
		data, err := datasets.Synthetic(datasets.Size(size), datasets.Counts(8, 6, 5), datasets.Seed(2))
		if err != nil {
			t.Fatal(err)
		}
		for _, pool := range []string{"avg", "none"} {
			d, err := New(Config{Size: [2]int{size, size}, Blocks: []int{1, 1, 2}, Pool: pool, Cond: 8})
			if err != nil {
				t.Fatal(err)
			}
			all, err := d.Predict(context.Background(), data.Test)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range all {
				alone, err := d.Predict(context.Background(), data.Test[i:i+1])
				if err != nil {
					t.Fatal(err)
				}
				if math.Float64bits(alone[0].Score) != math.Float64bits(p.Score) {
					t.Errorf("size %d, pool %s: image %d scores %.17g alone and %.17g among others", size, pool, i, alone[0].Score, p.Score)
				}
				for s := range p.LogP {
					for k, v := range p.LogP[s] {
						if v != alone[0].LogP[s][k] {
							t.Fatalf("size %d, pool %s: image %d, scale %d, place %d: %v and %v", size, pool, i, s, k, v, alone[0].LogP[s][k])
						}
					}
				}
			}
		}
	}
}
