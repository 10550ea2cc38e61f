package weights

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// official.safetensors was written by the format's own Python library.
func TestReadSafetensorsOfTheOfficialLibrary(t *testing.T) {
	f, err := ReadSafetensors("testdata/official.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Metadata()["note"] != "grün" {
		t.Errorf("metadata is %v", f.Metadata())
	}
	want := map[string]Tensor{
		"a":     {Shape: []int{}, DType: "F32", Data: []float32{2.5}},
		"half":  {Shape: []int{3}, DType: "F16", Data: []float32{1, -2, 65504}},
		"steps": {Shape: []int{2}, DType: "I64", Ints: []int64{5, -6}},
		"mask":  {Shape: []int{3}, DType: "BOOL", Ints: []int64{1, 0, 1}},
		"none":  {Shape: []int{0, 4}, DType: "F32", Data: []float32{}},
		"d":     {Shape: []int{1}, DType: "F64", Data: []float32{1. / 3}},
		"u":     {Shape: []int{2}, DType: "U8", Ints: []int64{7, 255}},
	}
	for name, w := range want {
		w.Name = name
		if got, err := f.Tensor(name); err != nil || !reflect.DeepEqual(got, w) {
			t.Errorf("%s is %+v (%v), want %+v", name, got, err, w)
		}
	}
	if n := len(f.Names()); n != len(want)+1 {
		t.Errorf("%d tensors, want %d", n, len(want)+1)
	}
	_, err = f.Tensor("nothing")
	if !errors.Is(err, ErrMissing) {
		t.Errorf("%v is not ErrMissing", err)
	}
}

func exampleTensors() []Tensor {
	return []Tensor{
		{Name: "half", Shape: []int{3}, DType: "F16", Data: []float32{1, 0.5, -2}},
		{Name: "brain", Shape: []int{1, 2}, DType: "BF16", Data: []float32{1, -2}},
		{Name: "weight \"q\" ü", Shape: []int{2, 2}, DType: "F32", Data: []float32{1, 2, 3, 1e-40}},
		{Name: "scalar", Shape: []int{}, DType: "F64", Data: []float32{0.5}},
		{Name: "steps", Shape: []int{2}, DType: "I64", Ints: []int64{-1, 1 << 40}},
		{Name: "flags", Shape: []int{3}, DType: "BOOL", Ints: []int64{1, 0, 1}},
		{Name: "nothing", Shape: []int{0, 7}, DType: "I32", Ints: []int64{}},
	}
}

func TestSafetensorsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	meta := map[string]string{"z": "last", "a": "first \n"}
	if err := WriteSafetensors(path, exampleTensors(), meta); err != nil {
		t.Fatal(err)
	}
	f, err := ReadSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !reflect.DeepEqual(f.Metadata(), meta) {
		t.Errorf("metadata is %v", f.Metadata())
	}
	for _, want := range exampleTensors() {
		if got, err := f.Tensor(want.Name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v (%v), want %+v", want.Name, got, err, want)
		}
	}
	for _, e := range f.entries {
		if e.lo%e.dtype.size != 0 {
			t.Errorf("%s starts at byte %d", e.name, e.lo)
		}
	}
}

func TestWriteSafetensorsIsReproducible(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		if err := WriteSafetensors(path, exampleTensors(), map[string]string{"k1": "v", "k2": "v", "k3": "v"}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(data))
	}
	if files[0] != files[1] {
		t.Error("equal arguments gave different bytes")
	}
}

func TestWriteSafetensorsRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	for name, bad := range map[string][]Tensor{
		"short":        {{Name: "short", Shape: []int{3}, Data: []float32{1}}},
		"negative":     {{Name: "negative", Shape: []int{-1}}},
		"huge":         {{Name: "huge", Shape: []int{1 << 40, 1 << 40}}},
		"ints":         {{Name: "ints", Shape: []int{1}, DType: "I8", Data: []float32{1}}},
		"kind":         {{Name: "kind", DType: "F8"}},
		"twice":        {{Name: "twice", Data: []float32{1}}, {Name: "twice", Data: []float32{1}}},
		"__metadata__": {{Name: "__metadata__", Data: []float32{1}}},
	} {
		wantWords(t, WriteSafetensors(path, bad, nil), path, name)
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was written all the same", name)
		}
	}
}

