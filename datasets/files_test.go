package datasets

import (
	"bytes"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
)

// Test data sets are lists of paths. What a path holds follows from its name: a mask (whose folder or name says so) has a
// marked square, anything else is a grey ramp that differs from path to path; the extension says the format.

const (
	fileW, fileH = 12, 8
	markedPixels = 6
)

// makeFiles creates the files in a new folder and returns it.
func makeFiles(t testing.TB, paths ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range paths {
		writeFile(t, filepath.Join(root, path), imageBytes(t, path))
	}
	return root
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func isMaskPath(path string) bool {
	path = strings.ToLower(path)
	for _, word := range []string{"mask", "ground_truth", "_gt.", "_label.", "mt_blowhole/imgs/1.png", "mt_fray/imgs/2.png"} {
		if strings.Contains(path, word) {
			return true
		}
	}
	return false
}

// imageBytes encodes the picture that belongs at path.
func imageBytes(t testing.TB, path string) []byte {
	t.Helper()
	pic := image.NewGray(image.Rect(0, 0, fileW, fileH))
	shade := crc32.ChecksumIEEE([]byte(path))
	for i := range pic.Pix {
		if !isMaskPath(path) {
			pic.Pix[i] = uint8(2 * i)
			if i < 4 {
				pic.Pix[i] = uint8(shade >> (8 * i))
			}
		} else if x, y := i%fileW, i/fileW; x < 3 && y < 2 {
			pic.Pix[i] = 200
		} else if strings.Contains(path, "MT_") {
			pic.Pix[i] = 90 // MTD's masks are not binary
		}
	}
	return encode(t, path, pic)
}

func encode(t testing.TB, path string, pic image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jpg", ".jpeg":
		err = jpeg.Encode(&b, pic, &jpeg.Options{Quality: 95})
	case ".bmp":
		err = bmp.Encode(&b, pic)
	case ".png":
		err = png.Encode(&b, pic)
	default:
		t.Fatalf("no encoder for %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// blankPNG is an image of the given size and one shade.
func blankPNG(t testing.TB, w, h int, shade uint8) []byte {
	t.Helper()
	pic := image.NewGray(image.Rect(0, 0, w, h))
	for i := range pic.Pix {
		pic.Set(i%w, i/w, color.Gray{shade})
	}
	return encode(t, "x.png", pic)
}
