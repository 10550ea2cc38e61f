package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeDeep writes a 16-bit ramp of which no sample exceeds most.
func writeDeep(t *testing.T, path string, most, seed int) {
	t.Helper()
	pic := image.NewGray16(image.Rect(0, 0, 16, 12))
	for i := range 16 * 12 {
		pic.SetGray16(i%16, i/16, color.Gray16{uint16((i*most/191 + seed) % (most + 1))})
	}
	writeImage(t, path, pic)
}

func writeImage(t *testing.T, path string, pic image.Image) {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, pic); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What is assumed of images and masks is said when a data set is opened, and the flags change it.
func TestAssumptionsAreSaid(t *testing.T) {
	root := t.TempDir()
	for i, name := range []string{"normal/1.png", "normal/2.png", "normal/3.png", "abnormal/1.png", "abnormal/2.png"} {
		writeDeep(t, filepath.Join(root, name), 4000, 7*i)
	}
	mask := image.NewGray(image.Rect(0, 0, 16, 12))
	for i := range mask.Pix {
		mask.Pix[i] = 2
	}
	mask.SetGray(5, 5, color.Gray{250})
	mask.SetGray(5, 6, color.Gray{250})
	writeImage(t, filepath.Join(root, "masks/1_GT.png"), mask)
	open := func(d dataFlags) string {
		d.Dataset, d.Dir, d.Size = "folder", root, "32"
		var log bytes.Buffer
		if _, err := d.open(context.Background(), &log); err != nil {
			t.Fatal(err)
		}
		return log.String()
	}
	said := open(dataFlags{})
	for _, want := range []string{"16-bit samples", "4096 levels", "abnormal/1.png: no pixel of the mask is zero", "abnormal/2.png: without a mask"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in %q", want, said)
		}
	}
	if said := open(dataFlags{Levels: 1 << 16, MaskAbove: "100"}); !strings.Contains(said, "65536 levels") || strings.Contains(said, "no pixel of the mask") {
		t.Errorf("with --levels 65536 --mask-above 100: %q", said)
	}
	for _, bad := range []dataFlags{{Levels: 1}, {Exif: "maybe"}, {MaskAbove: "x"}, {MaskPattern: "mask.png"}} {
		bad.Dataset, bad.Dir, bad.Size = "folder", root, "32"
		if _, err := bad.open(context.Background(), &bytes.Buffer{}); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestHelpSaysWhatIsAssumed(t *testing.T) {
	help := trainCommand().Long
	for _, want := range []string{"100 million pixels", "--levels", "--exif", "--mask-pattern", "--mask-above", "7_GT"} {
		if !strings.Contains(help, want) {
			t.Errorf("train --help does not say %s", want)
		}
	}
}
