package notebook

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// SafeHTML is [Notebook.HTML] of a notebook that need not be trusted: no script of it runs, nothing is loaded from
// elsewhere but pictures, and drawings are shown as pictures. An interactive output is shown in its still form, as far as
// it has one.
func (n *Notebook) SafeHTML(title string) string {
	return n.page(title, look{formats: stillFirst, markup: harmless, svg: svgPicture})
}

// stillFirst prefers a picture to HTML that may lose what makes it a picture.
var stillFirst = []string{"image/svg+xml", "image/png", "image/jpeg", "text/html", "text/markdown", "text/latex", "text/plain"}

// harmless leaves of HTML the text, its layout, tables, links and pictures.
func harmless(markup string) string { return strings.TrimSpace(policy().Sanitize(markup)) }

var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowDataURIImages()
	p.AllowAttrs("disabled", "checked").OnElements("input")
	p.AllowStyles("text-align", "vertical-align", "color", "background-color", "font-weight", "font-style", "font-family", "font-size",
		"width", "height", "padding", "margin", "border", "display", "white-space").Globally()
	return p
})

// svgPicture shows a drawing as browsers show pictures: without running what is in it, or loading what it names.
func svgPicture(svg, alt string) string {
	data := base64.StdEncoding.EncodeToString([]byte(svg))
	return fmt.Sprintf(`<img src="data:image/svg+xml;base64,%s" alt="%s">`, data, html.EscapeString(alt))
}
