package detector

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/metrics"
	"github.com/msflow-go/msflow/lib/score"
	"github.com/msflow-go/msflow/lib/train"
	"github.com/msflow-go/msflow/lib/whiten"
)

// Kinds of Config.Pool that compare pictures place by place. Which of them tells defects depends on the product: magnetic tiles
// need the coarse maps, an even cloth the fine ones. Fit tries both on defects that are painted on the training images
// (datasets.Painted), with the Gaussian that the flow starts from, and takes the better one. It sees no defect of the product.
const (
	autoViews  = "auto" // what Fit chooses; localViews until then
	localViews = "local"
	fineViews  = "fine"
)

const (
	trialImages = 96      // training images that the choice looks at, at most
	trialBytes  = 1 << 29 // of memory for their features, and those of their painted copies
	trialLeast  = 12      // parts; of fewer the choice would be a guess
	trialPaints = 2       // painted copies of each image
	trialFolds  = 3
)

// views tells whether the features are compared place by place.
func (c Config) views() bool {
	return c.Pool == autoViews || c.Pool == localViews || c.Pool == fineViews
}

// pooled is backbone.Pool of a batch of n pyramids.
func (c Config) pooled(f []backbone.Feature, n int) []backbone.Feature {
	if c.Pool == autoViews {
		return backbone.Pool(f, n, localViews)
	}
	return backbone.Pool(f, n, c.Pool)
}

// chooseViews settles Config.Pool where it is auto, and builds the flow for the maps of that choice.
func (d *Detector) chooseViews(ctx context.Context, set datasets.Set, f fitting) error {
	if d.Config.Pool != autoViews || f.proceed {
		return nil
	}
	if f.resume != "" {
		return d.resumeViews(f.resume)
	}
	d.Config.Pool = localViews
	if len(d.raw) < 2 {
		return nil
	}
	if err := d.tryViews(ctx, set, f.OnNote); err != nil {
		d.Config.Pool = autoViews
		return fmt.Errorf("detector: choosing the views: %w", err)
	}
	return nil
}

// tryViews takes the fine views where they tell painted defects better than the local ones.
func (d *Detector) tryViews(ctx context.Context, set datasets.Set, note func(string)) error {
	if len(distinct(set.Parts())) < trialLeast {
		return nil
	}
	set, err := d.someTiles(set)
	if err != nil {
		return err
	}
	t, err := d.newTrial(ctx, set)
	if err != nil {
		return err
	}
	defer t.features.Close()
	if !t.tells() {
		return nil
	}
	local, err1 := t.told(ctx, d.Config)
	fine, err2 := t.told(ctx, d.Config.withPool(fineViews))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if fine > local {
		d.Config.Pool = fineViews
		if err := d.build(); err != nil {
			return err
		}
	}
	if note != nil {
		note(fmt.Sprintf("%s views of the features: painted defects on %d training images are told by %.1f %% with fine and %.1f %% with local ones (mean of AUROC and AUPRO)",
			d.Config.Pool, count(t.normal), 100*fine, 100*local))
	}
	return nil
}

// resumeViews takes the views that a checkpoint's training chose. What else is wrong with the file, its reader says.
func (d *Detector) resumeViews(path string) error {
	c, err := train.Open(path)
	if err != nil {
		return fmt.Errorf("resuming: %w", err)
	}
	var s stored
	if err := c.Config(&s); err != nil {
		return fmt.Errorf("resuming: %w", err)
	}
	if kind := s.Config.Pool; kind == localViews || kind == fineViews {
		d.Config.Pool = kind
	}
	return d.build()
}

func count(of []bool) (n int) {
	for _, v := range of {
		if v {
			n++
		}
	}
	return n
}

func (c Config) withPool(kind string) Config {
	c.Pool = kind
	return c
}

// trial holds features of training images and of their painted copies.
type trial struct {
	features *Features // not pooled
	normal   []bool
	fold     []int     // of each image; all of a part are in one
	masks    [][]uint8 // at the size of the backbone's finest map
}

