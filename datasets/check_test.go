package datasets

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// enormousPNG is a valid header of a 60000×60000 picture without its pixels.
func enormousPNG() []byte {
	head := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	chunk := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x02\x00\x00\x00")
	return binary.BigEndian.AppendUint32(append(head, chunk...), crc32.ChecksumIEEE(chunk))
}

// half is the first half of a file.
func half(data []byte) []byte { return data[:len(data)/2] }

var badFiles = []struct {
	name    string
	path    string // the file that is broken; the image it belongs to is bad
	data    func(t *testing.T) []byte
	depth   Depth
	want    error
	message string
}{
	{"empty", "normal/1.jpg", func(*testing.T) []byte { return nil }, Headers, ErrEmptyFile, "empty file"},
	{"no image", "normal/1.jpg", func(*testing.T) []byte { return []byte("<html>not found</html>") }, Headers, image.ErrFormat, "not a JPEG"},
	{"truncated JPEG", "normal/1.jpg", func(t *testing.T) []byte { return half(imageBytes(t, "1.jpg")) }, Pixels, io.ErrUnexpectedEOF, "truncated"},
	{"truncated PNG", "abnormal/1.png", func(t *testing.T) []byte { return half(imageBytes(t, "1.png")) }, Pixels, io.ErrUnexpectedEOF, "truncated"},
	{"flipped bits", "abnormal/1.png", func(t *testing.T) []byte {
		data := slices.Clone(imageBytes(t, "1.png"))
		data[len(data)/2] ^= 0xff
		return data
	}, Pixels, nil, "png"},
	{"absurdly large", "normal/1.jpg", func(*testing.T) []byte { return enormousPNG() }, Headers, ErrTooLarge, "60000×60000"},
	{"absurdly large, decoded", "normal/1.jpg", func(*testing.T) []byte { return enormousPNG() }, Pixels, ErrTooLarge, "60000×60000"},
	{"mask of another size", "masks/1.png", func(t *testing.T) []byte { return blankPNG(t, 5, 4, 255) }, Headers, nil, "5×4 pixels, its image 12×8"},
	{"mask of another size, decoded", "masks/1.png", func(t *testing.T) []byte { return blankPNG(t, 5, 4, 255) }, Pixels, nil, "5×4 pixels, its image 12×8"},
	{"truncated mask", "masks/1.png", func(t *testing.T) []byte { return half(imageBytes(t, "1.png")) }, Pixels, io.ErrUnexpectedEOF, "truncated"},
}

func makeFolder(t *testing.T) string {
	return makeFiles(t, "normal/1.jpg", "normal/2.jpg", "normal/3.jpg", "abnormal/1.png", "abnormal/2.png", "masks/1.png", "masks/2.png")
}

func TestCheckFindsBadFiles(t *testing.T) {
	for _, c := range badFiles {
		t.Run(c.name, func(t *testing.T) {
			root := makeFolder(t)
			writeFile(t, filepath.Join(root, c.path), c.data(t))
			d, err := Folder(root)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Check(context.Background(), d, c.depth)
			var bad *CheckError
			if !errors.As(err, &bad) || len(bad.Problems) != 1 {
				t.Fatalf("error %v", err)
			}
			for _, want := range []string{c.message, filepath.FromSlash(c.path)} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %q is not %q", err, c.want)
			}
		})
	}
}

func TestCheckSkipsBadFiles(t *testing.T) {
	root := makeFolder(t)
	writeFile(t, filepath.Join(root, "abnormal/1.png"), []byte("x"))
	var skipped []string
	d, err := Folder(root, SkipBad(func(name string, err error) { skipped = append(skipped, fmt.Sprint(name, ": ", err)) }))
	if err != nil {
		t.Fatal(err)
	}
	report, err := Check(context.Background(), d, Pixels)
	if err != nil {
		t.Fatal(err)
	}
	if len(skipped) != 1 || !strings.HasPrefix(skipped[0], "abnormal/1.png: ") || len(report.Bad) != 1 || d.Test.Anomalous() != 1 {
		t.Errorf("skipped %q, report %+v, %d anomalous images left", skipped, report, d.Test.Anomalous())
	}
	for i := 1; i <= 3; i++ {
		writeFile(t, filepath.Join(root, fmt.Sprintf("normal/%d.jpg", i)), []byte("x"))
	}
	if _, err := Check(context.Background(), d, Headers); !errors.Is(err, ErrNoTrainingImages) {
		t.Errorf("with every training image bad: %v", err)
	}
}

