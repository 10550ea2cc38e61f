package datasets

import (
	"bytes"
	"context"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

// A test image that is a training image compressed, resized and brightened is found, and other pictures are not.
func TestNearDuplicatesAreFound(t *testing.T) {
	d, err := Synthetic(Class("gear"), Size(128), Counts(8, 6, 0), Seed(4))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := NearDuplicates(context.Background(), d, NearBits); err != nil || len(found) > 0 {
		t.Errorf("pictures that were drawn apart: %v, %v", found, err)
	}
	im, _, err := d.Train[5].Load(90, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := range im.Pix {
		im.Pix[i] = uint8(min(255, int(im.Pix[i])*11/10+4))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "again.jpg")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	d.Test = append(d.Test, Files(path)...)
	found, err := NearDuplicates(context.Background(), d, NearBits)
	if err != nil || len(found) != 1 || found[0].Train.Name != d.Train[5].Name || found[0].Test.Path != path {
		t.Errorf("found %v, %v", found, err)
	}
	d.Test = append(d.Test, Files("none.png")...)
	if _, err := NearDuplicates(context.Background(), d, NearBits); err == nil {
		t.Error("a missing file is no error")
	}
}
