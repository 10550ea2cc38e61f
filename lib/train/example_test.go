package train_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/train"
)

// shifted are samples of one map (2,4,4) from a normal distribution of mean 3.
type shifted [][]float32

func (s shifted) Len() int { return len(s) }

func (s shifted) Batch(_ context.Context, index []int, maps [][]float32) error {
	for i, k := range index {
		copy(maps[0][i*32:], s[k])
	}
	return nil
}

// Any flow is fitted to any source of maps: it learns to move the samples to the unit normal distribution.
func ExampleTrainer() {
	rng := rand.New(rand.NewPCG(1, 2))
	samples := make(shifted, 64)
	for i := range samples {
		for range 32 {
			samples[i] = append(samples[i], float32(3+rng.NormFloat64()))
		}
	}
	block, err := flow.NewActNorm(2)
	if err != nil {
		log.Fatal(err)
	}
	maps := []flow.Map{{C: 2, H: 4, W: 4}}
	t, err := train.New(block, maps, train.Options{Epochs: 20, Schedule: &train.Schedule{LR: 0.05}})
	if err != nil {
		log.Fatal(err)
	}
	if err := t.Run(context.Background(), samples, nil); err != nil {
		log.Fatal(err)
	}
	first, last := t.History[0], t.History[len(t.History)-1]
	fmt.Println(len(t.History), "epochs; the loss fell to less than a fifth:", last.Loss < first.Loss/5)
	// Output: 20 epochs; the loss fell to less than a fifth: true
}
