package jupyter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/msflow-go/msflow/kernel/engine"
	"github.com/msflow-go/msflow/kernel/internal/jupyterclient"
)

func sign(t testing.TB, key string, parts ...string) []byte {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(strings.Join(parts, "")))
	return []byte(hex.EncodeToString(mac.Sum(nil)))
}

func streams(ms []*jupyterclient.Message) (texts []string) {
	for _, m := range ms {
		if m.Header.Type == "stream" {
			texts = append(texts, m.Text("name")+":"+m.Text("text"))
		}
	}
	return texts
}

// 14. Small prints share messages; the streams keep their order.
func TestStreamsAreCoalesced(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	_, out := c.Execute("print a\nprint b\nwarn c\nwarn d\nprint e")
	if d := cmp.Diff([]string{"stdout:a\nb\n", "stderr:c\nd\n", "stdout:e\n"}, streams(out)); d != "" {
		t.Error(d)
	}
	_, out = c.Execute("lines 10000")
	all, n := "", 0
	for _, text := range streams(out) {
		all += strings.TrimPrefix(text, "stdout:")
		n++
	}
	if n > 20 || strings.Count(all, "\n") != 10000 || !strings.HasSuffix(all, "line 9999\n") {
		t.Errorf("%d messages, %d lines", n, strings.Count(all, "\n"))
	}
}

// 14. Text comes while the cell runs, not only at its end.
func TestStreamsComeSoon(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	start := time.Now()
	c.Send("shell", "execute_request", map[string]any{"code": "print now\nhold"})
	m := c.Await("iopub", "text", func(m *jupyterclient.Message) bool { return m.Text("text") == "now\n" })
	if d := m.When.Sub(start); d > 2*flushDelay {
		t.Errorf("after %v", d)
	}
	close(s.script.release)
}

// 14. Messages are cut between characters; what is no character is replaced.
func TestStreamsAreCutBetweenCharacters(t *testing.T) {
	s := serve(t)
	sink := s.newSink(&request{Message: s.message("x", nil, nil)}, 1, false)
	c := s.client(t)
	whole := strings.Repeat("é😀", 3000)
	for i := range len(whole) {
		sink.Stream(engine.Stdout, []byte{whole[i]})
	}
	sink.Stream(engine.Stdout, []byte("\xff end \xf0\x9f"))
	sink.finish()
	last := c.Await("iopub", "the end", func(m *jupyterclient.Message) bool { return strings.Contains(m.Text("text"), "end") })
	got := ""
	for _, text := range streams(c.All("iopub")) {
		got += strings.TrimPrefix(text, "stdout:")
	}
	if want := whole + "\uFFFD end \uFFFD"; got != want {
		t.Errorf("%d bytes instead of %d; last %q", len(got), len(want), last.Text("text"))
	}
}

func TestWholeRunes(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "é": 2, "a\xc3": 1, "😀": 4, "a\xf0\x9f\x98": 1, "\xff": 1, "\x80\x80\x80\x80": 4, "é\xe2\x82": 2} {
		if got := wholeRunes([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// 14. A cell prints up to its cap, and is told so; clearing starts anew.
func TestOutputCap(t *testing.T) {
	s := serve(t, func(o *Options) { o.OutputCap = 1000 })
	c := s.client(t)
	_, out := c.Execute("lines 1000\nprint lost\nshow kept\nclear\nprint again")
	text := strings.Join(streams(out), "|")
	if !strings.Contains(text, "stderr:\n[output cut:") || strings.Contains(text, "lost") || !strings.HasSuffix(text, "stdout:again\n") || len(text) > 1300 {
		t.Errorf("%d bytes: …%s", len(text), text[max(0, len(text)-200):])
	}
	if strings.Count(text, "output cut") != 1 {
		t.Error("told more than once")
	}
}

// 14. A goroutine that outlives its cell prints into that cell.
func TestBackgroundOutputKeepsItsParent(t *testing.T) {
	s := serve(t)
	c := s.client(t)
	id := c.Send("shell", "execute_request", map[string]any{"code": "background late"})
	c.Outputs(id)
	c.Execute("print other")
	s.script.later()
	m := c.Await("iopub", "late text", func(m *jupyterclient.Message) bool { return m.Text("text") == "late" })
	if m.Ours != id {
		t.Error("printed into another cell")
	}
}

// A bar is one output, updated at most ten times a second, its end always shown.
func TestProgress(t *testing.T) {
	s := serve(t)
	_, out := s.client(t).Execute("print before\nprogress")
	types := jupyterclient.Types(out)
	if d := cmp.Diff([]string{"execute_input", "stream", "display_data", "update_display_data"}, types); d != "" {
		t.Fatal(d)
	}
	for _, m := range out[2:] {
		if m.Fields["transient"].(map[string]any)["display_id"] != "progress-p" {
			t.Errorf("%v", m.Fields)
		}
	}
	if text := out[3].Fields["data"].(map[string]any)["text/plain"].(string); !strings.HasPrefix(text, "100%") {
		t.Errorf("last state %q", text)
	}
}

func TestGoroutinePanicIsPrinted(t *testing.T) {
	s := serve(t)
	reply, out := s.client(t).Execute("goroutine boom")
	if reply.Text("status") != "ok" {
		t.Error("the cell itself did not fail")
	}
	if got := streams(out); len(got) != 1 || !strings.Contains(got[0], "boom") {
		t.Errorf("%q", got)
	}
}
