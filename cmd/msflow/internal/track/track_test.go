package track

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// trained tracks two epochs.
func trained(t *testing.T, spec string, run Run) (notes []string) {
	t.Helper()
	tr, err := Open(spec, run, func(s string) { notes = append(notes, s) })
	if err != nil {
		t.Fatal(err)
	}
	tr.Metrics(1, map[string]float64{"loss": 4, "grad_norm": math.NaN()})
	tr.Metrics(2, map[string]float64{"loss": 2.5})
	tr.Figure("training", picture(t))
	tr.End(false)
	return notes
}

// field finds a field's first value in a message: bytes, or a number's bits.
func field(t *testing.T, m []byte, want ...protowire.Number) (content []byte, number uint64) {
	t.Helper()
	for len(m) > 0 {
		n, kind, size := protowire.ConsumeTag(m)
		if size < 0 {
			t.Fatalf("no message: %x", m)
		}
		m = m[size:]
		value := m[:protowire.ConsumeFieldValue(n, kind, m)]
		m = m[len(value):]
		if n != want[0] {
			continue
		}
		switch kind {
		case protowire.VarintType:
			number, _ = protowire.ConsumeVarint(value)
		case protowire.Fixed32Type:
			v, _ := protowire.ConsumeFixed32(value)
			number = uint64(v)
		case protowire.BytesType:
			content, _ = protowire.ConsumeBytes(value)
		}
		if len(want) > 1 {
			return field(t, content, want[1:]...)
		}
		return content, number
	}
	return nil, 0
}

