package detector

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/backbone"
	"github.com/msflow-go/msflow/lib/flow"
	"github.com/msflow-go/msflow/lib/onnx"
	"github.com/msflow-go/msflow/lib/score"
	G "gorgonia.org/gorgonia"
)

// ErrNoGraph is returned for a detector that is not computed by a graph, and so cannot be exported.
var ErrNoGraph = errors.New("it has no graph to export")

// ONNX is how a detector is exported.
type ONNX struct {
	Version   string      // of the program, told in the file
	Threshold *float64    // of the verdicts, told in the file; nil: none is known
	Regions   *[3]float64 // low and high threshold of the map's defects, and the share of a peak; nil: the model has no mask
}

// WriteONNX writes the detector as one ONNX model, backbone and flow together. Its input is image, uint8 (N,H,W,3): N
// pictures in RGB at the input size, to which they were brought as the metadata says. Its outputs are score, float32 (N),
// map, float32 (N,H,W), which are Prediction's Score and Maps().NLL, and mask, uint8 (N,H,W): 1 where the map has a defect
// of any area. A vision transformer and the models of package baseline cannot be exported; that is ErrNoGraph.
func (d *Detector) WriteONNX(w io.Writer, o ONNX) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.baseline != nil || d.Config.Model != MSFlow && d.model == nil {
		return fmt.Errorf("detector: a model %s: %w", d.Config.Model, ErrNoGraph)
	}
	if d.model == nil {
		return ErrUntrained
	}
	if f := d.Config.Frame; f != nil && f.Fit == datasets.FitPad {
		return fmt.Errorf("detector: where a picture that is fitted by %s ends depends on its size, which a model's input does not tell: %w", f.Fit, ErrNoGraph)
	}
	h, width := d.Config.Size[0], d.Config.Size[1]
	g := onnx.New("msflow")
	image := g.Input("image", "pictures in RGB at the input size", onnx.Uint8, -1, h, width, 3)
	features, err := d.featuresONNX(g, image)
	if err != nil {
		return fmt.Errorf("detector: exporting: %w", err)
	}
	logp, err := d.likelihoodONNX(g, features)
	if err != nil {
		return fmt.Errorf("detector: exporting: %w", err)
	}
	scores, maps := d.scoresONNX(g, logp)
	g.Output("score", "larger is less normal", scores, onnx.Float32, -1)
	g.Output("map", "larger is less normal", g.Reshape(maps, 0, h, width), onnx.Float32, -1, h, width)
	if o.Regions != nil {
		marks := g.Regions(maps, o.Regions[0], o.Regions[1], o.Regions[2])
		g.Output("mask", "1 at defects", g.Cast(g.Reshape(marks, 0, h, width), onnx.Uint8), onnx.Uint8, -1, h, width)
	}
	about, err := d.aboutONNX(o)
	if err != nil {
		return err
	}
	return g.Write(w, o.Version, "An anomaly detector: score, map and mask of defects of pictures.", about)
}

// aboutONNX is the model's metadata: what a caller must know besides the tensors.
func (d *Detector) aboutONNX(o ONNX) (map[string]string, error) {
	config, err := json.Marshal(d.Config)
	if err != nil {
		return nil, fmt.Errorf("detector: exporting: %w", err)
	}
	about := map[string]string{
		"detector": string(config), "detector_sha256": d.Sum,
		"preprocessing": fmt.Sprintf("RGB (grey is replicated), resized to %d×%d (H×W) by Lanczos (a = 3) with antialiasing as Pillow does, uint8",
			d.Config.Size[0], d.Config.Size[1]),
	}
	if f := d.Config.Frame; f != nil {
		frame, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("detector: exporting: %w", err)
		}
		about["frame"] = string(frame)
		about["preprocessing"] = "cut as frame says, then " + about["preprocessing"]
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	if o.Threshold != nil {
		about["threshold"] = number(*o.Threshold)
	}
	if o.Regions != nil {
		about["map_low"], about["map_threshold"], about["map_share_of_peak"] = number(o.Regions[0]), number(o.Regions[1]), number(o.Regions[2])
	}
	return about, nil
}

