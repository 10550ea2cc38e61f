package score

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

const fixtures = "../../testdata/fixtures"

// fixture is one case of the reference program: its description and its float32 results by name.
type fixture struct {
	Channels  []int
	Sizes     [][2]int
	Batch     int
	InputSize [2]int  `json:"input_size"`
	TopK      float64 `json:"top_k"`
	tensors   map[string][]float32
}

func (f *fixture) tensor(t *testing.T, name string) []float32 {
	v, ok := f.tensors[name]
	if !ok {
		t.Fatalf("the fixture has no tensor %s", name)
	}
	return v
}

func loadFixture(t *testing.T, name string) *fixture {
	t.Helper()
	f := new(fixture)
	text, err := os.ReadFile(filepath.Join(fixtures, name+".json"))
	if err == nil {
		err = json.Unmarshal(text, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.tensors = readFloats(t, filepath.Join(fixtures, name+".safetensors"))
	return f
}

// readFloats reads a safetensors file's float32 tensors: eight bytes of header length, a JSON header, the data.
func readFloats(t *testing.T, path string) map[string][]float32 {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(file)
	var header map[string]struct {
		DType   string
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(file[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	tensors := map[string][]float32{}
	for name, h := range header {
		if h.DType != "F32" {
			continue
		}
		raw := file[8+n:][h.Offsets[0]:h.Offsets[1]]
		v := make([]float32, len(raw)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		tensors[name] = v
	}
	return tensors
}

// relative is ‖a−b‖/‖b‖.
func relative(a, b []float32) float64 {
	var diff, norm float64
	for i := range b {
		d := float64(a[i]) - float64(b[i])
		diff += d * d
		norm += float64(b[i]) * float64(b[i])
	}
	return math.Sqrt(diff / norm)
}
