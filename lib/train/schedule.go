package train

import "math"

// Schedule gives the learning rate of each epoch: a linear warm-up from a tenth of LR over the first Warmup epochs,
// and a decay by Gamma at each milestone. Both factors multiply.
//
// The paper's 25 meta-epochs of 4 sub-epochs are 100 epochs here (an epoch is one pass over the images), warmed up over
// 12 and decayed at 70 and 90; that is Paper(100).
type Schedule struct {
	LR         float64
	Warmup     int
	Milestones []int
	Gamma      float64
}

// Paper is the schedule of the MSFlow paper stretched over the given number of epochs: warm-up over the first 12 %,
// ×0.33 after 70 % and 90 %.
func Paper(epochs int) Schedule {
	part := func(share float64) int { return int(math.Round(share * float64(epochs))) }
	return Schedule{LR: 1e-4, Warmup: part(0.12), Milestones: []int{part(0.7), part(0.9)}, Gamma: 0.33}
}

// At is the learning rate of epoch e, counted from 0.
func (s Schedule) At(e int) float64 {
	lr := s.LR
	if e < s.Warmup {
		lr *= 0.1 + 0.9*float64(e)/float64(s.Warmup)
	}
	for _, m := range s.Milestones {
		if e >= m {
			lr *= s.Gamma
		}
	}
	return lr
}