// featuresONNX are the features that the flow sees, from 8-bit images.
func (d *Detector) featuresONNX(g *onnx.Graph, image onnx.Value) ([]onnx.Value, error) {
	gain, offset := datasets.Normalization()
	x := g.Cast(g.Transpose(image, 0, 3, 1, 2), onnx.Float32)
	x = g.Op("Add", onnx.On(g.Op("Mul", onnx.On(x, channelsONNX(g, gain))), channelsONNX(g, offset)))
	t := flow.NewTape(onnx.Batch)
	images := t.Input("images", flow.Map{C: 3, H: d.Config.Size[0], W: d.Config.Size[1]})
	nodes, err := d.pyramidGraph(images)
	if err != nil {
		return nil, errors.Join(err, ErrNoGraph)
	}
	maps, err := g.Lower(nodes, map[*G.Node]onnx.Value{images: x})
	if err != nil {
		return nil, err
	}
	if d.Config.views() {
		maps = d.viewsONNX(g, maps)
	}
	for i, w := range d.whitening {
		maps[i] = w.ONNX(g, maps[i])
	}
	return maps, nil
}

func channelsONNX(g *onnx.Graph, v []float64) onnx.Value {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return g.Floats("channels", out, len(v), 1, 1)
}

// viewsONNX are the configured scales of the views of the backbone's maps.
func (d *Detector) viewsONNX(g *onnx.Graph, maps []onnx.Value) []onnx.Value {
	shapes := make([]backbone.Feature, len(d.raw))
	for i, m := range d.raw {
		shapes[i] = backbone.Feature{C: m.C, H: m.H, W: m.W}
	}
	kind := d.Config.Pool
	if kind == autoViews {
		kind = localViews
	}
	all := backbone.ViewsONNX(g, maps, shapes, kind)
	out := make([]onnx.Value, len(d.Config.Scales))
	for i, s := range d.Config.Scales {
		out[i] = all[s]
	}
	return out
}

// likelihoodONNX are the flow's log-likelihood maps of features, (N,1,h,w).
func (d *Detector) likelihoodONNX(g *onnx.Graph, features []onnx.Value) ([]onnx.Value, error) {
	t := flow.NewTape(onnx.Batch)
	inputs, given := make([]*G.Node, len(d.maps)), map[*G.Node]onnx.Value{}
	for i, m := range d.maps {
		inputs[i] = t.Input(fmt.Sprintf("features.%d", i), m)
		given[inputs[i]] = features[i]
	}
	nodes, err := d.likelihoodGraph(t, inputs)
	if err != nil {
		return nil, err
	}
	return g.Lower(nodes, given)
}

// scoresONNX are the images' scores (N) and maps (N,1,H,W), as Prediction has them.
func (d *Detector) scoresONNX(g *onnx.Graph, logp []onnx.Value) (scores, maps onnx.Value) {
	h, w := d.Config.Size[0], d.Config.Size[1]
	m := score.ONNXMaps{Graph: g, LogP: logp, Sizes: d.sizes(), H: h, W: w}
	if f := d.Config.Frame; f != nil && f.Region != nil && f.Tile == 0 {
		m.Inside = d.canvasOf(f.View(f.Region.W, f.Region.H, w, h)).inside
	}
	m.Settle()
	c := d.calibration
	if c != nil && len(c.Levels) > 0 {
		maps = c.scaledONNX(g, m.Surprise(c.Levels))
		return m.ImageScore(maps, d.Config.TopK), m.Exclude(maps)
	}
	maps, scored := m.Fuse()
	if d.Config.Model != MSFlow {
		if c != nil {
			maps = c.scaledONNX(g, maps)
		}
		scored = maps
	}
	return m.ImageScore(scored, d.Config.TopK), m.Exclude(maps)
}

// scaledONNX is scaleMap.
func (c *Calibration) scaledONNX(g *onnx.Graph, m onnx.Value) onnx.Value {
	k := 0.5 / (c.High - c.Low)
	return g.Affine(m, k, -k*c.Low)
}
