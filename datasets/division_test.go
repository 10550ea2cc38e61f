package datasets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestDivisionOutlastsTheFolder: images stay on their side when others come, and what was changed or removed is named.
func TestDivisionOutlastsTheFolder(t *testing.T) {
	var files []string
	for i := range 20 {
		files = append(files, fmt.Sprintf("good/%02d.png", i))
	}
	dir := makeFiles(t, append(files, "bad/1.png", "bad/2.png")...)
	open := func() *Data {
		t.Helper()
		d, err := Folder(dir, Seed(3))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := open()
	v, err := before.Division(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(filepath.Join(dir, "good/00.png"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "good/07b.png"), picture)
	now := open()
	if slices.Equal(names(now.Train), names(before.Train)) {
		t.Fatal("one more file does not redraw the division any more; this test shows nothing")
	}
	c, err := now.Divide(context.Background(), v)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names(now.Train), names(before.Train)) || !slices.Equal(names(now.Test), names(before.Test)) {
		t.Errorf("trains on %v and tests on %v, not as before", names(now.Train), names(now.Test))
	}
	if len(c.Missing)+len(c.Changed) != 0 || fmt.Sprint(c.Added) != "[good/07b.png]" {
		t.Errorf("change %+v", c)
	}
	first, test := v.Train[0].Name, v.Test[0].Name
	if err := os.Remove(filepath.Join(dir, test)); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, first), append(picture, 0))
	now = open()
	if c, err = now.Divide(context.Background(), v); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(c.Missing) != "["+test+"]" || fmt.Sprint(c.Changed) != "["+first+"]" {
		t.Errorf("change %+v, want %s missing and %s changed", c, test, first)
	}
}

// TestDigestCoversMasks: a mask that was drawn anew makes other figures, so it is another sample.
func TestDigestCoversMasks(t *testing.T) {
	im := &Image{W: 2, H: 1, Pix: make([]uint8, 6)}
	digest := func(mask *Mask) string {
		d, err := NewSample("x", "", "scratch", im, mask).Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	seen := map[string]bool{digest(nil): true, digest(&Mask{2, 1, []uint8{0, 1}}): true, digest(&Mask{2, 1, []uint8{1, 0}}): true}
	if len(seen) != 3 {
		t.Errorf("three samples have %d digests", len(seen))
	}
}
