package metrics

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"
)

const fixtures = "../../testdata/fixtures/metrics_a"

// reference is the fixture metrics_a: a small test set and the reference program's figures for it.
type reference struct {
	h, w   int
	maps   [][]float32
	masks  [][]uint8
	scores []float64
	labels []bool
	figure map[string]float64
}

func loadReference(t *testing.T) *reference {
	t.Helper()
	r := &reference{figure: map[string]float64{}}
	text, err := os.ReadFile(fixtures + ".json")
	if err == nil {
		err = json.Unmarshal(text, &r.figure)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.readTensors(t, fixtures+".safetensors")
	return r
}

// readTensors reads a safetensors file: eight bytes of header length, a JSON header, the data.
func (r *reference) readTensors(t *testing.T, path string) {
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(file)
	var header map[string]struct {
		Shape   []int
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(file[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	raw := func(name string) []byte {
		return file[8+n:][header[name].Offsets[0]:header[name].Offsets[1]]
	}
	shape := header["maps"].Shape
	r.h, r.w = shape[1], shape[2]
	maps, masks, scores, labels := raw("maps"), raw("masks"), raw("scores"), raw("labels")
	for i := range shape[0] {
		m, mask := make([]float32, r.h*r.w), make([]uint8, r.h*r.w)
		for j := range m {
			at := i*r.h*r.w + j
			m[j] = math.Float32frombits(binary.LittleEndian.Uint32(maps[4*at:]))
			mask[j] = masks[at]
		}
		r.maps, r.masks = append(r.maps, m), append(r.masks, mask)
		r.scores = append(r.scores, math.Float64frombits(binary.LittleEndian.Uint64(scores[8*i:])))
		r.labels = append(r.labels, labels[i] != 0)
	}
}
