package weights

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Scores that differ by less than a float32 can tell must not become ties.
func TestDoublesAreExact(t *testing.T) {
	want := []float64{1, 1 + 1e-12, math.Pi, -0.1}
	header := []byte(`{"s":{"dtype":"F64","shape":[4],"data_offsets":[0,32]}}`)
	data := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	data = append(data, header...)
	for _, v := range want {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	path := filepath.Join(t.TempDir(), "s.safetensors")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := ReadSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.Doubles("s")
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v (%v), want %v", got, err, want)
	}
	if _, err := f.Doubles("none"); err == nil {
		t.Error("a tensor that is not there has values")
	}
}
