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
// scripts, as in Jupyter: a page is as much to be trusted as the notebook. [Notebook.SafeHTML] is for notebooks of others.
func (n *Notebook) HTML(title string) string {
	return n.page(title, look{formats: richest, markup: func(s string) string { return s }, svg: func(s, _ string) string { return s }})
}

// richest are the formats that a page can show, the best first.
var richest = []string{"text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"}

// look is how a page shows what a notebook brings along.
type look struct {
	formats []string                     // in order of preference
	markup  func(html string) string     // what becomes of HTML
	svg     func(svg, alt string) string // what becomes of a drawing
}

// PageMark is in every page that HTML and SafeHTML make, and says so.
const PageMark = `<meta name="generator" content="msflow run">`

func (n *Notebook) page(title string, l look) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"+
		PageMark+"\n<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", html.EscapeString(title), pageCSS)
	for _, c := range n.Cells {
		switch c.Type {
		case Markdown:
			fmt.Fprintf(&b, "<section class=\"text\">\n%s</section>\n", l.markup(renderMarkdown(c.Source)))
		case Code:
			c.writeHTML(&b, l)
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

func renderMarkdown(text string) string {
	var b bytes.Buffer
	if err := markdown().Convert([]byte(text), &b); err != nil {
		return "<pre>" + html.EscapeString(text) + "</pre>\n"
	}
	return b.String()
}

func (c *Cell) writeHTML(b *strings.Builder, l look) {
	count := " "
	if c.Count > 0 {
		count = fmt.Sprint(c.Count)
	}
	fmt.Fprintf(b, "<section class=\"code\">\n<div class=\"prompt\">[%s]</div>\n<pre class=\"source\">%s</pre>\n", count, highlight(c.Source))
	for _, o := range c.Outputs {
		fmt.Fprintf(b, "<div class=\"output %s\">%s</div>\n", html.EscapeString(strings.TrimSpace(string(o.Type)+" "+o.Name)), o.html(l))
	}
	b.WriteString("</section>\n")
}

// html is the best format of an output that has something to show.
func (o Output) html(l look) string {
	switch o.Type {
	case StreamOutput:
		return "<pre>" + ansiHTML(o.Text) + "</pre>"
	case ErrorOutput:
		return "<pre>" + ansiHTML(strings.Join(o.Traceback, "\n")) + "</pre>"
	}
	for _, mime := range l.formats {
		if text, ok := o.Data[mime].(string); ok {
			if shown := o.format(mime, text, l); shown != "" {
				return shown
			}
		}
	}
	return ""
}

func (o Output) format(mime, text string, l look) string {
	switch mime {
	case "text/html":
		return l.markup(text)
	case "image/svg+xml":
		return l.svg(text, o.alt())
	case "image/png", "image/jpeg":
		return o.picture(mime, text)
	case "text/markdown":
		return l.markup(renderMarkdown(text))
	}
	return "<pre>" + html.EscapeString(text) + "</pre>"
}

func (o Output) alt() string {
	text, _ := o.Data["text/plain"].(string)
	return text
}

func (o Output) picture(mime, base64 string) string {
	size := ""
	meta, _ := o.Metadata[mime].(map[string]any)
	for _, side := range []string{"width", "height"} {
		if v, ok := meta[side]; ok {
			size += fmt.Sprintf(` %s="%s"`, side, html.EscapeString(fmt.Sprint(v)))
		}
	}
	base64 = html.EscapeString(strings.ReplaceAll(base64, "\n", ""))
	return fmt.Sprintf(`<img src="data:%s;base64,%s" alt="%s"%s>`, mime, base64, html.EscapeString(o.alt()), size)
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
