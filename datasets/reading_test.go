package datasets

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/datasets/internal/picture"
)

// deepPNG is a 16-bit ramp: sample i is i·step.
func deepPNG(t testing.TB, step int) []byte {
	t.Helper()
	pic := image.NewGray16(image.Rect(0, 0, fileW, fileH))
	for i := range fileW * fileH {
		pic.SetGray16(i%fileW, i/fileW, color.Gray16{uint16(i * step)})
	}
	return encode(t, "x.png", pic)
}

// deepFolder has normal images up to a 10-bit level and an anomalous one up to a 12-bit level.
func deepFolder(t *testing.T) string {
	root := t.TempDir()
	for i := range 5 {
		writeFile(t, filepath.Join(root, fmt.Sprintf("normal/%d.png", i)), deepPNG(t, 8))
	}
	writeFile(t, filepath.Join(root, "abnormal/1.png"), deepPNG(t, 16))
	return root
}

func firstPixels(t *testing.T, set Set) []uint8 {
	t.Helper()
	im, _, err := set[0].Load(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	red := make([]uint8, im.W*im.H)
	for i := range red {
		red[i] = im.Pix[3*i]
	}
	return red
}

func levelsOf(of func(i int) int) []uint8 {
	out := make([]uint8, fileW*fileH)
	for i := range out {
		out[i] = uint8(of(i))
	}
	return out
}

// The levels are those that the whole data set needs, in training and in test images, whichever is read first.
func TestLevelsAreThoseOfTheWholeDataSet(t *testing.T) {
	d, err := Folder(deepFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := firstPixels(t, d.Train), levelsOf(func(i int) int { return 8 * i >> 4 }); !slices.Equal(got, want) {
		t.Errorf("training image %v, want %v", got, want)
	}
	if got := firstPixels(t, d.Test[len(d.Test)-1:]); !slices.Equal(got, levelsOf(func(i int) int { return 16 * i >> 4 })) {
		t.Errorf("test image %v", got)
	}
	if got := d.Train.Reading(); got != (Reading{4096, ExifApply, nil}) {
		t.Errorf("reading %+v", got)
	}
}

func TestLevelsCanBeGiven(t *testing.T) {
	d, err := Folder(deepFolder(t), Levels(1<<16))
	if err != nil {
		t.Fatal(err)
	}
	if got := firstPixels(t, d.Train); slices.Max(got) != 760>>8 {
		t.Errorf("with 65536 levels: %v", got)
	}
	if got := firstPixels(t, d.Train.ReadAs(Reading{Levels: 1000})); !slices.Equal(got, levelsOf(func(i int) int { return 8 * i * 256 / 1000 })) {
		t.Errorf("with 1000 levels: %v", got)
	}
	for _, n := range []int{-1, 1, 1<<16 + 1} {
		if _, err := Folder(deepFolder(t), Levels(n)); err == nil || !strings.Contains(err.Error(), "levels") {
			t.Errorf("%d levels: error %v", n, err)
		}
	}
}

// An image that the data set's levels cannot hold is an error by name; a few stuck pixels are clipped.
func TestImageAboveTheLevels(t *testing.T) {
	root := deepFolder(t)
	set := Files(filepath.Join(root, "abnormal/1.png")).ReadAs(Reading{Levels: 1024})
	if _, _, err := set[0].Load(8, 8); err == nil || !strings.Contains(err.Error(), "above the 1024 levels") || !strings.Contains(err.Error(), "1.png") {
		t.Errorf("error %v", err)
	}
	pic := picture.NewDeep(200, 1, 1)
	pic.Deep[3] = 65535
	scaled, err := pic.Scaled(1024)
	if err != nil || scaled.Pix[3] != 255 || scaled.Pix[4] != 0 {
		t.Errorf("%v, %v", scaled.Pix, err)
	}
}

func TestRecognisedLevels(t *testing.T) {
	for _, c := range []struct{ step, levels int }{{2, 256}, {10, 1024}, {43, 4096}, {44, 1 << 14}, {172, 1 << 14}, {173, 1 << 16}} {
		path := filepath.Join(t.TempDir(), "x.png")
		writeFile(t, path, deepPNG(t, c.step))
		if got := Files(path).Reading().Levels; got != c.levels {
			t.Errorf("samples up to %d: %d levels, want %d", 95*c.step, got, c.levels)
		}
	}
}

// Report tells once what was assumed.
func TestCheckTellsHowImagesAreRead(t *testing.T) {
	root := deepFolder(t)
	for _, name := range []string{"turned6.png", "pages.tif"} {
		data, err := os.ReadFile(filepath.Join("internal/picture/testdata/formats", name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(root, "normal", name), data)
	}
	d, err := Folder(root)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Check(context.Background(), d, Headers)
	if err != nil {
		t.Fatal(err)
	}
	if report.Deep != 6 || report.Levels != 4096 || report.Turned != 1 || len(report.Paged) != 1 {
		t.Errorf("report %+v", report)
	}
	notes := strings.Join(report.Notes(), "\n")
	for _, want := range []string{"6 of 8 images have 16-bit samples", "4096 levels", "1 of 8 images are turned", "pages.tif: only the first page"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q do not say %q", notes, want)
		}
	}
}

// A turned image and the upright mask that was drawn upon it fit together, unless the orientation is ignored.
func TestMaskIsDrawnOnTheTurnedImage(t *testing.T) {
	turned, err := os.ReadFile("internal/picture/testdata/formats/turned6.png") // shown 27 wide and 37 high
	if err != nil {
		t.Fatal(err)
	}
	root := makeFiles(t, "normal/1.png", "normal/2.png")
	writeFile(t, filepath.Join(root, "abnormal/1.png"), turned)
	writeFile(t, filepath.Join(root, "masks/1.png"), maskPNG(t, 27, 37, image.Rect(20, 30, 23, 33)))
	for _, depth := range []Depth{Headers, Pixels} {
		for mode, fits := range map[string]bool{ExifApply: true, ExifIgnore: false} {
			d, err := Folder(root, Exif(mode))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Check(context.Background(), d, depth); (err == nil) != fits {
				t.Errorf("%s, depth %d: %v", mode, depth, err)
			}
		}
	}
	if _, err := Folder(root, Exif("maybe")); err == nil || !strings.Contains(err.Error(), "apply or ignore") {
		t.Errorf("error %v", err)
	}
}

// maskPNG is black with a white rectangle.
func maskPNG(t testing.TB, w, h int, marked image.Rectangle) []byte {
	t.Helper()
	pic := image.NewGray(image.Rect(0, 0, w, h))
	for y := marked.Min.Y; y < marked.Max.Y; y++ {
		for x := marked.Min.X; x < marked.Max.X; x++ {
			pic.SetGray(x, y, color.Gray{255})
		}
	}
	return encode(t, "x.png", pic)
}
