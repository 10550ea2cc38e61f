package serve_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/serve"
)

// TestPageInABrowser: dropped pictures show their verdict and defects, the threshold moves, CSV comes out, junk is named,
// and nothing is loaded from elsewhere. With MSFLOW_PAGE set to a file, a screenshot goes there.
func TestPageInABrowser(t *testing.T) {
	python := python(t)
	_, url, images, want := started(t, serve.Config{Token: "secret"})
	screenshot := os.Getenv("MSFLOW_PAGE")
	if screenshot == "" {
		screenshot = filepath.Join(t.TempDir(), "page.png")
	}
	args := []string{"testdata/page.py", url, "secret", screenshot}
	for i, image := range images {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("part%d.png", i))
		if err := os.WriteFile(path, image, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	printed, err := exec.Command(python, args...).Output()
	if err != nil {
		if failed, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	var got struct {
		Seen, Strict []string
		Colours      []int
		CSV          string
	}
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Seen) != len(want) || slices.Min(got.Colours) < 20 {
		t.Fatalf("the page shows %q, pictures of %v colours", got.Seen, got.Colours)
	}
	for i, p := range want {
		verdict := map[bool]string{true: "anomalous", false: "normal"}[p.Score >= 0.5]
		if !strings.HasPrefix(got.Seen[i], fmt.Sprintf("%s %.3f · part%d.png", verdict, p.Score, i)) || !strings.Contains(got.CSV, fmt.Sprintf("\"part%d.png\",\"parts\",", i)) {
			t.Errorf("image %d of score %v: the page shows %q; CSV\n%s", i, p.Score, got.Seen[i], got.CSV)
		}
	}
	if n := len(slices.DeleteFunc(got.Strict, func(v string) bool { return v == "normal" })); n > 1 {
		t.Errorf("with the threshold at its end %d images are anomalous", n)
	}
}
