package plots

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"path/filepath"
	"strings"

	"github.com/msflow-go/msflow/lib/durable"
)

// Page is an interactive figure: one piece of HTML that holds its data and its script and loads nothing. Notebooks show it
// as it is; Save makes a document of it for a browser.
type Page struct {
	alt  string
	body string
	data func() table
	err  error
}

// failedPage only says why there is none.
func failedPage(what string, err error) *Page {
	err = fmt.Errorf("plots: %s: %w", what, err)
	return &Page{alt: err.Error(), body: `<p style="color:#D55E00;background:#fff;padding:8px">` + html.EscapeString(err.Error()) + "</p>", err: err}
}

// Err says why the page cannot be made, if so.
func (p *Page) Err() error { return p.err }

// String describes the page in words.
func (p *Page) String() string { return p.alt }

// HTML is the piece of HTML that a notebook shows.
func (p *Page) HTML() string { return p.body }

// MIMEBundle is what a notebook shows.
func (p *Page) MIMEBundle() map[string]any {
	return map[string]any{"text/html": p.body, "text/plain": p.alt}
}

// WriteCSV writes the page's data with a header line. Errors are Err's or the writer's.
func (p *Page) WriteCSV(w io.Writer) error {
	if p.err != nil {
		return p.err
	}
	return p.data().write(w)
}

// errNoPage is returned for a format that a page does not have.
var errNoPage = errors.New("plots: a page is saved as .html or .csv")

// Save writes the page as a document (.html) or its data (.csv). The file appears whole or not at all. Errors: Err's, an
// unknown extension, the file system's.
func (p *Page) Save(path string) error {
	if p.err != nil {
		return fmt.Errorf("saving %s: %w", path, p.err)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".html":
		return durable.WriteBytes(path, 0o644, []byte("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>"+
			html.EscapeString(p.alt)+"</title></head><body>\n"+p.body+"</body></html>\n"))
	case ".csv":
		var b bytes.Buffer
		if err := p.WriteCSV(&b); err != nil {
			return err
		}
		return durable.WriteBytes(path, 0o644, b.Bytes())
	}
	return fmt.Errorf("saving %s: %w", path, errNoPage)
}
