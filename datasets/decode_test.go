package datasets

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Bytes are read as the file of the same content is, also where it is damaged, and large pictures are refused by their
// header.
func TestDecodeIsReadingAFile(t *testing.T) {
	files, err := filepath.Glob("internal/picture/testdata/formats/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	sound := 0
	for _, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, how := range []Reading{{4096, ExifApply, nil}, {65536, ExifIgnore, nil}} {
			want, _, err1 := Files(path).ReadAs(how)[0].Load(0, 0)
			got, err2 := Decode(content, how, 1<<26)
			if (err1 == nil) != (err2 == nil) {
				t.Errorf("%s: %v, as bytes %v", path, err1, err2)
				continue
			}
			if err1 != nil {
				continue
			}
			sound++
			if got.W != want.W || got.H != want.H || !slices.Equal(got.Pix, want.Pix) {
				t.Errorf("%s: other pixels as bytes", path)
			}
			if _, err := Decode(content, how, got.W*got.H-1); !errors.Is(err, ErrTooManyPixels) {
				t.Errorf("%s: %v", path, err)
			}
			if _, err := Decode(content[:len(content)/3], how, 1<<26); err == nil {
				t.Errorf("%s: a third of it is read", path)
			}
		}
	}
	if sound < 10 {
		t.Errorf("only %d pictures were read", sound)
	}
}
