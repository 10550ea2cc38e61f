package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeNoise writes a picture of 8×8 grey squares that the seed draws, made lighter.
func writeNoise(t *testing.T, path string, seed uint32, lighter uint8) {
	t.Helper()
	writePicture(t, path, noisePicture(64, 64, seed, lighter))
}

// noisePicture is a picture of random grey blocks.
func noisePicture(w, h int, seed uint32, lighter uint8) image.Image {
	pic := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			h := (seed*64 + uint32(y/8*8+x/8) + 1) * 2654435761
			h = (h ^ h>>15) * 2246822519
			h ^= h >> 13
			pic.Set(x, y, color.Gray{uint8(h>>24)/2 + lighter})
		}
	}
	return pic
}

func writePicture(t *testing.T, path string, pic image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, pic); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeTile writes a grey picture that the shade tells apart.
func writeTile(t *testing.T, path string, shade uint8) {
	t.Helper()
	pic := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range pic.Pix {
		pic.Set(i%40, i/40, color.Gray{shade + uint8(i%7*(i/40%5))})
	}
	writePicture(t, path, pic)
}

// The flag reaches the division, and what was assumed is printed.
func TestGroupFlagDividesByPart(t *testing.T) {
	root := t.TempDir()
	for i := range 20 {
		part := string(rune('a' + i/4))
		writeTile(t, filepath.Join(root, "good", part+"_"+string(rune('0'+i%4))+".png"), uint8(5*i))
	}
	var log bytes.Buffer
	d := dataFlags{Dataset: "folder", Dir: root, Size: "32", Group: `([a-z])_\d`}
	data, err := d.open(context.Background(), &log)
	if err != nil {
		t.Fatal(err)
	}
	if len(data.Train) != 16 || len(data.Test) != 4 || data.Test[0].Group != data.Test[3].Group {
		t.Errorf("%d images train, %d test", len(data.Train), len(data.Test))
	}
	if !strings.Contains(log.String(), "note: divided by part: 16 normal images of 4 parts train, 4 of 1 parts test") {
		t.Errorf("printed %q", log.String())
	}
}

// --data without --dataset is looked at; the synthetic pictures in its place would make a detector of gears.
func TestDataIsRecognised(t *testing.T) {
	run := smallRun(t)
	dir := filepath.Join(t.TempDir(), "parts")
	if err := os.MkdirAll(filepath.Join(dir, "good"), 0o777); err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		writeNoise(t, filepath.Join(dir, "good", fmt.Sprintf("%d.png", i)), uint32(i), 0)
	}
	if _, log, code := msflow(t, "data", "check", "--data", dir); code != 0 || !strings.Contains(log, "of kind folder") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	refuse(t, []string{"--data", "no data set of a known layout"}, "data", "check", "--data", run)
	refuse(t, []string{"the synthetic pictures lie in no folder"}, "train", "--dataset", "synthetic", "--data", dir, "--out", filepath.Join(t.TempDir(), "x"))
	refuse(t, []string{"--counts 1000000000,1,1"}, "train", "--counts", "1000000000,1,1", "--out", filepath.Join(t.TempDir(), "x"))
	refuse(t, []string{"at most 256"}, "train", "--blocks", "1000000,1,1", "--out", filepath.Join(t.TempDir(), "x"))
	refuse(t, []string{"at most 4096"}, "train", "--cond", "4000000", "--out", filepath.Join(t.TempDir(), "x"))
	refuse(t, []string{"--rows -1"}, "eval", run, "--rows", "-1")
	refuse(t, []string{"--threshold NaN"}, "predict", run, dir, "--threshold", "nan")
}

// TestTooFewImagesAreSaidAtOnce: of one image no covariance can be taken, which is said with the flag's name before anything is computed,
// and by the plan of a sweep, too.
func TestTooFewImagesAreSaidAtOnce(t *testing.T) {
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{[]string{"--counts", "1,4,4"}, []string{"--counts 1,4,4", "at least 2 images", "1 of 1 are left"}},
		{[]string{"--counts", "2,4,4", "--hold-out", "0.5"}, []string{"--counts 2,4,4", "1 of 2 are left", "--hold-out"}},
		{[]string{"--counts", "1,4,4", "--model", "padim"}, []string{"--counts 1,4,4", "at least 2"}},
		{[]string{"--counts", "0,4,4"}, []string{"--counts 0,4,4", "three numbers", "not zero"}},
		{[]string{"--counts", "4,-1,4"}, []string{"--counts 4,-1,4", "three numbers"}},
	} {
		out := filepath.Join(t.TempDir(), "run")
		log := refuse(t, c.words, append([]string{"train", "--size", "64", "--out", out}, c.args...)...)
		if strings.Contains(log, "features") || strings.Contains(log, "training images,") {
			t.Errorf("%q is said late:\n%s", c.args, log)
		}
	}
	must(t, "train", "--size", "64", "--counts", "1,1,1", "--model", "patchcore", "--out", filepath.Join(t.TempDir(), "run"))
	file, _ := writePlan(t, "grid:\n  counts: [\"4,1,1\", \"1,1,1\"]\n")
	refuse(t, []string{"--counts 1,1,1"}, "sweep", "--dry-run", file)
	dir := t.TempDir()
	writePictures(t, filepath.Join(dir, "good"), 0, 3)
	writePictures(t, filepath.Join(dir, "bad"), 100, 101)
	log := refuse(t, []string{"at least 2 images"}, "train", "--data", dir, "--size", "64", "--hold-out", "0.5", "--out", filepath.Join(t.TempDir(), "run"))
	if strings.Contains(log, "features") {
		t.Error(log)
	}
}
