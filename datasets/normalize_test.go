package datasets

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

const fixtures = "../testdata/fixtures/"

// safetensor reads the named tensor's bytes from a safetensors file.
func safetensor(t *testing.T, path, name string) []byte {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(file)
	var header map[string]struct {
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(file[8:8+n], &header); err != nil {
		t.Fatal(err)
	}
	at := header[name].Offsets
	return file[8+n:][at[0]:at[1]]
}

// The reference's own preprocessing of a real image, recorded by running it.
func TestPreprocessEqualsReference(t *testing.T) {
	resized, normalized, err := Preprocess(fixtures+"preprocess_sample.jpg", 256, 256)
	if err != nil {
		t.Fatal(err)
	}
	want := safetensor(t, fixtures+"preprocess_256.safetensors", "resized")
	if len(resized) != 3*256*256 || len(want) != len(resized) {
		t.Fatalf("%d values, want %d", len(resized), len(want))
	}
	for i, v := range resized {
		if max(v, want[i])-min(v, want[i]) > 2 {
			t.Fatalf("value %d is level %d, want %d", i, v, want[i])
		}
	}
	compareNormalized(t, normalized, safetensor(t, fixtures+"preprocess_256.safetensors", "normalized"), resized, want)
}

// compareNormalized demands equal values where the 8-bit levels are equal, and two levels' difference elsewhere.
func compareNormalized(t *testing.T, got []float32, want []byte, level, wantLevel []uint8) {
	if len(want) != 4*len(got) {
		t.Fatalf("%d values, want %d", len(got), len(want)/4)
	}
	for i, v := range got {
		w := math.Float32frombits(binary.LittleEndian.Uint32(want[4*i:]))
		difference := math.Abs(float64(v - w))
		if level[i] == wantLevel[i] && difference > 0 || difference > 2.01/255/0.224 {
			t.Fatalf("value %d is %v, want %v (levels %d and %d)", i, v, w, level[i], wantLevel[i])
		}
	}
}

func TestPreprocessErrors(t *testing.T) {
	if _, _, err := Preprocess("testdata/none.png", 8, 8); err == nil || !strings.Contains(err.Error(), "none.png") {
		t.Errorf("a missing file: %v", err)
	}
	if _, _, err := Preprocess("internal/picture/testdata/formats/rgb.png", 0, 8); err == nil || !strings.Contains(err.Error(), "0×8") {
		t.Errorf("no height: %v", err)
	}
}

func TestNormalizeShape(t *testing.T) {
	x := Normalize(&Image{2, 1, []uint8{0, 255, 0, 255, 0, 255}})
	want := []float64{-0.485 / 0.229, (1 - 0.485) / 0.229, (1 - 0.456) / 0.224, -0.456 / 0.224, -0.406 / 0.225, (1 - 0.406) / 0.225}
	for i, w := range want {
		if math.Abs(float64(x[i])-w) > 1e-6 {
			t.Errorf("value %d is %v, want %v", i, x[i], w)
		}
	}
}