// safetensorsBytes puts a header and n bytes of data together.
func safetensorsBytes(header string, n int) []byte {
	b := le.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

// header is one entry per tensor, all F32 unless told otherwise.
func header(entries ...string) string { return "{" + strings.Join(entries, ",") + "}" }

func f32(name, shape, offsets string) string {
	return `"` + name + `":{"dtype":"F32","shape":[` + shape + `],"data_offsets":[` + offsets + `]}`
}

func TestDamagedSafetensors(t *testing.T) {
	const big = "1152921504606846976" // 2⁶⁰
	for _, c := range []struct {
		name, header string
		data         int
		words        []string
	}{
		{"hole", header(f32("a", "1", "0,4"), f32("b", "1", "8,12")), 12, []string{"tensor b", "unused"}},
		{"overlap", header(f32("a", "2", "0,8"), f32("b", "2", "4,12")), 12, []string{"tensor b", "overlaps", "a"}},
		{"same place", header(f32("a", "1", "0,4"), f32("b", "1", "0,4")), 4, []string{"tensor b", "overlaps"}},
		{"past the end", header(f32("a", "2", "0,8")), 4, []string{"tensor a", "8", "4 bytes"}},
		{"rest", header(f32("a", "1", "0,4")), 9, []string{"5 bytes"}},
		{"backwards", header(f32("a", "1", "4,0")), 4, []string{"tensor a"}},
		{"negative offset", header(f32("a", "1", "-4,0")), 4, []string{"tensor a", "-4"}},
		{"wrong shape", header(f32("a", "3", "0,8")), 8, []string{"tensor a", "[3]"}},
		{"negative shape", header(f32("a", "-1,-2", "0,8")), 8, []string{"tensor a", "-1"}},
		{"huge shape", header(f32("a", big+","+big, "0,0")), 0, []string{"tensor a", big}},
		{"wrapping shape", header(f32("a", "4294967296,4294967296", "0,0")), 0, []string{"tensor a"}},
		{"huge offsets", header(f32("a", "1", big+","+big)), 4, []string{"tensor a", big}},
		{"beyond int64", header(f32("a", "1", "0,99999999999999999999")), 4, []string{"tensor a"}},
		{"fraction", header(f32("a", "1.5", "0,6")), 6, []string{"tensor a"}},
		{"three offsets", header(f32("a", "1", "0,2,4")), 4, []string{"tensor a", "3 numbers"}},
		{"unknown type", strings.Replace(header(f32("a", "1", "0,4")), "F32", "F8_E4M3", 1), 4, []string{"tensor a", "F8_E4M3"}},
		{"no type", `{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4, []string{"tensor a", "type"}},
		{"capital keys", `{"a":{"DTYPE":"F32","Shape":[1],"data_offsets":[0,4]}}`, 4, []string{"tensor a", "case counts"}},
		{"type twice", `{"a":{"dtype":"I32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4, []string{"tensor a", "dtype occurs twice"}},
		{"no shape", `{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4, []string{"tensor a", "missing"}},
		{"metadata twice", `{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"}}`, 0, []string{"__metadata__", "twice"}},
		{"null", `{"a":null}`, 0, []string{"tensor a"}},
		{"twice", header(f32("a", "1", "0,4"), f32("a", "1", "4,8")), 8, []string{"tensor a", "twice"}},
		{"metadata", `{"__metadata__":{"a":1}}`, 0, []string{"__metadata__"}},
		{"list", `[]`, 0, []string{"JSON object"}},
		{"cut header", `{"a":{"dtype":"F32"`, 0, []string{"tensor a"}},
		{"two headers", `{}{}`, 0, []string{"follows"}},
		{"empty header", ``, 0, []string{"JSON object"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseSafetensors("bad.safetensors", safetensorsBytes(c.header, c.data))
			wantWords(t, err, append(c.words, "bad.safetensors")...)
		})
	}
	huge := slices.Concat(le.AppendUint64(nil, 1<<62), []byte("{}"))
	_, err := parseSafetensors("bad.safetensors", huge)
	wantWords(t, err, "bad.safetensors", "4611686018427387904")
}

func TestReadSafetensorsOfMissingAndOddFiles(t *testing.T) {
	dir := t.TempDir()
	_, err := ReadSafetensors(filepath.Join(dir, "none"))
	wantWords(t, err, "none")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not say that the file is missing", err)
	}
	_, err = ReadSafetensors(dir)
	wantWords(t, err, dir, "regular")
	empty := filepath.Join(dir, "empty")
	os.WriteFile(empty, nil, 0o644)
	_, err = ReadSafetensors(empty)
	wantWords(t, err, "empty", "0 bytes")
}

func TestConvertKeepsEverything(t *testing.T) {
	for _, file := range torchFiles {
		out := filepath.Join(t.TempDir(), "out.safetensors")
		if err := Convert(filepath.Join("testdata", file), out); err != nil {
			t.Fatal(err)
		}
		d, err := Load(out)
		if err != nil {
			t.Fatal(err)
		}
		golden := readGolden(t, file)
		if d.Len() != len(golden) {
			t.Errorf("%s: %d tensors, want %d", file, d.Len(), len(golden))
		}
		for _, g := range golden {
			compareTensor(t, d, g)
		}
	}
}

// A key that differs in case is another key, which readers pass over.
func TestOtherKeysAreNone(t *testing.T) {
	text := `{"a":{"dtype":"F32","DTYPE":"I64","shape":[1],"SHAPE":[7],"data_offsets":[0,4],"Data_Offsets":[0,9]}}`
	f, err := parseSafetensors("odd.safetensors", safetensorsBytes(text, 4))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := f.Tensor("a"); err != nil || a.DType != "F32" || len(a.Shape) != 1 || a.Shape[0] != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

// A file that is called like a published one but has other bytes is not converted.
func TestConvertComparesThePublishedDigest(t *testing.T) {
	data, err := os.ReadFile("testdata/legacy.pth")
	if err != nil {
		t.Fatal(err)
	}
	src := filepath.Join(t.TempDir(), "resnet18-f37072fd.pth")
	if err := os.WriteFile(src, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.safetensors")
	wantWords(t, Convert(src, out), src, "SHA-256", "f37072fd")
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written all the same")
	}
}

// The header must be plain JSON with only the fields that the format knows.
func TestHeaderIsJSON(t *testing.T) {
	text, err := encodeHeader(exampleTensors(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var h map[string]struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	if err := json.Unmarshal(text, &h); err != nil || len(h) != len(exampleTensors()) || len(text)%8 != 0 {
		t.Errorf("%s: %v", text, err)
	}
}
