package datasets

import (
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
		how := newReading(Reading{Exif: f.Exif, Levels: fullLevels})
		if f.Exif == "" {
			how.Exif = ExifIgnore
		}
		t.Run(f.File+" "+how.Exif, func(t *testing.T) {
			pic, _, err := how.file(filepath.Join("testdata/formats", f.File))
			if err != nil {
				t.Fatal(err)
			}
			if pic.w != f.Size[0] || pic.h != f.Size[1] {
				t.Fatalf("size %d×%d, want %v", pic.w, pic.h, f.Size)
			}
			tolerance := formatTolerance[filepath.Ext(f.File)]
			if filepath.Ext(f.File) == ".webp" && f.File != "lossy.webp" && f.File != "alpha.webp" {
				tolerance = 0
			}
			worst, mean := levelDifference(pic.rgb().Pix, f.RGB)
			t.Logf("largest difference %d, mean %.4f", worst, mean)
			if worst > tolerance {
				t.Errorf("differs by %d levels, at most %d allowed", worst, tolerance)
			}
		})
	}
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
