package detector

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/metrics"
)

// Result is a judged test set.
type Result struct {
	Metrics
	Images []Prediction // in the order of the set

	image *metrics.Ranking
	add   *metrics.Pixels // for the pixel ROC
	mul   *metrics.Pixels // for the region overlap
	seed  uint64          // of the intervals
}

// Interval is a 95 % confidence interval from drawing test images with replacement, whole parts at a time (see
// datasets.Groups).
type Interval [2]float64

// Metrics are the figures of a test, as fractions. Image figures judge the image score, loc figures the add map's pixels,
// and aupro the mul map's regions, as in the paper. Pixel figures are nil where no anomalous image has a mask.
type Metrics struct {
	Normal    int `json:"normal_images"`
	Anomalous int `json:"anomalous_images"`
	Parts     int `json:"parts"` // physical parts that the images show

	// Notes say in words what the figures cannot: that scores tie, that there are too few images, that no mask marks a
	// pixel.
	Notes []string `json:"notes,omitempty"`

	DetAUROC     float64  `json:"det_auroc"`
	DetAUROCCI   Interval `json:"det_auroc_interval"`
	DetAP        float64  `json:"det_ap"`
	DetF1        float64  `json:"det_f1max"`
	DetF1CI      Interval `json:"det_f1max_interval"`
	DetThreshold float64  `json:"det_threshold"` // a score ≥ this is called anomalous at the best F1
	MapThreshold float64  `json:"map_threshold"` // in units of Result.MapUnit; see Result.PixelThreshold

	MapColors [2]float64 `json:"map_colors,omitzero"` // the values of the first and the last colour of maps, see MapRange

	*PixelMetrics

	Defects Defects `json:"defects,omitempty"` // each kind of defect by itself, from Test
}

// PixelMetrics are the figures of localisation.
type PixelMetrics struct {
	LocAUROC     float64  `json:"loc_auroc"`
	LocAUROCCI   Interval `json:"loc_auroc_interval"`
	LocAP        float64  `json:"loc_ap"`
	LocF1        float64  `json:"loc_f1max"`
	LocThreshold float64  `json:"loc_threshold"` // of the add map
	AUPRO        float64  `json:"aupro"`         // exact, false-positive rate up to 0.3
	AUPROCI      Interval `json:"aupro_interval"`
	AUPRO05      float64  `json:"aupro_05"`      // up to 0.05
	ReferencePRO *float64 `json:"reference_pro"` // by 800 thresholds, as published tables have it; nil where that is not defined
	AUPIMO       *float64 `json:"aupimo"`        // nil where the normal images are too few for it
	Regions      int      `json:"regions"`       // defects in all masks
	MaskedImages int      `json:"pixel_images"`  // that the figures rest on: those whose every pixel's truth is known
}

func newResult(c Config, predictions []Prediction) (*Result, error) {
	r := &Result{Images: predictions, seed: c.Seed}
	if err := r.judgeImages(c.Seed); err != nil {
		return nil, fmt.Errorf("detector: judging the image scores: %w", err)
	}
	r.noteImages()
	if err := r.judgeMaps(); err != nil {
		return nil, fmt.Errorf("detector: judging the pixel maps: %w", err)
	}
	r.MapColors[0], r.MapColors[1] = MapRange(predictions, r.MapThreshold)
	return r, nil
}

// judgeMaps judges the pixels whose truth is known.
func (r *Result) judgeMaps() error {
	masked := r.masked()
	if !slices.ContainsFunc(masked, func(p Prediction) bool { return p.Anomalous }) {
		r.MapThreshold = normalQuantile(r.Images)
		return nil
	}
	err := r.judgePixels(masked, r.seed)
	if errors.Is(err, metrics.ErrOneClass) {
		r.note("all pixels are of one kind by the masks, so pixels cannot be judged; look at the masks")
		r.PixelMetrics, r.add, r.mul, r.MapThreshold = nil, nil, nil, normalQuantile(r.Images)
		return nil
	}
	return err
}

