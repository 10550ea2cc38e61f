package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/flags"
	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/baseline"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// modelFlags describe the detector.
type modelFlags struct {
	config detector.Config
	blocks string
	scales string
	frame  frameFlags
	given  func(flag string) bool // by the command line
	flags  *pflag.FlagSet
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
	m.frame.register(cmd)
	m.given, m.flags = f.Changed, f
}

// settings are the names of the flags that were given and describe the detector.
func (m *modelFlags) settings() (given []string) {
	for _, flag := range []string{"model", "recipe", "score", "backbone", "padding", "pool", "blocks", "width", "scales", "cond", "clamp", "block", "subnet",
		"no-fusion", "top-k", "coreset", "fit", "region", "region-mask", "tile", "overlap"} {
		if m.given(flag) {
			given = append(given, flag)
		}
	}
	return given
}

// kind is a group of models that take the same flags.
type kind string

const (
	theFlow       kind = "msflow"
	otherFlows    kind = "the other flows"
	fittedInOneGo kind = "models that are fitted in one go"
)

func (m *modelFlags) kind() kind {
	if _, ok := baseline.Find(m.config.Model); ok {
		return fittedInOneGo
	}
	if m.config.Model == detector.MSFlow {
		return theFlow
	}
	return otherFlows
}

// flagsFor says which models a flag is for. Those that it does not name are for all.
var flagsFor = map[string][]kind{
	"recipe": {theFlow}, "score": {theFlow}, "cond": {theFlow}, "clamp": {theFlow}, "subnet": {theFlow}, "no-fusion": {theFlow},
	"width": {otherFlows}, "coreset": {fittedInOneGo},
	"blocks": {theFlow, otherFlows}, "epochs": {theFlow, otherFlows}, "batch": {theFlow, otherFlows}, "lr": {theFlow, otherFlows},
	"noise": {theFlow, otherFlows}, "patience": {theFlow, otherFlows}, "judge-every": {theFlow, otherFlows},
}

// checkModel refuses flags that say nothing to the model.
func (m *modelFlags) checkModel() error {
	if !slices.Contains(detector.Models(), m.config.Model) {
		return fmt.Errorf("--model %s: there are %s", m.config.Model, strings.Join(detector.Models(), ", "))
	}
	if m.given("backbone") && !slices.Contains(backbone.Names(), m.config.Backbone) {
		return fmt.Errorf("--backbone %s: there are %s", m.config.Backbone, strings.Join(backbone.Names(), ", "))
	}
	for _, flag := range slices.Sorted(maps.Keys(flagsFor)) {
		kinds := flagsFor[flag]
		if m.given(flag) && (!slices.Contains(kinds, m.kind()) || flag == "coreset" && m.config.Model != "patchcore") {
			return fmt.Errorf("--%s says nothing to --model %s", flag, m.config.Model)
		}
	}
	return nil
}

// check refuses what the detector would take for "the default".
func (m *modelFlags) check() error {
	if err := m.checkModel(); err != nil {
		return err
	}
	if err := m.frame.check(m.given); err != nil {
		return err
	}
	if m.config.Cond < 1 {
		return fmt.Errorf("--cond %d: it must be positive", m.config.Cond)
	}
	err := errors.Join(flags.Positive("clamp", m.config.Clamp), flags.Positive("width", m.config.Width), flags.Positive("coreset", m.config.Coreset))
	if err == nil {
		err = errors.Join(flags.AtMost("clamp", m.config.Clamp), flags.AtMost("width", m.config.Width))
	}
	if err == nil && m.given("top-k") {
		err = flags.Positive("top-k", m.config.TopK)
	}
	if err != nil {
		return err
	}
	return m.named(func() error {
		c, err := m.parsed()
		if err == nil {
			_, err = c.Plan(nil)
		}
		return err
	})
}

// parsed is the configuration with blocks and scales, which are lists.
func (m *modelFlags) parsed() (c detector.Config, err error) {
	c = m.config
	if m.blocks != "" {
		if c.Blocks, err = flags.ParseInts(m.blocks); err != nil {
			return c, err
		}
	}
	if m.scales != "" {
		c.Scales, err = flags.ParseInts(m.scales)
	}
	return c, err
}

// detector builds the detector for a data set's input size.
func (m *modelFlags) detector(data *datasets.Data, seed uint64) (d *detector.Detector, err error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	err = m.named(func() error {
		c, err := m.parsed()
		if err == nil {
			c.Size, c.Seed = m.frame.size(data), seed
			c.Frame, err = m.frame.frame(data.Train)
		}
		if err == nil {
			d, err = detector.New(c)
		}
		return err
	})
	return d, err
}

// named does something with the flags. An error names the flag that brings it about: the one without which it is not the same.
func (m *modelFlags) named(do func() error) error {
	err := do()
	if err == nil {
		return nil
	}
	for _, flag := range []string{"scales", "blocks", "cond", "clamp", "width", "subnet", "top-k", "coreset", "pool", "padding", "recipe", "score", "backbone", "weights"} {
		f := m.flags.Lookup(flag)
		if !f.Changed {
			continue
		}
		value := f.Value.String()
		if f.Value.Set(f.DefValue) != nil {
			continue
		}
		without := do()
		if f.Value.Set(value) == nil && (without == nil || without.Error() != err.Error()) {
			return fmt.Errorf("--%s %s: %w", flag, value, err)
		}
	}
	return err
}
