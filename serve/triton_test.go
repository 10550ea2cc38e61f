package serve_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/msflow-go/msflow/lib/region"
	"github.com/msflow-go/msflow/serve"
)

// python is that of the tests' environment, which install.sh makes.
func python(t *testing.T) string {
	t.Helper()
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to ask the server with Triton's client")
	}
	dir := os.Getenv("MSFLOW_VENV")
	if dir == "" {
		dir = filepath.Join("..", ".venv")
	}
	path := filepath.Join(dir, "bin", "python")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no Python environment (./install.sh test-all makes one): %v", err)
	}
	return path
}

// TestTritonsClient: a client of another server's makers gets what the detector says.
func TestTritonsClient(t *testing.T) {
	python := python(t)
	s, url, images, want := started(t, serve.Config{})
	_, address, _ := calling(t, s)
	path := filepath.Join(t.TempDir(), "a.png")
	if err := os.WriteFile(path, images[0], 0o644); err != nil {
		t.Fatal(err)
	}
	t.Run("REST", func(t *testing.T) {
		askTriton(t, want[0].Score, python, "testdata/triton.py", strings.TrimPrefix(url, "http://"), "parts", path)
	})
	t.Run("gRPC", func(t *testing.T) {
		askTriton(t, want[0].Score, python, "testdata/triton_grpc.py", address, "parts", path)
	})
}

func askTriton(t *testing.T, want float64, command ...string) {
	printed, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		if failed, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	var got struct {
		Shapes    map[string][]int
		Score     float64
		Anomalous bool
		Regions   []region.Region
	}
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Score-want) > 1e-5 || got.Anomalous != (want >= 0.5) || !slices.Equal(got.Shapes["map"], []int{3, 64, 64}) || len(got.Shapes) != 6 {
		t.Errorf("%+v; the detector says %v", got, want)
	}
}
