package detector

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets"
)

// deepen rewrites the PNG images below dir, but for masks, as a 12-bit camera stores them.
func deepen(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.Contains(path, "ground_truth") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pic, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			return err
		}
		deep := image.NewNRGBA64(pic.Bounds())
		for y := range pic.Bounds().Dy() {
			for x := range pic.Bounds().Dx() {
				r, g, b, _ := pic.At(x, y).RGBA()
				deep.Set(x, y, color.NRGBA64{uint16(r >> 8 << 4), uint16(g >> 8 << 4), uint16(b >> 8 << 4), 0xFFFF})
			}
		}
		var out bytes.Buffer
		if err := png.Encode(&out, deep); err != nil {
			return err
		}
		return os.WriteFile(path, out.Bytes(), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func openSaved(t *testing.T, data *datasets.Data, deep bool) *datasets.Data {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "saved")
	if err := datasets.Save(context.Background(), data, dir); err != nil {
		t.Fatal(err)
	}
	if deep {
		deepen(t, dir)
	}
	saved, err := datasets.Open("mvtec", dir, datasets.Class(data.Classes[0]), datasets.Size(64))
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// A detector of 12-bit images is that of the same images in 8 bits, and it reads what it predicts, one by one, as it read
// what it was trained on: the levels travel with its file.
func TestLevelsTravelWithTheDetector(t *testing.T) {
	ctx := context.Background()
	generated, c := small(t)
	var scores [2][]float64
	for i, deep := range []bool{false, true} {
		data := openSaved(t, generated, deep)
		d, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Fit(ctx, data.Train, Epochs(1)); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{false: 256, true: 4096}[deep]; d.Config.Levels != want || d.Config.Exif != datasets.ExifApply {
			t.Fatalf("deep %v: %d levels, EXIF %q", deep, d.Config.Levels, d.Config.Exif)
		}
		path := filepath.Join(t.TempDir(), "d.safetensors")
		if err := d.Save(path); err != nil {
			t.Fatal(err)
		}
		if d, err = Load(path, ""); err != nil {
			t.Fatal(err)
		}
		for _, sample := range data.Test {
			p, err := d.Predict(ctx, datasets.Files(sample.Path))
			if err != nil {
				t.Fatal(err)
			}
			scores[i] = append(scores[i], p[0].Score)
		}
		if deep {
			continue
		}
		_, err = d.Predict(ctx, datasets.Files(openSaved(t, generated, true).Test[0].Path))
		if err == nil || !strings.Contains(err.Error(), "above the 256 levels") {
			t.Errorf("a 12-bit image for a detector of 8-bit ones: %v", err)
		}
	}
	for i := range scores[0] {
		if scores[0][i] != scores[1][i] {
			t.Errorf("image %d: score %v in 8 bits, %v in 12 bits", i, scores[0][i], scores[1][i])
		}
	}
}

// A missing mask costs that image's share of the pixel figures and nothing else.
func TestMissingMaskKeepsTheOtherFigures(t *testing.T) {
	ctx := context.Background()
	generated, c := small(t)
	dir := filepath.Join(t.TempDir(), "saved")
	if err := datasets.Save(ctx, generated, dir); err != nil {
		t.Fatal(err)
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Fit(ctx, generated.Train, Epochs(1)); err != nil {
		t.Fatal(err)
	}
	test := func() *Result {
		data, err := datasets.Open("mvtec", dir, datasets.Class(generated.Classes[0]), datasets.Size(64))
		if err != nil {
			t.Fatal(err)
		}
		r, err := d.Test(ctx, data.Test)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	whole := test()
	masks, err := filepath.Glob(filepath.Join(dir, "*/ground_truth/*/*.png"))
	if err != nil || len(masks) < 2 {
		t.Fatalf("masks %v, %v", masks, err)
	}
	if err := os.Remove(masks[0]); err != nil {
		t.Fatal(err)
	}
	less := test()
	if less.DetAUROC != whole.DetAUROC || less.Anomalous != whole.Anomalous {
		t.Errorf("image AUROC %v of %d, without one mask %v of %d", whole.DetAUROC, whole.Anomalous, less.DetAUROC, less.Anomalous)
	}
	if less.PixelMetrics == nil || less.MaskedImages != whole.MaskedImages-1 || less.Regions >= whole.Regions {
		t.Fatalf("pixel figures %+v, with all masks %+v", less.PixelMetrics, whole.PixelMetrics)
	}
	if !strings.Contains(less.String(), "rest on the 9 whose masks are known") || strings.Contains(whole.String(), "rest on") {
		t.Errorf("table %q", less)
	}
	if _, err := less.ByDefect(); err != nil {
		t.Errorf("by defect without one mask: %v", err)
	}
	for _, mask := range masks[1:] {
		if err := os.Remove(mask); err != nil {
			t.Fatal(err)
		}
	}
	if none := test(); none.PixelMetrics != nil || none.DetAUROC != whole.DetAUROC {
		t.Errorf("without masks: %+v", none.Metrics)
	}
}