func (r *Result) judgeImages(seed uint64) (err error) {
	scores, labels := r.Scores()
	if r.image, err = metrics.Rank(scores, labels); err != nil {
		return err
	}
	r.Anomalous, r.Normal = r.image.Count()
	r.Parts = len(distinct(parts(r.Images)))
	r.DetAUROC, r.DetAP = r.image.AUROC(), r.image.AP()
	r.DetF1, r.DetThreshold = r.image.F1Max()
	r.DetThreshold = midwayBelow(scores, r.DetThreshold)
	boot := bootstrap(seed, r.Images)
	ci, err := boot.AUROC(scores, labels)
	if err != nil {
		return err
	}
	r.DetAUROCCI = Interval{ci.Low, ci.High}
	if ci, err = boot.F1Max(scores, labels); err != nil {
		return err
	}
	r.DetF1CI = Interval{ci.Low, ci.High}
	return nil
}

// bootstrap draws the parts that the images show.
func bootstrap(seed uint64, images []Prediction) metrics.Bootstrap {
	return metrics.Bootstrap{Seed: seed, Parts: parts(images)}
}

// parts names the part that each image shows.
func parts(images []Prediction) []string {
	parts := make([]string, len(images))
	for i, p := range images {
		parts[i] = p.Part
		if p.Part == "" {
			parts[i] = p.Name
		}
	}
	return parts
}

