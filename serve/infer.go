package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
)

// inferRequest is the body of an inference request, without its binary tensors.
type inferRequest struct {
	ID         string          `json:"id"`
	Parameters outputParameter `json:"parameters"`
	Inputs     []inputTensor   `json:"inputs"`
	Outputs    []struct {
		Name       string          `json:"name"`
		Parameters outputParameter `json:"parameters"`
	} `json:"outputs"`
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
	m := s.find(r.PathValue("model"))
	if m == nil {
		return nil, fail(http.StatusNotFound, "there is no model %q", r.PathValue("model"))
	}
	if v := r.PathValue("version"); v != "" && v != modelVersion {
		return nil, fail(http.StatusNotFound, "model %s has no version %q", m.Name, v)
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
	if err := s.places.take(1); err != nil {
		return err
	}
	held := 1
	defer func() { s.places.leave(held) }()
	request, binary, err := readInfer(r)
	if err != nil {
		return err
	}
	n, err := request.images()
	if err != nil {
		return err
	}
	if n > s.config.Queue {
		return fail(http.StatusBadRequest, "%d images in one request; this server takes %d", n, s.config.Queue)
	}
	if err := s.places.take(n - 1); err != nil {
		return err
	}
	held = n
	pictures, err := s.pictures(m, request.Inputs[0], binary)
	if err != nil {
		return err
	}
	found, err := m.ask(r.Context(), pictures)
	if err != nil {
		return err
	}
	return m.respond(w, request, found, pictures)
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

// respond answers with the outputs that are wanted; all, where the request names none.
func (m *model) respond(w http.ResponseWriter, q *inferRequest, found []detector.Prediction, pictures []*datasets.Image) error {
	infos := m.outputs()
	wanted := map[string]bool{} // whether as bytes
	all := q.Parameters.AllBinary != nil && *q.Parameters.AllBinary
	for _, out := range q.Outputs {
		if !slices.ContainsFunc(infos, func(t tensorInfo) bool { return t.Name == out.Name }) {
			return fail(http.StatusBadRequest, "there is no output %q", out.Name)
		}
		wanted[out.Name] = all
		if out.Parameters.Binary != nil {
			wanted[out.Name] = *out.Parameters.Binary
		}
	}
	values, err := m.values(found, pictures)
	if err != nil {
		return err
	}
	of := shapes(found)
	response := inferResponse{Model: m.Name, Version: modelVersion, ID: q.ID, Outputs: []outputTensor{}}
	var tail []byte
	for _, info := range infos {
		binary, named := wanted[info.Name]
		if len(wanted) > 0 && !named {
			continue
		}
		info.Shape = of[len(info.Shape)]
		t := outputTensor{tensorInfo: info}
		if binary || !named && all {
			from := len(tail)
			tail = appendBinary(tail, values[info.Name])
			t.Parameters = map[string]int{"binary_data_size": len(tail) - from}
		} else {
			t.Data = values[info.Name]
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
