package train

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/msflow-go/msflow/lib/flow"
)

// TestNoAllocation: after the first steps, a step allocates nothing that grows with the sizes of maps or parameters, for
// loss, gradients and Adam together.
func TestNoAllocation(t *testing.T) {
	c := flow.Config{Channels: []int{24, 40, 112}, Blocks: []int{1, 1, 2}, Sizes: [][2]int{{32, 32}, {16, 16}, {8, 8}}, Cond: []int{64, 64, 64}}
	model, err := flow.NewMSFlow(c, rand.New(rand.NewPCG(1, 0)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewStepper(model, model.Maps(), 4)
	if err != nil {
		t.Fatal(err)
	}
	step := func() {
		if _, err := s.Loss(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(1e-4, 2); err != nil {
			t.Fatal(err)
		}
	}
	perStep := uint64(math.MaxUint64) // the least of several tries, because a worker that slept may have had no memory yet
	for range 4 {
		var before, after runtime.MemStats
		const steps = 4
		runtime.ReadMemStats(&before)
		for range steps {
			step()
		}
		runtime.ReadMemStats(&after)
		perStep = min(perStep, (after.TotalAlloc-before.TotalAlloc)/steps)
	}
	t.Logf("%d bytes a step", perStep)
	if perStep > 64<<10 {
		t.Errorf("a step allocates %d KiB; one of its small maps has %d KiB", perStep>>10, 4*4*112*64>>10)
	}
}
