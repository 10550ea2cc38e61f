package flow

import (
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// TestNumbersThatMakeNoModel: NaN passes every comparison of the kind x < 0, so each number that a caller chooses is tried.
func TestNumbersThatMakeNoModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	norm := must(NewActNorm(2))(t)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 1e300} {
		for name, build := range map[string]func() error{
			"the temperature":  func() error { _, err := Sample(norm, []Map{{2, 1, 1}}, 1, bad, rng); return err },
			"AllInOne's clamp": func() error { _, err := NewAllInOne(4, AllInOneConfig{Clamp: Clamp{Alpha: bad}}, rng); return err },
			"AllInOne's start": func() error { _, err := NewAllInOne(4, AllInOneConfig{ScaleStart: bad}, rng); return err },
			"a sigmoid start": func() error {
				_, err := NewAllInOne(4, AllInOneConfig{Scale: Sigmoid, ScaleStart: bad}, rng)
				return err
			},
			"GLOW's clamp":            func() error { _, err := NewGLOW(4, CouplingConfig{Clamp: Clamp{Alpha: bad}}, rng); return err },
			"RealNVP's clamp":         func() error { _, err := NewRealNVP(4, CouplingConfig{Clamp: Clamp{Alpha: bad}}, rng); return err },
			"the fusion flow's clamp": func() error { _, err := NewFusion([]int{4, 4}, bad, rng); return err },
			"MSFlow's clamp":          func() error { _, err := NewMSFlow(Config{Channels: []int{4}, Clamp: bad}, rng); return err },
		} {
			if build() == nil {
				t.Errorf("%s of %g is taken", name, bad)
			}
		}
	}
	for name, err := range map[string]error{
		"an unknown global scale":   second(NewAllInOne(4, AllInOneConfig{Scale: 7}, rng)),
		"an unknown clamp form":     second(NewAllInOne(4, AllInOneConfig{Clamp: Clamp{Form: 7}}, rng)),
		"reflections below none":    second(NewAllInOne(4, AllInOneConfig{Householder: -1}, rng)),
		"blocks below none":         second(NewMSFlow(Config{Channels: []int{4}, Blocks: []int{-1}}, rng)),
		"a condition below nothing": second(NewMSFlow(Config{Channels: []int{4}, Cond: []int{-4}}, rng)),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Nodes of one tape cannot be used on another.
func TestNodesOfAnotherTape(t *testing.T) {
	norm := must(NewActNorm(2))(t)
	one, other := NewTape(1), NewTape(1)
	x := one.Input("x", Map{2, 1, 1})
	if _, _, err := norm.Forward(other, []*G.Node{x}); err == nil {
		t.Error("a node of another tape is taken")
	}
}
