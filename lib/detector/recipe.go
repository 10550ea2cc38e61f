package detector

import (
	"fmt"

	"github.com/msflow-go/msflow/datasets"
)

// A Recipe is a set of defaults for MSFlow: the features that it sees, how it is trained and how its verdict is read.
const (
	// Whitened is the default recipe, for parts that were never seen. Features are compared place by place, in the coarse
	// views of backbone.Local or the fine ones of backbone.Fine, whichever tells painted defects better. They are whitened
	// by the covariance of their region (package whiten), so that the flow starts as a Gaussian of every place and learns
	// the rest in a few gentle passes with noise on the features. Scores are read in the log domain (score.Surprise) and
	// calibrated on normal images that were held out. Each choice was made on painted defects of normal pictures;
	// bench/quality measures it again.
	Whitened = "whitened"
	// Paper is MSFlow as published (arXiv 2308.15300), to the digit.
	Paper = "paper"
)

// Recipes lists the names of Config.Recipe.
func Recipes() []string { return []string{Whitened, Paper} }

// Scores of Config.Score: how log-likelihoods become maps.
const (
	SurpriseScore  = "surprise"  // score.Surprise: log domain, calibrated
	ReferenceScore = "reference" // score.Fuse: the paper's add and mul maps
)

// What the whitened recipe trains with. The number of passes over the images follows from their number, so that small sets
// get as many steps as large ones: likelihoods of unseen parts improve for some hundred steps, verdicts for the first two
// hundred.
const (
	whitenedSamples   = 1700 // images seen in all
	whitenedLeast     = 4    // passes at least
	whitenedMost      = 40   // passes at most
	whitenedRate      = 3e-4
	whitenedNoise     = 0.6 // of the features' standard deviation
	heldOutShare      = 0.1
	heldOutMost       = 0.25
	heldOutParts      = 4     // at least, where that is no more than heldOutMost: what a model says of its own training images says nothing of new ones
	leastParts        = 10    // with fewer, none are held out
	whitenedTopK      = 0.001 // of the pixels: a defect may be small
	paperEpochs       = 100
	paperLearningRate = 1e-4
)

// flowDefaults fills in what the recipe has.
func (c Config) flowDefaults() Config {
	c.Recipe = or(c.Recipe, Whitened)
	c.Subnet = or(c.Subnet, "conv_ln")
	c.Cond = or(c.Cond, 64)
	c.Clamp = or(c.Clamp, 1.9)
	if c.Scales == nil {
		c.Scales = []int{0, 1, 2}
	}
	blocks := [3]int{2, 5, 8}
	if c.Recipe == Whitened {
		c.Pool, c.Score, c.TopK = or(c.Pool, autoViews), or(c.Score, SurpriseScore), or(c.TopK, whitenedTopK)
		blocks = [3]int{2, 4, 4}
	}
	c.Pool, c.Score, c.TopK = or(c.Pool, "avg"), or(c.Score, ReferenceScore), or(c.TopK, 0.03)
	if c.Blocks == nil {
		for _, s := range c.Scales {
			if s >= 0 && s < 3 {
				c.Blocks = append(c.Blocks, blocks[s])
			}
		}
	}
	return c
}

// checkRecipe looks at the names.
func (c Config) checkRecipe() error {
	if c.Recipe != Whitened && c.Recipe != Paper {
		return fmt.Errorf("detector: recipe %q; there are %s and %s", c.Recipe, Whitened, Paper)
	}
	if c.Score != SurpriseScore && c.Score != ReferenceScore {
		return fmt.Errorf("detector: score %q; there are %s and %s", c.Score, SurpriseScore, ReferenceScore)
	}
	return nil
}

// whitens tells whether the features are whitened.
func (c Config) whitens() bool { return c.Model == MSFlow && c.Recipe == Whitened }

// LeastImages is how many images Fit needs to train on, besides those that are held out: where a covariance is taken, two.
func (c Config) LeastImages() int {
	c, _ = c.resolved() // what is wrong with it is said when it is used
	if c.whitens() || c.Model == "padim" {
		return 2
	}
	return 1
}

// Plan is how Fit trains unless its options say otherwise.
type Plan struct {
	Epochs       int
	LearningRate float64
	HoldOut      float64 // share of the images
	Noise        float64 // see the option Noise
}

// Plan is the recipe's for a set to train on.
func (c Config) Plan(set datasets.Set) (Plan, error) {
	c, err := c.resolved()
	return c.plan(set), err
}

// plan is Plan of a configuration with its defaults filled in.
func (c Config) plan(set datasets.Set) Plan {
	p := Plan{Epochs: paperEpochs, LearningRate: c.learningRate()}
	if c.Recipe == Paper {
		return p
	}
	if parts := len(distinct(set.Parts())); parts >= leastParts {
		p.HoldOut = min(heldOutMost, max(heldOutShare, heldOutParts/float64(parts)))
	}
	if n := len(set); c.whitens() && n > 0 {
		p.Epochs, p.LearningRate, p.Noise = min(whitenedMost, max(whitenedLeast, (whitenedSamples+n/2)/n)), whitenedRate, whitenedNoise
	}
	return p
}