// tells reports whether the trial can tell anything: every fold has normal and painted images.
func (t *trial) tells() bool {
	var normal, painted [trialFolds]bool
	for i, f := range t.fold {
		if t.normal[i] {
			normal[f] = true
		} else {
			painted[f] = true
		}
	}
	return !slices.Contains(normal[:], false) && !slices.Contains(painted[:], false)
}

// newTrial reads training images and paints on them. A picture on which nothing can be painted has no copy.
func (d *Detector) newTrial(ctx context.Context, set datasets.Set) (*trial, error) {
	probe, err := d.probe()
	if err != nil {
		return nil, err
	}
	chosen, folds := drawn(set, probe.trialSize(), d.Config.Seed)
	both := slices.Clone(chosen)
	for k := range trialPaints {
		turned := append(slices.Clone(chosen[k:]), chosen[:k]...) // so that each copy of a picture has another kind of defect
		both = append(both, datasets.Painted(turned, int64(d.Config.Seed)+int64(k)<<32)...)
	}
	t := &trial{}
	if t.features, err = newFeatures(setNames(both), probe.maps, trialBytes); err != nil {
		return nil, err
	}
	row := make([]float32, t.features.perImage())
	err = probe.each(ctx, both, func(_ int, b *datasets.Batch, maps []backbone.Feature) error {
		for i, part := range b.Samples.Parts() {
			if err := t.features.store.put(len(t.fold), joinMaps(row, maps, i)); err != nil {
				return err
			}
			normal := !b.Samples[i].Anomalous
			t.fold, t.normal = append(t.fold, folds[part]), append(t.normal, normal)
			t.masks = append(t.masks, marked(b.Masks[i], normal, probe.maps[0]))
		}
		return nil
	})
	if err != nil {
		t.features.Close()
		return nil, err
	}
	return t, nil
}

// probe is a detector with the same backbone that keeps its maps as they are, and goes on after an image that it cannot read:
// the training says so.
func (d *Detector) probe() (*Detector, error) {
	p := &Detector{Config: d.Config.withPool("none"), backbone: d.backbone, maps: d.raw, raw: d.raw, bad: func(datasets.Sample, error) {}}
	p.Config.Scales = nil
	for i := range d.raw {
		p.Config.Scales = append(p.Config.Scales, i)
	}
	return p, p.UseDevices(d.Config.Device, d.Config.Precision, max(1, d.Config.Devices))
}

// trialSize is how many images a trial takes within its memory.
func (d *Detector) trialSize() int {
	bytes := 0
	for _, m := range d.raw {
		bytes += 4 * m.Len()
	}
	return min(trialImages, trialBytes/(bytes*(1+trialPaints)))
}

