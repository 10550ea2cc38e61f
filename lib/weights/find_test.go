package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// withPublished replaces the table of published files during a test by one file whose content is known.
func withPublished(t *testing.T, content string) Entry {
	sum := sha256.Sum256([]byte(content))
	digest := hex.EncodeToString(sum[:])
	e := Entry{Name: "tiny", File: "tiny-" + digest[:8] + ".pth", SHA256: digest[:8], URL: "https://weights.invalid/tiny.pth", HuggingFace: "org/tiny"}
	old := published
	published = []Entry{e}
	t.Cleanup(func() { published = old })
	return e
}

// loopback sends every request to a server on this machine.
type loopback struct{ server *httptest.Server }

func (l loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("not over https")
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(l.server.URL, "http://")
	return http.DefaultTransport.RoundTrip(r)
}

func serve(t *testing.T, handler http.HandlerFunc) *http.Client {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return &http.Client{Transport: loopback{s}}
}

func refuseNetwork(t *testing.T) *http.Client {
	return serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the network was used") })
}

func TestFindDownloadsOnce(t *testing.T) {
	e := withPublished(t, "the weights")
	asked := 0
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/tiny.pth" {
			t.Errorf("asked for %s", r.URL)
		}
		w.Write([]byte("the weights"))
	})
	var done, total int64
	f := Finder{Dir: filepath.Join(t.TempDir(), "new", "folder"), Client: client, Shared: []string{},
		Progress: func(d, n int64) { done, total = d, n }}
	for range 2 {
		path, err := f.Find(context.Background(), "tiny")
		if err != nil {
			t.Fatal(err)
		}
		if data, _ := os.ReadFile(path); string(data) != "the weights" || filepath.Base(path) != e.File {
			t.Errorf("%s holds %q", path, data)
		}
	}
	if asked != 1 {
		t.Errorf("%d downloads", asked)
	}
	if done != 11 || total != 11 {
		t.Errorf("progress ended at %d of %d", done, total)
	}
}

func TestFindKeepsNoWrongDownload(t *testing.T) {
	e := withPublished(t, "the weights")
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		words   []string
	}{
		"other content": {func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("something else")) }, []string{"SHA-256", e.SHA256}},
		"not found":     {http.NotFound, []string{"404"}},
		"cut off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "11")
			w.Write([]byte("the"))
		}, []string{"after 3 bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := Finder{Dir: dir, Client: serve(t, c.handler), Shared: []string{}}.Find(context.Background(), "tiny")
			wantWords(t, err, append(c.words, "tiny", e.URL)...)
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFindStopsWithItsContext(t *testing.T) {
	withPublished(t, "the weights")
	ctx, cancel := context.WithCancel(context.Background())
	client := serve(t, func(w http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	_, err := Finder{Dir: t.TempDir(), Client: client, Shared: []string{}}.Find(ctx, "tiny")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestFindOffline(t *testing.T) {
	e := withPublished(t, "the weights")
	f := Finder{Dir: t.TempDir(), Client: refuseNetwork(t), Shared: []string{}, Offline: true}
	_, err := f.Find(context.Background(), "tiny")
	wantWords(t, err, "tiny", e.File, e.URL, f.Dir)
	if !errors.Is(err, ErrOffline) {
		t.Errorf("%v is not ErrOffline", err)
	}
}

func TestFindUsesOtherProgramsFiles(t *testing.T) {
	e := withPublished(t, "the weights")
	hub := t.TempDir()
	places := []string{
		filepath.Join(hub, e.File),
		filepath.Join(hub, "models--org--tiny", "snapshots", "0123", "tiny.pth"),
	}
	for _, place := range places {
		os.MkdirAll(filepath.Dir(place), 0o755)
		os.WriteFile(place, []byte("the weights"), 0o644)
		f := Finder{Dir: t.TempDir(), Client: refuseNetwork(t), Shared: []string{hub}}
		if path, err := f.Find(context.Background(), "tiny"); path != place {
			t.Errorf("found %q (%v), want %s", path, err, place)
		}
		os.WriteFile(place, []byte("damaged"), 0o644)
		f.Offline = true
		if path, err := f.Find(context.Background(), "tiny"); !errors.Is(err, ErrOffline) {
			t.Errorf("the damaged file gives %q, %v", path, err)
		}
		os.Remove(place)
	}
}

func TestFindReportsItsOwnDamagedFile(t *testing.T) {
	e := withPublished(t, "the weights")
	dir := t.TempDir()
	own := filepath.Join(dir, e.File)
	os.WriteFile(own, []byte("damaged"), 0o644)
	_, err := Finder{Dir: dir, Client: refuseNetwork(t), Shared: []string{}}.Find(context.Background(), "tiny")
	wantWords(t, err, "tiny", own, e.SHA256, "delete")
}

func TestFindUnknown(t *testing.T) {
	_, err := Find("vgg16", t.TempDir(), true)
	wantWords(t, err, "vgg16", "wide_resnet50_2", "efficientnet_lite0")
}

func TestCacheDir(t *testing.T) {
	t.Setenv("MSFLOW_CACHE", "/some/where")
	if CacheDir() != "/some/where" {
		t.Errorf("CacheDir is %s", CacheDir())
	}
	t.Setenv("MSFLOW_CACHE", "")
	t.Setenv("HOME", "/home/me")
	if want := filepath.Join("/home/me", ".cache", "msflow"); CacheDir() != want {
		t.Errorf("CacheDir is %s, want %s", CacheDir(), want)
	}
}

func TestPublishedTable(t *testing.T) {
	names := map[string]bool{}
	for _, e := range Published() {
		names[e.Name] = true
		if e.Page != "" {
			holdByHand(t, e)
			continue
		}
		if len(e.SHA256) < 8 || e.File == "" || e.License == "" {
			t.Errorf("%+v is incomplete", e)
		}
		if strings.HasSuffix(e.File, ".pth") && !strings.HasSuffix(e.File, "-"+e.SHA256[:8]+".pth") {
			t.Errorf("%s does not end in the start of %s", e.File, e.SHA256)
		}
		if e.URL != "" && !strings.HasPrefix(e.URL, "https://") {
			t.Errorf("%s is fetched from %s", e.Name, e.URL)
		}
	}
	if len(names) != 16 {
		t.Errorf("%d backbones have weights, want 16", len(names))
	}
}

// A file that a person has to get is not looked for anywhere; the error says whence and under which licence.
func holdByHand(t *testing.T, e Entry) {
	t.Helper()
	_, err := Finder{Dir: t.TempDir(), Client: refuseNetwork(t)}.Find(context.Background(), e.Name)
	for _, word := range []string{e.Name, e.Page, e.License, "--weights"} {
		if err == nil || word == "" || !strings.Contains(err.Error(), word) {
			t.Errorf("looking for %s gives %v, which does not mention %q", e.Name, err, word)
		}
	}
	if e.File != "" || e.URL != "" || e.SHA256 != "" {
		t.Errorf("%+v is half by hand", e)
	}
}

func TestBackboneLite0NeedsNoFile(t *testing.T) {
	t.Setenv("MSFLOW_OFFLINE", "1")
	t.Setenv("MSFLOW_CACHE", t.TempDir())
	d, err := Backbone("efficientnet_lite0")
	if err != nil || d != EmbeddedLite0() {
		t.Fatalf("got %v, %v", d, err)
	}
	if _, err := d.Floats("_blocks.10._project_conv.weight", 112, 672, 1, 1); err != nil {
		t.Error(err)
	}
	if d.Has("_blocks.11._project_conv.weight") {
		t.Error("more is embedded than the pyramid needs")
	}
}
