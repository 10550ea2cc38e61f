package datasets

import (
	"strings"
	"testing"
)

func TestSummaryCounts(t *testing.T) {
	d, err := Synthetic(Size(64), Counts(12, 3, 8))
	if err != nil {
		t.Fatal(err)
	}
	text := d.String()
	for _, want := range []string{"synthetic/gear at 64×64 pixels", "training     good                        12", "test         good                         3"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	h := d.HTML()
	if !strings.Contains(h, "<td>12</td>") || !strings.Contains(h, "data:image/png;base64,") {
		t.Error("the HTML has no counts or no contact sheet")
	}
	if n := len(d.some()); n != 16 {
		t.Errorf("%d samples on the contact sheet, want 8 training images and all 8 defects", n)
	}
}

// A data set whose pictures cannot be read still says what it is.
func TestSummaryOfBrokenFiles(t *testing.T) {
	d := &Data{Name: "<x>", Train: Files("no/such/file.png"), H: 32, W: 32}
	if h := d.HTML(); !strings.Contains(h, "&lt;x&gt;") || !strings.Contains(h, "no/such/file.png") {
		t.Errorf("%s", h)
	}
}