// drawn draws whole parts of a set until there are n images, and deals the parts into folds.
func drawn(set datasets.Set, n int, seed uint64) (datasets.Set, map[string]int) {
	parts := set.Parts()
	names := distinct(parts)
	rand.New(rand.NewPCG(seed, 0x71e35)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var out datasets.Set
	folds := map[string]int{}
	for k, name := range names {
		if len(out) >= n {
			break
		}
		folds[name] = k % trialFolds
		for i, part := range parts {
			if part == name {
				sample := set[i]
				sample.Group = name // so that painted copies are of the same part
				out = append(out, sample)
			}
		}
	}
	return out, folds
}

// marked is a mask at a map's size: a place is marked where any of its pixels is.
func marked(mask *datasets.Mask, normal bool, m flow.Map) []uint8 {
	out := make([]uint8, m.H*m.W)
	if mask == nil || normal {
		return out
	}
	for y := range mask.H {
		for x := range mask.W {
			if mask.Pix[y*mask.W+x] != 0 {
				out[y*m.H/mask.H*m.W+x*m.W/mask.W] = 1
			}
		}
	}
	return out
}

// told is how well Gaussians of a kind of views tell the painted images: the mean of det AUROC and AUPRO over the folds, each
// judged by what the others fitted.
func (t *trial) told(ctx context.Context, c Config) (float64, error) {
	sum := 0.0
	for fold := range trialFolds {
		v, err := t.toldIn(ctx, c, fold)
		if err != nil {
			return 0, err
		}
		sum += v / trialFolds
	}
	return sum, nil
}

func (t *trial) toldIn(ctx context.Context, c Config, fold int) (float64, error) {
	distances, sizes, err := t.distances(ctx, c, fold)
	if err != nil {
		return 0, err
	}
	levels := make([]score.Level, len(sizes))
	for s := range levels {
		var normal [][]float32
		for i, d := range distances {
			if d != nil && t.normal[i] {
				normal = append(normal, d[s])
			}
		}
		levels[s] = score.LevelOf(normal...)
	}
	finest := t.features.Maps[0]
	var scores []float64
	var painted []bool
	var maps [][]float32
	var masks [][]uint8
	for i, d := range distances {
		if d == nil {
			continue
		}
		m := score.Surprise(d, sizes, levels, finest.H, finest.W)
		scores, painted = append(scores, score.ImageScore(m, c.TopK)), append(painted, !t.normal[i])
		maps, masks = append(maps, m), append(masks, t.masks[i])
	}
	auroc, err1 := metrics.AUROC(scores, painted)
	aupro, err2 := metrics.AUPRO(maps, masks, finest.H, finest.W, 0.3)
	return (auroc + aupro) / 2, errors.Join(err1, err2)
}

// distances fits a Gaussian to every view of the normal images outside of a fold, and gives −½‖y‖² of the fold's images,
// [image][view]; nil for the others.
func (t *trial) distances(ctx context.Context, c Config, fold int) (out [][][]float32, sizes [][2]int, err error) {
	var fit []int
	for i, f := range t.fold {
		if f != fold && t.normal[i] {
			fit = append(fit, i)
		}
	}
	out = make([][][]float32, len(t.fold))
	for s := range c.Scales {
		v := view{t.features, c, s, fit}
		shape, err := v.shape(ctx)
		if err != nil {
			return nil, nil, err
		}
		w, err := whiten.Fit(ctx, shape, v)
		if err != nil {
			return nil, nil, err
		}
		sizes = append(sizes, [2]int{shape.H, shape.W})
		y := make([]float32, shape.Len())
		for i, f := range t.fold {
			if f != fold {
				continue
			}
			if err := v.read(ctx, i, y); err != nil {
				return nil, nil, err
			}
			w.Apply(y, 1)
			out[i] = append(out[i], logNormal(y, shape))
		}
	}
	return out, sizes, nil
}

// logNormal is −½‖y‖² at each place.
func logNormal(y []float32, s whiten.Shape) []float32 {
	out := make([]float32, s.H*s.W)
	for c := range s.C {
		for i, v := range y[c*s.H*s.W : (c+1)*s.H*s.W] {
			out[i] -= v * v / 2
		}
	}
	return out
}

// view is one view of some images, for whiten.Fit.
type view struct {
	features *Features // not pooled
	config   Config    // whose Pool makes the views and whose Scales pick them
	scale    int
	images   []int
}

func (v view) Len() int { return len(v.images) }

func (v view) Map(ctx context.Context, i int, x []float32) error { return v.read(ctx, v.images[i], x) }

func (v view) read(ctx context.Context, image int, x []float32) error {
	f, err := v.of(ctx, image)
	copy(x, f.Data)
	return err
}

func (v view) shape(ctx context.Context) (whiten.Shape, error) {
	f, err := v.of(ctx, 0)
	return whiten.Shape{C: f.C, H: f.H, W: f.W}, err
}

// of makes the view of an image.
func (v view) of(ctx context.Context, image int) (backbone.Feature, error) {
	pyramid := make([]backbone.Feature, len(v.features.Maps))
	maps := make([][]float32, len(pyramid))
	for i, m := range v.features.Maps {
		maps[i] = make([]float32, m.Len())
		pyramid[i] = backbone.Feature{C: m.C, H: m.H, W: m.W, Data: maps[i]}
	}
	if err := v.features.Batch(ctx, []int{image}, maps); err != nil {
		return backbone.Feature{}, err
	}
	return v.config.pooled(pyramid, 1)[v.config.Scales[v.scale]], nil
}
