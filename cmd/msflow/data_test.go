package main

import (
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDataCheckFindsPairs(t *testing.T) {
	root := t.TempDir()
	for i := range 10 {
		writeNoise(t, filepath.Join(root, "good", string(rune('a'+i))+".png"), uint32(i), 0)
	}
	writeNoise(t, filepath.Join(root, "bad", "again.png"), 3, 4) // the fourth good one, a little lighter
	writeNoise(t, filepath.Join(root, "bad", "other.png"), 99, 0)
	sheet := filepath.Join(root, "pairs.png")
	list := filepath.Join(root, "train.txt")
	if err := os.WriteFile(list, []byte("a\nb\nc\nd\ne\nf\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"data", "check", "--dataset", "folder", "--data", root, "--split", list, "--sheet", sheet}
	var reports []checkedClass
	if err := json.Unmarshal([]byte(must(t, append(args, "--json")...)), &reports); err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 || len(reports[0].Near) != 1 || reports[0].Near[0].Test != "bad/again.png" || reports[0].Near[0].Train != "good/d.png" {
		t.Errorf("reports %+v", reports)
	}
	f, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Errorf("the sheet: %v", err)
	}
	out := must(t, args...)
	for _, want := range []string{"1 of 6 test images look like a training image", `"bad/again.png" looks like "good/d.png"`, sheet} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not print %q:\n%s", want, out)
		}
	}
}
