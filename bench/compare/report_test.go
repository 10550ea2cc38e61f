package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// twoRounds has one round in which PyTorch takes twice and one in which it takes four times as long.
func twoRounds() *results {
	at := func(s float64) []timing {
		return []timing{{Median: s, Min: s, Processor: 3 * s, PeakGFLOPS: 100, GFLOPS: 50}}
	}
	return &results{Rounds: map[string][]map[side][]timing{"train 24,40,112": {
		{ours: at(1), peer: at(2), tuned: at(1)},
		{ours: at(2), peer: at(8), tuned: at(3)},
	}}}
}

func TestRatios(t *testing.T) {
	x := twoRounds().rows()
	if len(x) != 1 || x[0].bar != 4 {
		t.Fatalf("rows %+v", x)
	}
	if want := (ratios{2, 3, 4, 2, 2}); x[0].plain != want {
		t.Errorf("ratios %+v, want %+v", x[0].plain, want)
	}
	if want := (ratios{1, 1.25, 1.5, 1, 1}); x[0].mallocs != want {
		t.Errorf("ratios with malloc %+v, want %+v", x[0].mallocs, want)
	}
}

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpu")
	r := twoRounds()
	if err := r.save(path); err != nil {
		t.Fatal(err)
	}
	again, err := load(path+".json", true)
	if err != nil {
		t.Fatal(err)
	}
	text := again.markdown()
	if text != r.markdown() || !strings.Contains(text, "| train 24,40,112 | 2 | 2.00–**3.00**–4.00 | 2.00 | 2.00 |") {
		t.Errorf("the table changed or lacks its row:\n%s", text)
	}
}

func TestDecode(t *testing.T) {
	got, err := decode([]byte(`{"ops": [{"pass": "forward", "median_s": 2}, {"pass": "input", "median_s": 1}]}`))
	if err != nil || len(got) != 2 || got[1].Pass != "input" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = decode([]byte(`{"median_s": 3}`)); err != nil || len(got) != 1 || got[0].Median != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"{}", "killed", `{"ops": [{"pass": "forward"}]}`} {
		if _, err := decode([]byte(bad)); err == nil {
			t.Errorf("%s has no time, but no error", bad)
		}
	}
}

func TestBusy(t *testing.T) {
	if got := parseBusy("cpu  100 20 30 999 50 1 2 7 0 0\ncpu0 1 1 1 1\n"); got != 1600*time.Millisecond {
		t.Errorf("busy for %v, want 1.6 s", got)
	}
	if got := parseBusy("no such line"); got != 0 {
		t.Errorf("busy for %v without a line to read", got)
	}
}
