package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

// inferRequest is the body of an inference request, without its binary tensors.
type inferRequest struct {
	ID         string            `json:"id"`
	Parameters outputParameter   `json:"parameters"`
	Inputs     []inputTensor     `json:"inputs"`
	Outputs    []requestedOutput `json:"outputs"`
}

type requestedOutput struct {
	Name       string          `json:"name"`
	Parameters outputParameter `json:"parameters"`
}

// outputParameter says whether outputs are wanted after the JSON object, as bytes; nil: as the request has it.
type outputParameter struct {
	Binary    *bool `json:"binary_data"`
	AllBinary *bool `json:"binary_data_output"`
}

type inferResponse struct {
	Model   string         `json:"model_name"`
	Version string         `json:"model_version"`
	ID      string         `json:"id,omitempty"`
	Outputs []outputTensor `json:"outputs"`
}

// modelVersion is the only one of every model.
const modelVersion = "1"

// tensorInfo describes an input or output.
type tensorInfo struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// outputs are what there is to ask for. N images give N of each; map and mask are at the detector's input size, regions a JSON
// list an image in pixels of the image.
func (m *model) outputs() []tensorInfo {
	h, w := m.Detector.Config.Size[0], m.Detector.Config.Size[1]
	if f := m.Detector.Config.Frame; f != nil && f.Tile > 0 { // as large as the picture is, at a quarter of its pixels
		h, w = -1, -1
	}
	return []tensorInfo{
		{"score", "FP32", []int{-1}}, {"threshold", "FP32", []int{-1}}, {"anomalous", "BOOL", []int{-1}}, {"regions", "BYTES", []int{-1}},
		{"map", "FP32", []int{-1, h, w}}, {"mask", "UINT8", []int{-1, h, w}},
	}
}

func (s *Server) about(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, map[string]any{"name": "msflow", "version": s.config.Version, "extensions": []string{"binary_tensor_data"}})
	return nil
}

func (s *Server) named(r *http.Request) (*model, error) {
	return s.version(r.PathValue("model"), r.PathValue("version"))
}

// version is a version of a model; empty is the only one.
func (s *Server) version(name, version string) (*model, error) {
	m := s.find(name)
	if m == nil {
		return nil, fail(http.StatusNotFound, "there is no model %q", name)
	}
	if version != "" && version != modelVersion {
		return nil, fail(http.StatusNotFound, "model %s has no version %q", m.Name, version)
	}
	return m, nil
}

func (s *Server) aboutModel(w http.ResponseWriter, r *http.Request) error {
	m, err := s.named(r)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"name": m.Name, "versions": []string{modelVersion}, "platform": "msflow",
		"inputs": []tensorInfo{{"image", "BYTES", []int{-1}}}, "outputs": m.outputs(),
	})
	return nil
}

func (s *Server) modelReady(w http.ResponseWriter, r *http.Request) error {
	_, err := s.named(r)
	if err == nil {
		s.ready(w, r)
	}
	return err
}

// infer answers an inference request.
func (s *Server) infer(w http.ResponseWriter, r *http.Request) error {
	m, err := s.named(r)
	if err != nil {
		return err
	}
	answer, err := s.inferred(r.Context(), m, func() (*inferRequest, []byte, error) { return readInfer(r) })
	if err != nil {
		return err
	}
	return m.respond(w, answer)
}

// inferAnswer are the outputs that a request wants, with the values of all.
type inferAnswer struct {
	request *inferRequest
	tensors []tensorInfo
	values  map[string]any
}

// inferred reads a request, which takes a place at first and then one for each of its images, and computes its outputs.
func (s *Server) inferred(ctx context.Context, m *model, read func() (*inferRequest, []byte, error)) (*inferAnswer, error) {
	if err := s.places.take(1); err != nil {
		return nil, err
	}
	held := 1
	defer func() { s.places.leave(held) }()
	request, binary, err := read()
	if err != nil {
		return nil, err
	}
	n, err := request.images()
	if err != nil {
		return nil, err
	}
	if n > s.config.Queue {
		return nil, fail(http.StatusBadRequest, "%d images in one request; this server takes %d", n, s.config.Queue)
	}
	if err := s.places.take(n - 1); err != nil {
		return nil, err
	}
	held = n
	wanted, err := m.wanted(request)
	if err != nil {
		return nil, err
	}
	pictures, err := s.pictures(m, request.Inputs[0], binary)
	if err != nil {
		return nil, err
	}
	found, err := m.ask(ctx, pictures)
	if err != nil {
		return nil, err
	}
	values, err := m.values(found, pictures)
	for i, t := range wanted {
		wanted[i].Shape = shapes(found)[len(t.Shape)]
	}
	return &inferAnswer{request, wanted, values}, err
}