func TestCheckReportsSizesAndEmptyMasks(t *testing.T) {
	root := makeFolder(t)
	writeFile(t, filepath.Join(root, "normal/2.jpg"), encode(t, "2.jpg", image.NewGray(image.Rect(0, 0, 30, 20))))
	writeFile(t, filepath.Join(root, "masks/2.png"), blankPNG(t, fileW, fileH, 0))
	d, err := Folder(root)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Check(context.Background(), d, Pixels)
	if err != nil {
		t.Fatal(err)
	}
	if report.Images != 5 || report.Smallest != image.Pt(12, 8) || report.Largest != image.Pt(30, 20) || fmt.Sprint(report.EmptyMasks) != "[abnormal/2.png]" {
		t.Errorf("report %+v", report)
	}
}

// TestPicturesWithoutVariationAreNamed: a detector learns nothing from them.
func TestPicturesWithoutVariationAreNamed(t *testing.T) {
	root := makeFolder(t)
	grey := func(v uint8) []byte {
		m := image.NewGray(image.Rect(0, 0, fileW, fileH))
		for i := range m.Pix {
			m.Pix[i] = v
		}
		return encode(t, "x.png", m)
	}
	notes := func() string {
		d, err := Folder(root)
		if err != nil {
			t.Fatal(err)
		}
		report, err := Check(context.Background(), d, Pixels)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(report.Notes(), "\n")
	}
	if said := notes(); strings.Contains(said, "single colour") || strings.Contains(said, "very same picture") {
		t.Errorf("of sound pictures: %s", said)
	}
	entries, err := os.ReadDir(filepath.Join(root, "normal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		writeFile(t, filepath.Join(root, "normal", e.Name()), grey(7))
	}
	if said := notes(); !strings.Contains(said, "single colour") || !strings.Contains(said, "very same picture") {
		t.Errorf("of grey pictures: %s", said)
	}
}

func TestCheckStopsWithItsContext(t *testing.T) {
	d, err := Folder(makeFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Check(ctx, d, Headers); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if len(d.Train) != 2 {
		t.Errorf("the check took %d training images away", 2-len(d.Train))
	}
}

// An image without its mask still counts for the image figures.
func TestMissingMaskIsNamed(t *testing.T) {
	root := makeFiles(t, "pill/train/good/0.png", "pill/test/crack/7.png", "pill/test/crack/8.png", "pill/ground_truth/crack/8_mask.png")
	writeFile(t, filepath.Join(root, "pill/test/crack/7.png"), blankPNG(t, fileW, fileH, 9))
	d, err := MVTec(root, Class("pill"))
	if err != nil {
		t.Fatal(err)
	}
	for _, depth := range []Depth{Headers, Pixels} {
		report, err := Check(context.Background(), d, depth)
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(report.Notes(), "\n")
		if !strings.Contains(notes, "7.png: without a mask") || !strings.Contains(notes, "looked for 7_mask") || strings.Contains(notes, "8.png") {
			t.Errorf("notes %q", notes)
		}
	}
	if d.Test[0].HasMask() || !d.Test[1].HasMask() || d.Test.HasMasks() {
		t.Error("which image has a mask is not known")
	}
}

func TestEmptyFoldersAreErrors(t *testing.T) {
	for _, c := range []struct {
		kind  string
		files []string
		want  string
	}{
		{"mvtec", []string{"pill/train/good/.x.png", "pill/test/good/0.png"}, "no training images"},
		{"mvtec", []string{"pill/train/good/0.png", "pill/test/crack/.x.png"}, "no image in"},
		{"mvtec", []string{"pill/train/good/0.png"}, "test"},
		{"folder", []string{"normal/.x.png", "abnormal/1.png"}, "no training images"},
		{"folder", []string{"normal/1.png", "abnormal/.x.png"}, "no image in"},
		{"folder", []string{"pictures/1.png"}, "no folder of normal images"},
		{"mtd", []string{"MT_Fray/Imgs/2.jpg"}, "MT_Free"},
	} {
		opts := []Option{}
		if c.kind == "mvtec" {
			opts = append(opts, Class("pill"))
		}
		root := makeFiles(t, c.files...)
		if _, err := Open(c.kind, root, opts...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v", c.files, err)
		}
	}
	if _, err := Open("mvtec", filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that does not exist: %v", err)
	}
}
