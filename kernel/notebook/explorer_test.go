package notebook_test

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/kernel/internal/jupyterenv"
	"github.com/msflow-go/msflow/plots"
)

// pictures is a result of images whose scores and maps are made up: image i has a bright place at (i,i).
type pictures int

const side = 24

func (n pictures) Scores() (scores []float64, anomalous []bool) {
	for i := range int(n) {
		scores, anomalous = append(scores, float64(i*i)), append(anomalous, i%3 != 0)
	}
	return scores, anomalous
}

func (n pictures) Map(i int) (values []float32, h, w int) { return place(i, side), side, side }

func (n pictures) LogP(i int) (maps [][]float32, sizes [][2]int) {
	return [][]float32{place(i+1, 12), place(i+2, 6)}, [][2]int{{12, 12}, {6, 6}}
}

func (n pictures) Picture(i int) (name string, picture image.Image, err error) {
	m := image.NewGray(image.Rect(0, 0, side, side))
	m.SetGray(i%side, i%side, color.Gray{255})
	return string(rune('a' + i)), m, nil
}

func (n pictures) Truth(i int) []uint8 {
	truth := make([]uint8, side*side)
	if i%3 != 0 {
		truth[i*side+i] = 1
	}
	return truth
}

// place is a map that is highest at (i,i).
func place(i, n int) []float32 {
	values := make([]float32, n*n)
	for k := range values {
		y, x := k/n-i%n, k%n-i%n
		values[k] = -float32(y*y + x*x)
	}
	return values
}

// The explorer works in a browser, without a server. With MSFLOW_EXPLORER set to a file, a screenshot goes there.
func TestExplorerInABrowser(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to drive a browser, as ./install.sh test-all does")
	}
	python := jupyterenv.Python(t, "playwright")
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		t.Skip("there is no chromium")
	}
	page := filepath.Join(t.TempDir(), "explorer.html")
	if err := plots.Explorer(pictures(9)).Save(page); err != nil {
		t.Fatal(err)
	}
	shot := os.Getenv("MSFLOW_EXPLORER")
	if shot == "" {
		shot = filepath.Join(t.TempDir(), "explorer.png")
	}
	if out := jupyterenv.Run(t, python, nil, "testdata/explorer_test.py", page, shot); !strings.HasSuffix(out, "ok\n") {
		t.Error(out)
	}
}
