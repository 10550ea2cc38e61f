// Package baseline holds the simple detectors that a normalizing flow has to beat: models of the same backbone's features
// that are fitted in closed form, without a step of gradient descent.
//
//   - patchcore: distance to the nearest of a coreset of normal patches (Roth and others, arXiv 2106.08265)
//   - padim: Mahalanobis distance to a Gaussian of each place (Defard and others, arXiv 2011.08785)
//   - gaussian: Mahalanobis distance to one Gaussian of all places
//   - knn: distance of the image's mean feature to the nearest training image's
//
// Maps of features are dense and row-major, (B,C,H,W), from the finest to the coarsest.
package baseline

import (
	"context"
	"errors"
	"fmt"

	"github.com/msflow-go/msflow/lib/weights"
)

// Map is the shape of one scale's features.
type Map struct{ C, H, W int }

// Len is the number of values.
func (m Map) Len() int { return m.C * m.H * m.W }

// Source gives the features of the normal images, as often as a model asks.
type Source interface {
	// Len is the number of images.
	Len() int
	// Batch copies the images with the given indices: maps[s] holds len(index) maps (C,H,W) of scale s in the order of
	// index.
	Batch(ctx context.Context, index []int, maps [][]float32) error
}

// Model measures how far features are from those of normal images.
//
// Fit and Restore MUST come before all else. A model MUST NOT be used from two goroutines at once; it uses all cores
// itself.
type Model interface {
	// Fit learns from all images of data and forgets what was learned before. progress, which may be nil, is told of the
	// work done. Within about 100 ms of ctx's cancellation Fit returns its error, and the model is as before.
	Fit(ctx context.Context, data Source, progress func(done, total int)) error
	// Fitted tells whether the model has learned something.
	Fitted() bool
	// Size is the height and width of the distance map.
	Size() (h, w int)
	// Distance is the map (n,h,w) of n images' distances, in the features' own unit or, for a Gaussian, in standard
	// deviations. scores has the images' scores of the model's own making; it is nil where the largest value of the map,
	// at the size of the input and smoothed, is the score.
	Distance(ctx context.Context, n int, maps [][]float32) (distance []float32, scores []float64, err error)
	// Tensors is what was learned, for Restore. They share the model's memory.
	Tensors() []weights.Tensor
	// Restore takes what Tensors gave for a model of the same shape. The error names the tensor that does not fit.
	Restore(get func(name string) (weights.Tensor, error)) error
}

// Options are the settings of a model.
type Options struct {
	Coreset float64 // share of the patches that PatchCore keeps; 0 is 0.1
	Seed    uint64  // of random projections and random choices of dimensions
}

// Kind is a model's name and the features that its paper takes.
type Kind struct {
	Name   string
	Scales []int  // maps of the pyramid, 0 at stride 4, 1 at stride 8, 2 at stride 16
	Pool   string // before anything else, as backbone.Pool has it
	// Smooth is the standard deviation in pixels of the Gaussian that smooths the map at the input's size.
	Smooth float64

	build func(maps []Map, o Options) Model
}

var kinds = []Kind{
	{"patchcore", []int{1, 2}, "none", 4, newPatchCore},
	{"padim", []int{0, 1, 2}, "none", 4, newPaDiM},
	{"gaussian", []int{0, 1, 2}, "none", 4, newGaussian},
	{"knn", []int{2}, "none", 4, newKNN},
}

// Names lists the models.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return names
}

// Find is the kind called name.
func Find(name string) (Kind, bool) {
	for _, k := range kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// New makes a model of features with the given maps, not yet fitted.
func (k Kind) New(maps []Map, o Options) (Model, error) {
	if len(maps) == 0 {
		return nil, fmt.Errorf("%s: no map of features", k.Name)
	}
	for _, m := range maps {
		if m.Len() < 1 {
			return nil, fmt.Errorf("%s: a map of features of shape %v", k.Name, m)
		}
	}
	if !(o.Coreset >= 0 && o.Coreset <= 1) {
		return nil, fmt.Errorf("%s: a coreset of %v of the patches; the share must lie in (0,1]", k.Name, o.Coreset)
	}
	return k.build(maps, o), nil
}

var errNoImages = errors.New("no images to learn from")

// batchSize is how many images a pass reads together.
const batchSize = 16

// each reads all images in order, batch by batch; the maps are valid during the call.
func each(ctx context.Context, data Source, shapes []Map, do func(first, n int, maps [][]float32) error) error {
	total := data.Len()
	if total == 0 {
		return errNoImages
	}
	maps := make([][]float32, len(shapes))
	for s, m := range shapes {
		maps[s] = make([]float32, min(batchSize, total)*m.Len())
	}
	for first := 0; first < total; first += batchSize {
		index := make([]int, min(batchSize, total-first))
		for i := range index {
			index[i] = first + i
		}
		if err := errors.Join(ctx.Err(), data.Batch(ctx, index, maps)); err != nil {
			return err
		}
		if err := do(first, len(index), maps); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// tensor is a float32 tensor that shares values.
func tensor(name string, values []float32, shape ...int) weights.Tensor {
	return weights.Tensor{Name: name, Shape: shape, DType: "F32", Data: values}
}

// fetch gets a tensor of the given shape, in which −1 stands for any positive length.
func fetch(get func(name string) (weights.Tensor, error), name string, shape ...int) (weights.Tensor, error) {
	t, err := get(name)
	if err != nil {
		return t, err
	}
	fits := len(t.Shape) == len(shape) && t.Data != nil
	for i := 0; fits && i < len(shape); i++ {
		fits = t.Shape[i] == shape[i] || shape[i] == -1 && t.Shape[i] > 0
	}
	if !fits {
		return t, fmt.Errorf("tensor %s has shape %v of %s and the model wants %v", name, t.Shape, t.DType, shape)
	}
	return t, nil
}
