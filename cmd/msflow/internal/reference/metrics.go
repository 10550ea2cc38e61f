package reference

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/lib/metrics"
	"github.com/msflow-go/msflow/lib/weights"
)

// verifyMetrics computes every figure of the case's JSON from its maps, masks, labels and scores.
func verifyMetrics(_ context.Context, f *Case) ([]Comparison, error) {
	var want map[string]float64
	if err := f.decode(&want); err != nil {
		return nil, err
	}
	images, pixels, err := f.rankings()
	if err != nil {
		return nil, err
	}
	var out []Comparison
	for _, name := range slices.Sorted(maps.Keys(want)) {
		got, tolerance, err := figure(name, images, pixels)
		if err != nil {
			return out, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, Comparison{f.name, name, math.Abs(got - want[name]), tolerance, false})
	}
	return out, nil
}

// rankings reads the case's tensors.
func (f *Case) rankings() (*metrics.Ranking, *metrics.Pixels, error) {
	maps, err := f.results.Get("maps")
	if err != nil {
		return nil, nil, err
	}
	masks, err := f.results.Get("masks")
	if err != nil {
		return nil, nil, err
	}
	labels, err := f.results.Get("labels")
	if err != nil {
		return nil, nil, err
	}
	scores, err := f.doubles("scores")
	if err != nil {
		return nil, nil, err
	}
	if len(maps.Shape) != 3 || len(masks.Ints) != len(maps.Data) || len(labels.Ints) != len(scores) {
		return nil, nil, fmt.Errorf("maps %v, masks %v, labels %v and %d scores do not belong together", maps.Shape, masks.Shape, labels.Shape, len(scores))
	}
	images, err := metrics.Rank(scores, truths(labels.Ints))
	if err != nil {
		return nil, nil, err
	}
	n, h, w := maps.Shape[0], maps.Shape[1], maps.Shape[2]
	var m [][]float32
	var t [][]uint8
	for i := range n {
		m = append(m, maps.Data[i*h*w:(i+1)*h*w])
		t = append(t, binary01(masks.Ints[i*h*w:(i+1)*h*w]))
	}
	pixels, err := metrics.NewPixels(m, t, h, w)
	return images, pixels, err
}

// doubles are a result's values without rounding.
func (f *Case) doubles(name string) ([]float64, error) {
	file, err := weights.ReadSafetensors(f.results.Source())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Doubles(name)
}

// figure computes one figure by its name in a fixture, with the tolerance that it is held to.
func figure(name string, images *metrics.Ranking, pixels *metrics.Pixels) (value, tolerance float64, err error) {
	tolerance = 1e-6
	switch {
	case name == "det_auroc":
		value = images.AUROC()
	case name == "det_ap":
		value = images.AP()
	case name == "det_f1max":
		value, _ = images.F1Max()
	case name == "loc_auroc":
		value = pixels.AUROC()
	case name == "loc_ap":
		value = pixels.AP()
	case name == "loc_f1max":
		value, _ = pixels.F1Max()
	case strings.HasPrefix(name, "aupro_"):
		limit, perr := strconv.ParseFloat(strings.TrimPrefix(name, "aupro_"), 64)
		if perr != nil {
			return 0, 0, perr
		}
		value, err = pixels.AUPRO(limit)
	case name == "reference_pro_percent":
		value, err = pixels.ReferencePRO()
		value, tolerance = 100*value, 0.05
	case name == "regions":
		value, tolerance = float64(pixels.Regions()), 0
	default:
		err = fmt.Errorf("no figure of that name is known")
	}
	return value, tolerance, err
}

func truths(v []int64) []bool {
	out := make([]bool, len(v))
	for i, x := range v {
		out[i] = x != 0
	}
	return out
}

// binary01 is 1 where a value is not zero.
func binary01(v []int64) []uint8 {
	out := make([]uint8, len(v))
	for i, x := range v {
		if x != 0 {
			out[i] = 1
		}
	}
	return out
}