// wanted are the outputs that a request names; all, where it names none.
func (m *model) wanted(q *inferRequest) ([]tensorInfo, error) {
	infos := m.outputs()
	for _, out := range q.Outputs {
		if !slices.ContainsFunc(infos, func(t tensorInfo) bool { return t.Name == out.Name }) {
			return nil, fail(http.StatusBadRequest, "there is no output %q", out.Name)
		}
	}
	if len(q.Outputs) == 0 {
		return infos, nil
	}
	return slices.DeleteFunc(infos, func(t tensorInfo) bool { return !q.names(t.Name) }), nil
}

func (q *inferRequest) names(output string) bool {
	return slices.ContainsFunc(q.Outputs, func(o requestedOutput) bool { return o.Name == output })
}

// binary tells whether an output is to come as bytes after the object.
func (q *inferRequest) binary(output string) bool {
	as := q.Parameters.AllBinary != nil && *q.Parameters.AllBinary
	for _, o := range q.Outputs {
		if o.Name == output && o.Parameters.Binary != nil {
			as = *o.Parameters.Binary
		}
	}
	return as
}

// images is how many there are, once the request is known to be right.
func (q *inferRequest) images() (int, error) {
	if len(q.Inputs) != 1 || q.Inputs[0].Name != "image" {
		return 0, fail(http.StatusBadRequest, "the request has %d inputs; it takes one, image", len(q.Inputs))
	}
	return q.Inputs[0].images()
}

// pictures reads the images of the input: files' bytes, or pixels.
func (s *Server) pictures(m *model, in inputTensor, binary []byte) ([]*datasets.Image, error) {
	if in.Datatype == "UINT8" {
		return in.pixels(binary, s.config.MaxPixels)
	}
	files, err := in.strings(binary)
	if err != nil {
		return nil, err
	}
	pictures := make([]*datasets.Image, len(files))
	for i, content := range files {
		if pictures[i], err = s.decode(m, content); err != nil {
			return nil, fmt.Errorf("image %d of the request: %w", i, err)
		}
	}
	return pictures, nil
}

// respond writes an answer.
func (m *model) respond(w http.ResponseWriter, a *inferAnswer) error {
	response := inferResponse{Model: m.Name, Version: modelVersion, ID: a.request.ID, Outputs: []outputTensor{}}
	var tail []byte
	for _, info := range a.tensors {
		t := outputTensor{tensorInfo: info}
		if a.request.binary(info.Name) {
			from := len(tail)
			tail = appendBinary(tail, a.values[info.Name])
			t.Parameters = map[string]int{"binary_data_size": len(tail) - from}
		} else {
			t.Data = a.values[info.Name]
		}
		response.Outputs = append(response.Outputs, t)
	}
	return writeInfer(w, response, tail)
}

// shapes are those of the outputs by their number of axes.
func shapes(found []detector.Prediction) map[int][]int {
	n := len(found)
	return map[int][]int{1: {n}, 3: {n, found[0].H, found[0].W}}
}

// values are the outputs' values by name.
func (m *model) values(found []detector.Prediction, pictures []*datasets.Image) (map[string]any, error) {
	var scores, thresholds, maps []float32
	var anomalous []bool
	var masks []uint8
	var regions []string
	for i, p := range found {
		if p.H != found[0].H || p.W != found[0].W {
			return nil, fail(http.StatusBadRequest, "image %d is of another size than the first, and so is its map; send one image at a time", i)
		}
		v, err := m.judge(p, pictures[i], false)
		if err != nil {
			return nil, err
		}
		list, err := json.Marshal(v.Regions)
		if err != nil {
			return nil, fmt.Errorf("the regions: %w", err)
		}
		shown := p.Maps().NLL
		scores, thresholds = append(scores, float32(v.Score)), append(thresholds, float32(v.Threshold))
		anomalous, regions = append(anomalous, v.Verdict == "anomalous"), append(regions, string(list))
		maps, masks = append(maps, shown...), append(masks, m.mask(shown, p.H, p.W)...)
	}
	return map[string]any{"score": scores, "threshold": thresholds, "anomalous": anomalous, "regions": regions, "map": maps, "mask": masks}, nil
}