func distinct(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// midwayBelow is the middle of the gap under a score: a threshold that lies on a score itself judges by that image's last
// bits. With no score below, the gap above serves as a measure.
func midwayBelow(scores []float64, threshold float64) float64 {
	low, high := math.Inf(-1), math.Inf(1)
	for _, s := range scores {
		if s < threshold {
			low = max(low, s)
		}
		if s > threshold {
			high = min(high, s)
		}
	}
	switch {
	case !math.IsInf(low, 0):
		return low + (threshold-low)/2
	case !math.IsInf(high, 0):
		return threshold - (high-threshold)/2
	}
	return threshold
}

// Scores are the image scores and labels, in the order of the set.
func (r *Result) Scores() (scores []float64, anomalous []bool) {
	for _, p := range r.Images {
		scores = append(scores, p.Score)
		anomalous = append(anomalous, p.Anomalous)
	}
	return scores, anomalous
}

// masked are the images of which the truth of every pixel is known. An anomalous image without a mask costs no more than
// its own share of the pixel figures. Pictures in tiles may be of several sizes: those of another than the first are left
// out.
func (r *Result) masked() []Prediction {
	first := r.Images[0]
	return slices.DeleteFunc(slices.Clone(r.Images), func(p Prediction) bool { return p.Mask == nil || p.H != first.H || p.W != first.W })
}

func (r *Result) judgePixels(images []Prediction, seed uint64) error {
	var add, mul, nll [][]float32
	var masks [][]uint8
	for _, p := range images {
		m := p.Maps()
		add, mul, nll, masks = append(add, m.Add), append(mul, m.Mul), append(nll, m.NLL), append(masks, p.Mask)
	}
	h, w := images[0].H, images[0].W
	m := &PixelMetrics{MaskedImages: len(images)}
	var err error
	if r.add, err = metrics.NewPixels(add, masks, h, w); err != nil {
		return err
	}
	if r.mul, err = metrics.NewPixels(mul, masks, h, w); err != nil {
		return err
	}
	if err := m.localize(r.add, bootstrap(seed, images)); err != nil {
		return err
	}
	if err := m.overlap(r.mul, bootstrap(seed, images)); err != nil {
		return err
	}
	r.PixelMetrics = m
	r.MapThreshold, _, err = metrics.BestDice(nll, masks)
	return err
}

// localize fills in what the add map's pixels say.
func (m *PixelMetrics) localize(add *metrics.Pixels, boot metrics.Bootstrap) error {
	m.LocAUROC, m.LocAP, m.Regions = add.AUROC(), add.AP(), add.Regions()
	m.LocF1, m.LocThreshold = add.F1Max()
	ci, err := add.Intervals(boot)
	m.LocAUROCCI = Interval{ci.AUROC.Low, ci.AUROC.High}
	return err
}

// overlap fills in what the mul map's regions say.
func (m *PixelMetrics) overlap(mul *metrics.Pixels, boot metrics.Bootstrap) (err error) {
	if m.AUPRO, err = mul.AUPRO(0.3); err != nil {
		return err
	}
	if m.AUPRO05, err = mul.AUPRO(0.05); err != nil {
		return err
	}
	if m.ReferencePRO, err = defined(mul.ReferencePRO()); err != nil {
		return err
	}
	ci, err := mul.Intervals(boot, 0.3)
	if err != nil {
		return err
	}
	m.AUPROCI = Interval{ci.AUPRO[0].Low, ci.AUPRO[0].High}
	_, mean, err := mul.AUPIMO(metrics.AUPIMOLower, metrics.AUPIMOUpper)
	m.AUPIMO, err = defined(mean, err)
	return err
}

// defined is nil for a figure that this test set cannot give, which is no error.
func defined(v float64, err error) (*float64, error) {
	for _, cannot := range []error{metrics.ErrTooCoarse, metrics.ErrOneClass, metrics.ErrNoRange} {
		if errors.Is(err, cannot) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// ROC is the curve of the image scores.
func (r *Result) ROC() (fpr, tpr, thresholds []float64) { return r.image.ROC() }

// PR is the precision-recall curve of the image scores.
func (r *Result) PR() (recall, precision, thresholds []float64) { return r.image.PR() }

// ErrNoMasks is returned for a pixel figure of a set without masks.
var ErrNoMasks = errors.New("detector: the test set has no masks, so pixels cannot be judged")

// PROCurve is the region-overlap curve of the mul maps up to a false-positive rate.
func (r *Result) PROCurve(limit float64) (fpr, pro, thresholds []float64, err error) {
	if r.mul == nil {
		return nil, nil, nil, ErrNoMasks
	}
	return r.mul.PROCurve(limit)
}

// Threshold is the image score of the best F1: a score from here on is called anomalous.
func (r *Result) Threshold() float64 { return r.DetThreshold }

// Map is the unnormalised map of image i in units of MapUnit, (H,W): what panels show, since its values mean the same in
// every image.
func (r *Result) Map(i int) (values []float32, h, w int) {
	p := r.Images[i]
	return p.Maps().NLL, p.H, p.W
}

// MapUnit names the unit of the values of Map, for colour bars.
func (r *Result) MapUnit() string { return r.Images[0].MapUnit() }

// MapRange is the range of colours of the maps, see the function MapRange.
func (r *Result) MapRange() (low, high float64) { return r.MapColors[0], r.MapColors[1] }

// Picture is the name and the picture of image i at the input size, read again from its file.
func (r *Result) Picture(i int) (name string, picture image.Image, err error) {
	im, err := r.Images[i].Image()
	if err != nil {
		return r.Images[i].Name, nil, err
	}
	return r.Images[i].Name, im, nil
}

// Truth is 1 at the defect's pixels of image i, (H,W); nil when unknown.
func (r *Result) Truth(i int) []uint8 { return r.Images[i].Mask }

// PixelThreshold is the value of Map from which a pixel is anomalous: where the mean Dice of the defective test images is
// best, so that a small defect counts as much as a large one. Without masks it is the value that all but 1 − normalShare of
// the normal test images' pixels stay below.
func (r *Result) PixelThreshold() float64 { return r.MapThreshold }

// normalShare is the share of the normal images' pixels that PixelThreshold calls normal without masks.
const normalShare = 0.999

// normalQuantile is that quantile of the normal images' unnormalised maps.
func normalQuantile(images []Prediction) float64 {
	var values []float32
	for _, p := range images {
		if !p.Anomalous {
			values = append(values, p.Maps().NLL...)
		}
	}
	slices.Sort(values)
	return float64(values[int(normalShare*float64(len(values)-1))])
}
