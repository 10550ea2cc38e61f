package seal

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type figures struct {
	Name   string             `json:"name"`
	Values map[string]float64 `json:"values"`
	SHA256 string             `json:"sha256"`
}

func (f *figures) Seal() *string { return &f.SHA256 }

func TestEveryByteIsSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "f.json")
	wrote := figures{Name: "a <b> & \"c\" \u2028", Values: map[string]float64{"x": 0.1, "y": 1e21, "z": math.Copysign(0, -1)}}
	if err := Write(path, &wrote); err != nil {
		t.Fatal(err)
	}
	var read figures
	if err := Read(path, &read); err != nil || read.Name != wrote.Name || read.Values["y"] != 1e21 || read.SHA256 != wrote.SHA256 {
		t.Fatalf("%+v, %v", read, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range text {
		if strings.ContainsRune(" \n", rune(c)) && !bytes.Contains([]byte("a <b> & \"c\""), text[max(0, i-1):i+1]) {
			continue // the spaces between values mean nothing
		}
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if err := os.WriteFile(path, changed, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := Read(path, &figures{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("byte %d, %q instead of %q: %v", i, changed[i], c, err)
		}
	}
	for _, cut := range []string{"", "{}", `{"name":"a","values":{},"sha256":""}`, string(text[:len(text)/2])} {
		if err := os.WriteFile(path, []byte(cut), 0o666); err != nil {
			t.Fatal(err)
		}
		if Read(path, &figures{}) == nil {
			t.Errorf("%q is taken", cut)
		}
	}
}
