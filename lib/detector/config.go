package detector

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/baseline"
	"github.com/msflow-go/msflow/lib/flow"
)

// Config describes a detector. The zero value is the small default: efficientnet_lite0, whose weights are inside the
// program, and the whitened recipe. It is stored in every checkpoint.
type Config struct {
	Model    string          `json:"model,omitempty"`     // msflow (default) or a name of Models
	Recipe   string          `json:"recipe,omitempty"`    // of msflow: whitened (default) or paper; see Recipes
	Backbone string          `json:"backbone"`            // a name of backbone.Names; "" is efficientnet_lite0
	Weights  string          `json:"weights,omitempty"`   // a file of weights; "" takes the published ones
	Padding  string          `json:"padding,omitempty"`   // ResNets' 3×3 and 7×7 convolutions: reflect (default, as published) or zero
	Pool     string          `json:"pool,omitempty"`      // of the features: local or fine views (auto, the whitened recipe's, lets Fit choose), avg (the paper's), max, none or mean (of the whole map)
	Size     [2]int          `json:"size"`                // input height and width in pixels; 0 takes the data set's
	Scales   []int           `json:"scales,omitempty"`    // which maps of the pyramid (0 fine … 2 coarse); nil is the model's own choice
	Blocks   []int           `json:"blocks,omitempty"`    // coupling blocks per scale; nil is 2, 4, 4, and 2, 5, 8 by the paper. The other flows take one number for all
	Width    float64         `json:"width,omitempty"`     // factor on the hidden widths of the other flows' subnets; 0 is 1
	Cond     int             `json:"cond,omitempty"`      // channels of the position code, divisible by 4; 0 is 64
	Clamp    float64         `json:"clamp,omitempty"`     // α of the couplings; 0 is 1.9
	OldClamp bool            `json:"old_clamp,omitempty"` // s = α·tanh(a), as FrEIA had it before August 2023
	Block    string          `json:"block,omitempty"`     // of the parallel flows: a name of flow.ParallelBlocks; "" is all_in_one, the paper's
	Subnet   string          `json:"subnet,omitempty"`    // conv_ln (default), conv or conv_bn
	NoFusion bool            `json:"no_fusion,omitempty"` // leave the fusion flow out
	Score    string          `json:"score,omitempty"`     // of msflow: surprise (the whitened recipe's) or reference (the paper's)
	TopK     float64         `json:"top_k,omitempty"`     // share of pixels whose mean is the image score; 0 is the model's own score
	Coreset  float64         `json:"coreset,omitempty"`   // share of the patches that patchcore keeps; 0 is 0.1
	Levels   int             `json:"levels,omitempty"`    // of 16-bit images; 0 takes those of the training images
	Exif     string          `json:"exif,omitempty"`      // orientation of images: apply or ignore; "" takes the training images' way
	Frame    *datasets.Frame `json:"frame,omitempty"`     // what is seen of pictures: region, aspect, tiles; nil: all, stretched
	Seed     uint64          `json:"seed"`                // initial weights, permutations, order of the images and random projections

	// Where to compute is no part of a checkpoint; UseDevice changes it.
	Device    string `json:"-"` // cpu (default), cuda, auto, or xla for the plugin of MSFLOW_PJRT_PLUGIN
	Devices   int    `json:"-"` // how many of them share every batch; 0 is one
	Precision string `json:"-"` // of a device's convolutions: tf32 (default), f32 or bf16
}

// MSFlow is the name of the default model.
const MSFlow = "msflow"

// resolved is the config with every default filled in.
func (c Config) resolved() (Config, error) {
	c.Model = or(c.Model, MSFlow)
	c.Backbone = or(c.Backbone, "efficientnet_lite0")
	c.Padding = or(c.Padding, "reflect")
	if c.Model == MSFlow {
		c = c.flowDefaults()
		return c, errors.Join(c.check(), c.checkFlow(), c.checkRecipe())
	}
	if p, ok := findPeer(c.Model); ok {
		c = c.peerDefaults(p)
		return c, errors.Join(c.check(), c.checkPeer())
	}
	c, err := c.baselineDefaults()
	if err != nil {
		return c, err
	}
	return c, c.check()
}

// baselineDefaults fills in what the paper of a model of lib/baseline has.
func (c Config) baselineDefaults() (Config, error) {
	kind, ok := baseline.Find(c.Model)
	if !ok {
		return c, fmt.Errorf("detector: model %q; there are %s", c.Model, strings.Join(Models(), ", "))
	}
	c.Pool = or(c.Pool, kind.Pool)
	if c.Scales == nil {
		c.Scales = slices.Clone(kind.Scales)
	}
	return c, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (c Config) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("detector: "+format, args...)) }
	if len(c.Scales) == 0 || !slices.IsSorted(c.Scales) || c.Scales[0] < 0 || c.Scales[len(c.Scales)-1] > 2 || len(slices.Compact(slices.Clone(c.Scales))) != len(c.Scales) {
		wrong("scales %v; they are some of 0, 1, 2 in rising order", c.Scales)
	}
	if !slices.Contains([]string{"reflect", "zero"}, c.Padding) {
		wrong("padding %q; it is reflect or zero", c.Padding)
	}
	if !slices.Contains([]string{autoViews, localViews, fineViews, "avg", "max", "none", "mean"}, c.Pool) {
		wrong("pool %q; it is auto, local, fine, avg, max, none or mean", c.Pool)
	}
	if !(c.TopK >= 0 && c.TopK <= 1) {
		wrong("top-k share %v; it must lie in (0,1]", c.TopK)
	}
	if !(c.Coreset >= 0 && c.Coreset <= 1) {
		wrong("a coreset of %v of the patches; it must lie in (0,1]", c.Coreset)
	}
	if err := (datasets.Reading{Levels: c.Levels, Exif: c.Exif, Frame: c.Frame}).Check(); err != nil {
		errs = append(errs, fmt.Errorf("detector: %w", err))
	}
	for _, v := range c.Size {
		if v != 0 && (v < 32 || v > 8192) {
			wrong("input size %d×%d pixels; each side must lie in 32…8192", c.Size[0], c.Size[1])
			break
		}
	}
	return errors.Join(errs...)
}

// What a flow may have at most: far more than helps, and no more than a machine can build.
const (
	mostBlocks = 256
	mostCond   = 4096
)

// checkFlow looks at what only MSFlow reads.
func (c Config) checkFlow() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("detector: "+format, args...)) }
	if len(c.Blocks) != len(c.Scales) {
		wrong("%d numbers of blocks %v for %d scales %v", len(c.Blocks), c.Blocks, len(c.Scales), c.Scales)
	}
	if slices.ContainsFunc(c.Blocks, func(b int) bool { return b < 1 }) {
		wrong("blocks %v; every scale needs at least one", c.Blocks)
	}
	if slices.ContainsFunc(c.Blocks, func(b int) bool { return b > mostBlocks }) {
		wrong("blocks %v; a scale has at most %d", c.Blocks, mostBlocks)
	}
	if c.Cond < 4 || c.Cond%4 != 0 || c.Cond > mostCond {
		wrong("a position code of %d channels; they must be divisible by 4, and at most %d", c.Cond, mostCond)
	}
	if !(c.Clamp > 0) {
		wrong("clamp %v; it must be positive", c.Clamp)
	}
	if _, err := flow.BlockByName(c.Block); err != nil {
		errs = append(errs, fmt.Errorf("detector: %w", err))
	}
	if _, err := flow.SubnetByName(c.Subnet); err != nil {
		errs = append(errs, fmt.Errorf("detector: %w", err))
	}
	return errors.Join(errs...)
}
