package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/region"
)

// Verdict is the answer to POST /predict. Places are in pixels of the image.
type Verdict struct {
	Model     string          `json:"model"`
	Score     float64         `json:"score"`
	Threshold float64         `json:"threshold"`
	From      string          `json:"threshold_from"`
	Verdict   string          `json:"verdict"` // normal or anomalous
	Width     int             `json:"width"`
	Height    int             `json:"height"`
	Regions   []region.Region `json:"regions"`            // null where the detector knows no threshold of its map
	Mask      []byte          `json:"mask_png,omitempty"` // with ?mask=1: a picture of the image's size, white at the defects

	// With ?map=1: the map at the detector's input size, as little-endian float32, its height and width, and what a defect
	// reaches.
	Map          []byte  `json:"map,omitempty"`
	MapSize      []int   `json:"pixelssize,omitempty"`
	MapThreshold float64 `json:"pixelsthreshold,omitempty"`
}

// predict takes an image file's bytes as the body, or as the field image of a form.
func (s *Server) predict(w http.ResponseWriter, r *http.Request) error {
	wanted, err := readWanted(r.URL.Query())
	if err != nil {
		return err
	}
	m := s.models[0]
	if wanted.model != "" {
		m = s.find(wanted.model)
	}
	if m == nil {
		return fail(http.StatusNotFound, "there is no model %q", wanted.model)
	}
	if err := s.places.take(1); err != nil {
		return err
	}
	defer s.places.leave(1)
	content, err := imageBytes(r)
	if err != nil {
		return err
	}
	picture, err := s.decode(m, content)
	if err != nil {
		return err
	}
	found, err := m.ask(r.Context(), []*datasets.Image{picture})
	if err != nil {
		return err
	}
	v, err := m.judge(found[0], picture, wanted.mask)
	if err != nil {
		return err
	}
	if wanted.pixels {
		v.Map, v.MapSize = appendBinary(nil, found[0].Maps().NLL), []int{found[0].H, found[0].W}
		if m.Regions != nil {
			v.MapThreshold = m.Regions.High
		}
	}
	writeJSON(w, http.StatusOK, v)
	return nil
}

// wanted is what the query of POST /predict asks for.
type wanted struct {
	model        string
	mask, pixels bool
}

// readWanted refuses what it does not know: a misspelt parameter would be left out of the answer without a word.
func readWanted(query url.Values) (w wanted, err error) {
	for name, values := range query {
		value := values[len(values)-1]
		switch name {
		case "model":
			w.model = value
		case "mask":
			w.mask, err = strconv.ParseBool(value)
		case "map":
			w.pixels, err = strconv.ParseBool(value)
		default:
			return w, fail(http.StatusBadRequest, "there is no parameter %q; model, mask and map are known", name)
		}
		if err != nil {
			return w, fail(http.StatusBadRequest, "%s=%s: 1 or 0 is wanted", name, value)
		}
	}
	return w, nil
}

// imageBytes reads the body or the field of the form.
func imageBytes(r *http.Request) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return readBody(r)
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, fail(http.StatusBadRequest, "the form: %w", err)
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, fail(http.StatusBadRequest, "the form has no field image")
		}
		if err != nil {
			return nil, fail(http.StatusBadRequest, "the form: %w", err)
		}
		if part.FormName() == "image" {
			content, err := io.ReadAll(part)
			return content, unread(err)
		}
	}
}

func readBody(r *http.Request) ([]byte, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil, fail(http.StatusUnsupportedMediaType, "the request is encoded as %s, which is not read", e)
	}
	content, err := io.ReadAll(r.Body)
	return content, unread(err)
}

// unread is the client's error, unless the body was too long, which has a status of its own.
func unread(err error) error {
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	return fail(http.StatusBadRequest, "reading the request: %w", err)
}

// decode reads an image file's bytes as the model's training images were read.
func (s *Server) decode(m *model, content []byte) (*datasets.Image, error) {
	picture, err := datasets.Decode(content, m.Detector.Reading(), s.config.MaxPixels)
	switch {
	case errors.Is(err, datasets.ErrTooManyPixels):
		return nil, failure{http.StatusRequestEntityTooLarge, err}
	case err != nil:
		return nil, failure{http.StatusBadRequest, err}
	}
	return picture, nil
}

// judge finds an image's verdict and its defects.
func (m *model) judge(p detector.Prediction, picture *datasets.Image, mask bool) (Verdict, error) {
	if math.IsNaN(p.Score) || math.IsInf(p.Score, 0) {
		return Verdict{}, fail(http.StatusInternalServerError, "the detector gives the image the score %v", p.Score)
	}
	v := Verdict{
		Model: m.Name, Score: p.Score, Threshold: m.Threshold, From: m.From, Verdict: "normal", Width: picture.W, Height: picture.H,
	}
	if p.Score >= m.Threshold {
		v.Verdict = "anomalous"
	}
	m.meters.images.WithLabelValues(m.Name, v.Verdict).Inc()
	m.meters.scores.WithLabelValues(m.Name).Observe(p.Score)
	if m.Regions == nil {
		return v, nil
	}
	values := p.Enlarged(p.Maps().NLL, picture.H, picture.W)
	found := region.Find(values, picture.H, picture.W, *m.Regions)
	v.Regions = append([]region.Region{}, found.Regions...)
	if !mask {
		return v, nil
	}
	var b bytes.Buffer
	err := png.Encode(&b, &datasets.Mask{W: picture.W, H: picture.H, Pix: found.Mask()})
	v.Mask = b.Bytes()
	return v, err
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}
