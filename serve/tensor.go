package serve

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"

	"github.com/msflow-go/msflow/datasets"
	"github.com/msflow-go/msflow/lib/region"
)

// headerLength tells where the JSON object ends and binary tensors begin.
const headerLength = "Inference-Header-Content-Length"

// inputTensor is an input of a request. Its data are in the object or, with binary_data_size, after it.
type inputTensor struct {
	Name       string          `json:"name"`
	Shape      []int           `json:"shape"`
	Datatype   string          `json:"datatype"`
	Data       json.RawMessage `json:"data"`
	Parameters struct {
		Size *int `json:"binary_data_size"`
	} `json:"parameters"`
}

type outputTensor struct {
	tensorInfo
	Parameters map[string]int `json:"parameters,omitempty"`
	Data       any            `json:"data,omitempty"`
}

// readInfer reads a request's object and the bytes behind it.
func readInfer(r *http.Request) (*inferRequest, []byte, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, nil, err
	}
	object, tail := body, []byte(nil)
	if text := r.Header.Get(headerLength); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > len(body) {
			return nil, nil, fail(http.StatusBadRequest, "%s is %q, of a body of %d bytes", headerLength, text, len(body))
		}
		object, tail = body[:n], body[n:]
	}
	var q inferRequest
	if err := json.Unmarshal(object, &q); err != nil {
		return nil, nil, fail(http.StatusBadRequest, "the request: %w", err)
	}
	return &q, tail, nil
}

// images is how many images the tensor holds: files' bytes (N) or (N,1), or RGB pixels (H,W,3) or (N,H,W,3).
func (t inputTensor) images() (int, error) {
	n := 0
	switch {
	case t.Datatype == "BYTES" && (len(t.Shape) == 1 || len(t.Shape) == 2 && t.Shape[1] == 1):
		n = t.Shape[0]
	case t.Datatype == "UINT8" && len(t.Shape) == 3 && t.Shape[2] == 3:
		n = 1
	case t.Datatype == "UINT8" && len(t.Shape) == 4 && t.Shape[3] == 3:
		n = t.Shape[0]
	default:
		return 0, fail(http.StatusBadRequest, "an input of %s %v; it takes BYTES [N], the contents of image files, or UINT8 [H,W,3] or [N,H,W,3], RGB pixels", t.Datatype, t.Shape)
	}
	if n < 1 {
		return 0, fail(http.StatusBadRequest, "an input of shape %v holds no image", t.Shape)
	}
	return n, nil
}

// raw checks the bytes of a binary tensor; ok is false for one in the object.
func (t inputTensor) raw(tail []byte) (content []byte, ok bool, err error) {
	if t.Parameters.Size == nil {
		return nil, false, nil
	}
	if n := *t.Parameters.Size; n != len(tail) {
		return nil, true, fail(http.StatusBadRequest, "the input has %d bytes by its binary_data_size, and %d came", n, len(tail))
	}
	return tail, true, nil
}

// strings are the elements of a BYTES tensor: after the object each with its length in four bytes, in the object as base64.
func (t inputTensor) strings(tail []byte) (out [][]byte, err error) {
	content, ok, err := t.raw(tail)
	if err != nil {
		return nil, err
	}
	if !ok {
		if err := json.Unmarshal(t.Data, &out); err != nil {
			return nil, fail(http.StatusBadRequest, "the input's data: they are strings of base64: %w", err)
		}
	}
	for ok && len(content) > 0 {
		n := uint64(math.MaxUint64)
		if len(content) >= 4 {
			n = uint64(binary.LittleEndian.Uint32(content))
			content = content[4:]
		}
		if n > uint64(len(content)) {
			return nil, fail(http.StatusBadRequest, "the input's bytes end inside of element %d", len(out))
		}
		out, content = append(out, content[:n]), content[n:]
	}
	if len(out) != t.Shape[0] {
		return nil, fail(http.StatusBadRequest, "the input has the shape %v and %d elements", t.Shape, len(out))
	}
	return out, nil
}

// pixels are the images of a UINT8 tensor.
func (t inputTensor) pixels(tail []byte, most int) ([]*datasets.Image, error) {
	s := t.Shape[len(t.Shape)-3:]
	h, w := s[0], s[1]
	if h < 1 || w < 1 || w > most/h {
		return nil, fail(http.StatusRequestEntityTooLarge, "images of %d×%d pixels; this server takes %d pixels", h, w, most)
	}
	n, _ := t.images()
	content, ok, err := t.raw(tail)
	if err != nil {
		return nil, err
	}
	if !ok {
		if content, err = flat(t.Data); err != nil {
			return nil, err
		}
	}
	if len(content)/n != 3*h*w || len(content)%n != 0 {
		return nil, fail(http.StatusBadRequest, "the input has the shape %v and %d values", t.Shape, len(content))
	}
	out := make([]*datasets.Image, n)
	for i := range out {
		out[i] = &datasets.Image{W: w, H: h, Pix: content[i*3*h*w : (i+1)*3*h*w]}
	}
	return out, nil
}

// flat reads numbers from nested lists, in order.
func flat(data json.RawMessage) (out []byte, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fail(http.StatusBadRequest, "the input's data: %w", err)
		}
		switch v := token.(type) {
		case json.Delim:
		case float64:
			if v < 0 || v > 255 || v != math.Trunc(v) {
				return nil, fail(http.StatusBadRequest, "the input's data hold %v, which is no UINT8", v)
			}
			out = append(out, byte(v))
		default:
			return nil, fail(http.StatusBadRequest, "the input's data hold %v, which is no number", v)
		}
	}
}

// appendBinary appends values as the protocol has them: little endian, a string after its length.
func appendBinary(b []byte, values any) []byte {
	switch v := values.(type) {
	case []float32:
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	case []bool:
		for _, x := range v {
			if x {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	case []uint8:
		b = append(b, v...)
	case []string:
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(x)))
			b = append(b, x...)
		}
	}
	return b
}

// writeInfer writes the object and the bytes behind it.
func writeInfer(w http.ResponseWriter, response inferResponse, tail []byte) error {
	for i, t := range response.Outputs {
		if bytes, ok := t.Data.([]uint8); ok { // JSON would make base64 of it
			response.Outputs[i].Data = numbers(bytes)
		}
	}
	object, err := json.Marshal(response)
	if err != nil {
		return fail(http.StatusInternalServerError, "the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	if tail != nil {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set(headerLength, strconv.Itoa(len(object)))
	}
	_, _ = w.Write(append(object, tail...))
	return nil
}

// numbers are bytes that become numbers in JSON.
func numbers(b []byte) json.RawMessage {
	text := []byte{'['}
	for i, v := range b {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, uint64(v), 10)
	}
	return append(text, ']')
}

// mask is 1 at the pixels of a map's regions; the least area, which is in pixels of the image, does not count here.
func (m *model) mask(values []float32, h, w int) []uint8 {
	if m.Regions == nil {
		return make([]uint8, h*w)
	}
	t := *m.Regions
	t.MinArea = 0
	return region.Find(values, h, w, t).Mask()
}
