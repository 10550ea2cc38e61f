package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const fixtures = "../../testdata/fixtures"

func TestVerify(t *testing.T) {
	var r struct{ Cases, Tensors, Missed int }
	if err := json.Unmarshal([]byte(must(t, "verify", fixtures, "--json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Cases != 6 || r.Tensors < 380 || r.Missed != 0 {
		t.Errorf("%+v", r)
	}
}

// A reference value that is a little off must be a miss, or verify verifies nothing.
func TestVerifyMisses(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"metrics_a.json", "metrics_a.safetensors"} {
		data, err := os.ReadFile(filepath.Join(fixtures, name))
		if err != nil {
			t.Fatal(err)
		}
		data = []byte(strings.Replace(string(data), "0.787001354007593", "0.787003354007593", 1))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, log, code := msflow(t, "verify", dir)
	if code != exitError || !strings.Contains(out, "MISS metrics_a") || !strings.Contains(log, "1 of 10 tensors") {
		t.Errorf("exit code %d\n%s%s", code, out, log)
	}
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	if _, log, code := msflow(t, "verify", dir); code != exitError || !strings.Contains(log, dir) {
		t.Errorf("an empty folder: exit code %d, %s", code, log)
	}
	if err := os.WriteFile(filepath.Join(dir, "flow_x.json"), []byte(`{"channels":[4]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, log, code := msflow(t, "verify", dir); code != exitError || !strings.Contains(log, "flow_x") {
		t.Errorf("a broken case: exit code %d, %s", code, log)
	}
}
