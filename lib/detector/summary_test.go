package detector

import (
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	d, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if s := d.String(); !strings.Contains(s, "efficientnet_lite0") || !strings.Contains(s, "by Fit") {
		t.Errorf("without a size:\n%s", s)
	}
	// The reference has 2.8 M parameters and 1.7 GMAC here, with its permutations as dense matrices, which cost nothing
	// here.
	d, err = New(Config{Recipe: Paper, Size: [2]int{512, 512}})
	if err != nil {
		t.Fatal(err)
	}
	s := d.String()
	for _, want := range []string{"map (24,64,64), 2 blocks", "map (112,16,16), 8 blocks", "2.8 M parameters, 1.6 GMAC", "not trained"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	if h := d.HTML(); !strings.Contains(h, "<td") || !strings.Contains(h, "2.8 M") {
		t.Errorf("HTML: %s", h)
	}
}
