package notebook

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	rendering "github.com/yuin/goldmark/renderer/html"
)

//go:embed page.css
var pageCSS string

// HTML is the notebook as one self-contained page: text, code and outputs. Markdown may hold HTML, and outputs may hold
// scripts, as in Jupyter: a page is as much to be trusted as the notebook.
func (n *Notebook) HTML(title string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"+
		"<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", html.EscapeString(title), pageCSS)
	for _, c := range n.Cells {
		switch c.Type {
		case Markdown:
			fmt.Fprintf(&b, "<section class=\"text\">\n%s</section>\n", c.markdown())
		case Code:
			c.writeHTML(&b)
		case Raw:
			fmt.Fprintf(&b, "<pre>%s</pre>\n", html.EscapeString(c.Source))
		}
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.String()
}

var markdown = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(rendering.WithUnsafe()))
})

func (c *Cell) markdown() string { return renderMarkdown(c.Source) }

func renderMarkdown(text string) string {
	var b bytes.Buffer
	if err := markdown().Convert([]byte(text), &b); err != nil {
		return "<pre>" + html.EscapeString(text) + "</pre>\n"
	}
	return b.String()
}

func (c *Cell) writeHTML(b *strings.Builder) {
	count := " "
	if c.Count > 0 {
		count = fmt.Sprint(c.Count)
	}
	fmt.Fprintf(b, "<section class=\"code\">\n<div class=\"prompt\">[%s]</div>\n<pre class=\"source\">%s</pre>\n", count, highlight(c.Source))
	for _, o := range c.Outputs {
		fmt.Fprintf(b, "<div class=\"output %s\">%s</div>\n", html.EscapeString(strings.TrimSpace(string(o.Type)+" "+o.Name)), o.html())
	}
	b.WriteString("</section>\n")
}

// html is the richest format of an output that a page can show.
func (o Output) html() string {
	switch o.Type {
	case StreamOutput:
		return "<pre>" + ansiHTML(o.Text) + "</pre>"
	case ErrorOutput:
		return "<pre>" + ansiHTML(strings.Join(o.Traceback, "\n")) + "</pre>"
	}
	for _, mime := range []string{"text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"} {
		text, ok := o.Data[mime].(string)
		if !ok {
			continue
		}
		switch mime {
		case "text/html", "image/svg+xml":
			return text
		case "image/png", "image/jpeg":
			return o.picture(mime, text)
		case "text/markdown":
			return renderMarkdown(text)
		}
		return "<pre>" + html.EscapeString(text) + "</pre>"
	}
	return ""
}

func (o Output) picture(mime, base64 string) string {
	size := ""
	meta, _ := o.Metadata[mime].(map[string]any)
	for _, side := range []string{"width", "height"} {
		if v, ok := meta[side]; ok {
			size += fmt.Sprintf(` %s="%s"`, side, html.EscapeString(fmt.Sprint(v)))
		}
	}
	alt, _ := o.Data["text/plain"].(string)
	return fmt.Sprintf(`<img src="data:%s;base64,%s" alt="%s"%s>`, mime, strings.ReplaceAll(base64, "\n", ""), html.EscapeString(alt), size)
}

var ansi = regexp.MustCompile("\x1b\\[([0-9;]*)([A-Za-z])")

// ansiHTML keeps what a terminal would show bold or red, and drops its other commands.
func ansiHTML(text string) string {
	var b strings.Builder
	open := false
	last := 0
	for _, m := range ansi.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(html.EscapeString(text[last:m[0]]))
		last = m[1]
		if text[m[4]:m[5]] != "m" {
			continue
		}
		switch text[m[2]:m[3]] {
		case "", "0":
			if open {
				b.WriteString("</b>")
			}
			open = false
		case "1", "31":
			if !open {
				b.WriteString("<b>")
			}
			open = true
		}
	}
	b.WriteString(html.EscapeString(text[last:]))
	if open {
		b.WriteString("</b>")
	}
	return b.String()
}
