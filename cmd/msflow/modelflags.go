package main

import (
	"fmt"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/spf13/cobra"
)

// modelFlags describe the detector.
type modelFlags struct {
	config detector.Config
	blocks string
	scales string
	given  func(flag string) bool // by the command line
}

func (m *modelFlags) register(cmd *cobra.Command) {
	f, c := cmd.Flags(), &m.config
	f.StringVar(&c.Model, "model", detector.MSFlow, "model of the features: "+strings.Join(detector.Models(), ", "))
	f.StringVar(&c.Recipe, "recipe", "", "of msflow: whitened (default; the best on parts that were never seen) or paper (as published)")
	f.StringVar(&c.Score, "score", "", "of msflow: surprise (default; log domain, calibrated on held-out images) or reference (the paper's)")
	f.StringVar(&c.Backbone, "backbone", "efficientnet_lite0", "backbone network; msflow weights list names them")
	f.StringVar(&c.Weights, "weights", "", "file of the backbone's weights (.pth or .safetensors)")
	f.StringVar(&c.Padding, "padding", "reflect", "padding of ResNets' convolutions: reflect or zero")
	f.StringVar(&c.Pool, "pool", "", "pooling of the features: local or fine (views place by place; auto chooses), avg, max, none or mean (default auto for msflow, the paper's for the others)")
	f.StringVar(&m.blocks, "blocks", "", "coupling blocks per scale (default 2,4,4 for msflow, 2,5,8 by its paper); one number for other flows")
	f.Float64Var(&c.Width, "width", 1, "factor on the hidden widths of other flows' subnets")
	f.StringVar(&m.scales, "scales", "", "scales of the pyramid, 0 fine to 2 coarse (default 0,1,2 for msflow, the paper's for the others)")
	f.IntVar(&c.Cond, "cond", 64, "channels of the position code")
	f.Float64Var(&c.Clamp, "clamp", 1.9, "clamp of the couplings' log-scale")
	f.StringVar(&c.Block, "block", "", "block of msflow's parallel flows: "+strings.Join(flow.ParallelBlocks(), ", ")+" (default the first)")
	f.StringVar(&c.Subnet, "subnet", "conv_ln", "subnet of the couplings: conv_ln, conv or conv_bn")
	f.BoolVar(&c.NoFusion, "no-fusion", false, "leave out the fusion flow")
	f.Float64Var(&c.TopK, "top-k", 0, "share of the pixels whose mean is the image score (default 0.001 for msflow, 0.03 by its paper, the paper's score for the others)")
	f.Float64Var(&c.Coreset, "coreset", 0.1, "share of the patches that patchcore keeps")
	flags.Mark(cmd, flags.IsPath, "weights")
	m.given = f.Changed
}

// check refuses what the detector would take for "the default".
func (m *modelFlags) check() error {
	if m.config.Cond < 1 {
		return fmt.Errorf("--cond %d: it must be positive", m.config.Cond)
	}
	if err := positive("clamp", m.config.Clamp); err != nil || !m.given("top-k") {
		return err
	}
	return positive("top-k", m.config.TopK)
}

// detector builds the detector for a data set's input size.
func (m *modelFlags) detector(data *datasets.Data, seed uint64) (*detector.Detector, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	c := m.config
	var err error
	if m.blocks != "" {
		if c.Blocks, err = flags.ParseInts(m.blocks); err != nil {
			return nil, fmt.Errorf("--blocks %s: %w", m.blocks, err)
		}
	}
	if m.scales != "" {
		if c.Scales, err = flags.ParseInts(m.scales); err != nil {
			return nil, fmt.Errorf("--scales %s: %w", m.scales, err)
		}
	}
	c.Size, c.Seed = [2]int{data.H, data.W}, seed
	return detector.New(c)
}
