package display

import (
	"strings"
	"testing"
	"time"

	"github.com/msflow-go/msflow/kernel/engine"
)

func TestProgressText(t *testing.T) {
	for _, c := range []struct {
		p       engine.Progress
		elapsed time.Duration
		want    string
	}{
		{engine.Progress{Label: "train", Done: 25, Total: 100, Unit: "epochs"}, 10 * time.Second,
			"train  25% |███████▌                      | 25/100 epochs [00:10 < 00:30, 2.5/s]"},
		{engine.Progress{Total: 4}, 0, "  0% |                              | 0/4 [00:00]"},
		{engine.Progress{Done: 4, Total: 4, Finished: true}, time.Second, "100% |██████████████████████████████| 4/4 [00:01, 4/s]"},
		{engine.Progress{Label: "read", Done: 7, Unit: "files"}, 3700 * time.Second, "read 7 files [1:01:40, 0.00189/s]"},
		{engine.Progress{Done: 9, Total: 4}, time.Second, "100% |██████████████████████████████| 9/4 [00:01, 9/s]"},
	} {
		if got := progressText(c.p, c.elapsed); got != c.want {
			t.Errorf("\n got %q\nwant %q", got, c.want)
		}
	}
}

func TestProgressHTML(t *testing.T) {
	b := bundle(t, OfProgress(engine.Progress{Label: "<l>", Done: 1, Total: 4}, time.Second))
	got := b["text/html"].(string)
	if !strings.Contains(got, `value="0.2500"`) || !strings.Contains(got, "&lt;l&gt;") {
		t.Error(got)
	}
	if got := progressHTML(engine.Progress{Done: 3}, 0); strings.Contains(got, "value=") {
		t.Errorf("a total that is not known: %s", got)
	}
}

// barText always takes the same room.
func TestBarWidth(t *testing.T) {
	for i := range 1001 {
		if n := len([]rune(barText(float64(i) / 1000))); n != barWidth {
			t.Fatalf("%d/1000: %d characters", i, n)
		}
	}
}
