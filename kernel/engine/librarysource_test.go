package engine

import (
	"context"
	"strings"
	"testing"
)

// TestLibrarySource asks for source with two question marks.
func TestLibrarySource(t *testing.T) {
	s := newSession(t)
	if _, err := eval(s, "var client http.Client"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ code, want, doc string }{
		{"strings.ToUpper", "func ToUpper(s string) string {\n\tisASCII, hasLower := true, false", "upper case"},
		{"strings.Builder", "type Builder struct {", "efficiently build a string"},
		{"client.Get", "func (c *Client) Get(url string) (resp *Response, err error) {", "issues a GET"},
		{"client.Timeout", "type Client struct {", "time limit"},
		{"http.StatusOK", "StatusOK                   = 200 // RFC 9110", ""},
		{"atomic.Pointer", "type Pointer[T any] struct {", "zero value is a nil"},
		{"go/ast.Expr", "type Expr interface {", ""},
	} {
		code := c.code
		if path, name, found := strings.Cut(code, "/ast."); found { // a package that must be imported
			code = `import "` + path + `/ast"; ast.` + name
		}
		in := s.Inspect(context.Background(), code, len(code), 1)
		if !strings.Contains(in.Plain, c.want) || !strings.Contains(in.Plain, c.doc) {
			t.Errorf("%s:\n%s", c.code, in.Plain)
		}
	}
	if in := s.Inspect(context.Background(), "unknown.Name", 12, 1); in.Found {
		t.Errorf("found %s", in.Plain)
	}
}
