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

// A cell may put another mux in the place of the default one, to which the same patterns are then new.
func TestHandlersBelongToTheirMux(t *testing.T) {
	s := newSession(t)
	former := http.DefaultServeMux
	defer func() { http.DefaultServeMux = former }()
	for _, code := range []string{
		`import "net/http"`,
		`http.HandleFunc("/moved", http.NotFound)`,
		`http.DefaultServeMux = http.NewServeMux()`,
		`http.HandleFunc("/moved", http.NotFound)`,
	} {
		if _, err := eval(s, code); err != nil {
			t.Fatalf("%s: %v", code, err)
		}
	}
	r, err := eval(s, `import "net/url"; _, found := http.DefaultServeMux.Handler(&http.Request{Method: "GET", URL: &url.URL{Path: "/moved"}}); found`)
	if err != nil || r.result() != "/moved" {
		t.Errorf("the new mux has %v, %v", r.result(), err)
	}
}
