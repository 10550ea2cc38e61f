package picture

import (
	"fmt"
	"path/filepath"
	"testing"
)

// formatTolerance is the largest difference from Pillow, in levels, for the lossy formats: the inverse DCT may be rounded
// differently. Lossless files must be equal.
var formatTolerance = map[string]int{
	".jpg": 2, ".webp": 2,
}

func TestFormatsEqualPillow(t *testing.T) {
	var golden struct {
		Files []struct {
			File string
			Exif string // ignore where none is given
			Size [2]int
			RGB  []byte
		}
	}
	readGolden(t, "formats_golden.json", &golden)
	for _, f := range golden.Files {
		exif := f.Exif != "" && f.Exif != "ignore"
		t.Run(fmt.Sprintf("%s EXIF=%v", f.File, exif), func(t *testing.T) {
			pic, head, err := DecodeFile(filepath.Join("testdata/formats", f.File))
			if err == nil && pic.Deep != nil {
				pic, err = pic.Scaled(FullLevels)
			}
			if err != nil {
				t.Fatal(err)
			}
			pic = pic.Turned(head.Facing(exif))
			if pic.W != f.Size[0] || pic.H != f.Size[1] {
				t.Fatalf("size %d×%d, want %v", pic.W, pic.H, f.Size)
			}
			tolerance := formatTolerance[filepath.Ext(f.File)]
			if filepath.Ext(f.File) == ".webp" && f.File != "lossy.webp" && f.File != "alpha.webp" {
				tolerance = 0
			}
			worst, mean := levelDifference(interleaved(pic), f.RGB)
			t.Logf("largest difference %d, mean %.4f", worst, mean)
			if worst > tolerance {
				t.Errorf("differs by %d levels, at most %d allowed", worst, tolerance)
			}
		})
	}
}

// interleaved is R,G,B of each pixel.
func interleaved(pic Raster) []uint8 {
	if pic.Ch == 3 {
		return pic.Pix
	}
	rgb := make([]uint8, 0, 3*len(pic.Pix))
	for _, v := range pic.Pix {
		rgb = append(rgb, v, v, v)
	}
	return rgb
}

func levelDifference(a, b []uint8) (worst int, mean float64) {
	for i := range a {
		d := int(a[i]) - int(b[i])
		d = max(d, -d)
		worst = max(worst, d)
		mean += float64(d) / float64(len(a))
	}
	return worst, mean
}
