package serve

import (
	_ "embed"
	"net/http"
)

//go:embed page.html
var pageHTML []byte

// page is for people: drop pictures, see what the detector says of them. It loads nothing from elsewhere, and says nothing
// that needs a token.
func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; connect-src 'self'; img-src 'self' blob: data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(pageHTML)
}

// names are the models in their order.
func (s *Server) names(w http.ResponseWriter, _ *http.Request) error {
	list := make([]string, len(s.models))
	for i, m := range s.models {
		list[i] = m.Name
	}
	writeJSON(w, http.StatusOK, list)
	return nil
}