func TestEventFile(t *testing.T) {
	dir := t.TempDir()
	notes := trained(t, "tensorboard:"+dir, Run{ID: "abc", Folder: "runs/x", Data: "d", Settings: map[string]string{"lr": "a|b"}})
	if len(notes) > 0 {
		t.Fatal(notes)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "x", "events.out.tfevents.*"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var events [][]byte
	for len(text) > 0 {
		n := int(binary.LittleEndian.Uint64(text))
		if binary.LittleEndian.Uint32(text[8:]) != maskedSum(text[:8]) || binary.LittleEndian.Uint32(text[12+n:]) != maskedSum(text[12:12+n]) {
			t.Fatal("a checksum is wrong")
		}
		events, text = append(events, text[12:12+n]), text[16+n:]
	}
	if len(events) != 6 {
		t.Fatalf("%d events", len(events))
	}
	if version, _ := field(t, events[0], eventVersion); string(version) != "brain.Event:2" {
		t.Errorf("version %q", version)
	}
	if _, status := field(t, events[1], eventSession, sessionStatus); status != sessionStart {
		t.Errorf("session %d", status)
	}
	if s, _ := field(t, events[2], eventSummary, summaryValue, valueTensor, tensorStrings); !strings.Contains(string(s), `|lr|a\|b|`) {
		t.Errorf("settings %q", s)
	}
	tag, _ := field(t, events[4], eventSummary, summaryValue, valueTag)
	_, bits := field(t, events[4], eventSummary, summaryValue, valueNumber)
	_, step := field(t, events[4], eventStep)
	if string(tag) != "loss" || math.Float32frombits(uint32(bits)) != 2.5 || step != 2 {
		t.Errorf("%s %v at %d", tag, math.Float32frombits(uint32(bits)), step)
	}
	if _, w := field(t, events[5], eventSummary, summaryValue, valueImage, imageWidth); w != 3 {
		t.Errorf("a picture of %d pixels", w)
	}
}

// The masked checksum of the test vector of RFC 3720, B.4.
func TestMaskedSum(t *testing.T) {
	sum := uint32(0x8a9136aa) // of 32 zeros
	if got, want := maskedSum(make([]byte, 32)), (sum>>15|sum<<17)+0xa282ead8; got != want {
		t.Errorf("%#x, not %#x", got, want)
	}
}

// server is an MLflow server of one run.
type server struct {
	sync.Mutex
	calls   []string
	bodies  map[string][]byte
	missing bool // the experiment
	broken  bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	body, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/")
	s.calls, s.bodies[path] = append(s.calls, path), body
	switch {
	case s.broken:
		http.Error(w, "out of\norder", http.StatusInternalServerError)
	case path == "experiments/get-by-name" && s.missing:
		http.Error(w, `{"error_code":"RESOURCE_DOES_NOT_EXIST"}`, http.StatusNotFound)
	case path == "experiments/get-by-name":
		io.WriteString(w, `{"experiment":{"experiment_id":"7"}}`)
	case path == "experiments/create":
		io.WriteString(w, `{"experiment_id":"8"}`)
	case path == "runs/create":
		io.WriteString(w, `{"run":{"info":{"run_id":"r1","artifact_uri":"mlflow-artifacts:/8/r1/artifacts"}}}`)
	case path == "runs/search":
		io.WriteString(w, `{"runs":[{"info":{"run_id":"r0"}}]}`)
	default:
		io.WriteString(w, `{}`)
	}
}

func TestMLflow(t *testing.T) {
	s := &server{bodies: map[string][]byte{}, missing: true}
	h := httptest.NewServer(s)
	defer h.Close()
	run := Run{ID: "abc", Folder: "runs/x", Data: "d", Settings: map[string]string{"lr": "1", "empty": "", "long": strings.Repeat("ä", 400)}}
	if notes := trained(t, "mlflow:"+h.URL+"/", run); len(notes) > 0 {
		t.Fatal(notes)
	}
	want := "experiments/get-by-name experiments/create runs/create runs/log-batch runs/log-batch runs/log-batch " +
		"/api/2.0/mlflow-artifacts/artifacts/8/r1/artifacts/training.png runs/update"
	if got := strings.Join(s.calls, " "); got != want {
		t.Errorf("calls %s", got)
	}
	var batch struct {
		Run     string `json:"run_id"`
		Metrics []struct {
			Key   string
			Value float64
			Step  int
		}
	}
	if err := json.Unmarshal(s.bodies["runs/log-batch"], &batch); err != nil || batch.Run != "r1" || len(batch.Metrics) != 1 || batch.Metrics[0].Value != 2.5 || batch.Metrics[0].Step != 2 {
		t.Errorf("%s: %v", s.bodies["runs/log-batch"], err)
	}
	if !bytes.Contains(s.bodies["runs/update"], []byte("FINISHED")) {
		t.Errorf("%s", s.bodies["runs/update"])
	}
	s.calls, s.missing, run.Resumed = nil, false, true
	trained(t, "mlflow:"+h.URL, run)
	if got := strings.Join(s.calls[:4], " "); got != "experiments/get-by-name runs/search runs/update runs/log-batch" || !bytes.Contains(s.bodies["runs/log-batch"], []byte(`"r0"`)) {
		t.Errorf("a resumed training calls %s", got)
	}
}

// A tracker that fails is named once, and nothing else happens.
func TestFailuresAreSaidOnce(t *testing.T) {
	h := httptest.NewServer(&server{bodies: map[string][]byte{}, broken: true})
	defer h.Close()
	notes := trained(t, "mlflow:"+h.URL, Run{Folder: "x"})
	if len(notes) != 1 || !strings.Contains(notes[0], "500: out of order") {
		t.Errorf("%q", notes)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if notes := trained(t, "tensorboard:"+file, Run{Folder: "x"}); len(notes) != 1 || !strings.Contains(notes[0], file) {
		t.Errorf("%q", notes)
	}
}

func TestCheck(t *testing.T) {
	for _, spec := range []string{"", "tensorboard", "tensorboard:logs", "mlflow:http://localhost:5000", "mlflow:https://mlflow.example/"} {
		if err := Check(spec); err != nil {
			t.Errorf("%s: %v", spec, err)
		}
	}
	for _, spec := range []string{"wandb", "tensorboard:", "mlflow", "mlflow:", "mlflow:localhost:5000", "mlflow:file:///x", "mlflow:http://me:secret@host"} {
		if err := Check(spec); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

// TestTensorBoardReads reads an event file with TensorBoard's own reader.
func TestTensorBoardReads(t *testing.T) {
	if os.Getenv("MSFLOW_SLOW") == "" {
		t.Skip("set MSFLOW_SLOW=1 to read event files with TensorBoard")
	}
	env := os.Getenv("MSFLOW_VENV")
	if env == "" {
		env = filepath.Join("..", "..", "..", "..", ".venv")
	}
	python := filepath.Join(env, "bin", "python")
	dir := t.TempDir()
	for _, resumed := range []bool{false, true} {
		trained(t, "tensorboard:"+dir, Run{ID: "abc", Folder: "x", Data: "d", Settings: map[string]string{"lr": "1"}, Resumed: resumed})
	}
	out, err := exec.Command(python, "-c", `
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
a = EventAccumulator(sys.argv[1]); a.Reload()
print([(e.step, e.value) for e in a.Scalars("loss")], len(a.Images("training")), a.Images("training")[0].width, a.Tags()["tensors"])
`, filepath.Join(dir, "x")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "[(1, 4.0), (2, 2.5)]") || !strings.Contains(string(out), "['settings']") {
		t.Errorf("%v\n%s", err, out)
	}
}
