package engine

import (
	"net/http"
	"testing"
)

// As golang.org/x/net/trace does, which gRPC brings along.
func init() { http.HandleFunc("/debug/of-the-program", http.NotFound) }

// A cell may register what a package of the program has registered for itself.
func TestCellsHaveAMuxOfTheirOwn(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, `import ("expvar"; "net/http"); http.HandleFunc("/debug/of-the-program", http.NotFound); _ = expvar.Handler`); err != nil {
		t.Error(err)
	}
	r, err := eval(s, `import "net/url"; _, found := http.DefaultServeMux.Handler(&http.Request{Method: "GET", URL: &url.URL{Path: "/debug/vars"}}); found`)
	if err != nil || r.result() != "/debug/vars" {
		t.Errorf("what expvar registered is found as %v, %v", r.result(), err)
	}
}
