package notebook

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestPageHoldsTextCodeAndOutputs(t *testing.T) {
	n := New(&Cell{Type: Markdown, Source: "# A & B\n\n| a |\n|---|\n| 1 |"}, NewCode("%time\nif x < 1 { f(\"s\") } // why"))
	n.Cells[1].Outputs = []Output{
		{Type: StreamOutput, Name: "stdout", Text: "<p>"},
		{Type: ResultOutput, Data: map[string]any{"text/plain": "t", "text/html": "<b>rich</b>"}},
		{Type: DisplayOutput, Data: map[string]any{"text/plain": "a \"picture\"", "image/png": "AAAA"}, Metadata: map[string]any{"image/png": map[string]any{"width": 9}}},
		{Type: ErrorOutput, Traceback: []string{"\x1b[1m\x1b[31mbad <x>\x1b[0m", "at \x1b[2Kline"}},
	}
	page := n.HTML("A <title>")
	for _, want := range []string{
		"<title>A &lt;title&gt;</title>", "<h1>A &amp; B</h1>", "<td>1</td>", `<span class="keyword">if</span> x &lt; <span class="number">1</span>`,
		`<span class="string">&#34;s&#34;</span>`, `<span class="comment">// why</span>`, `<span class="comment">%time</span>`, "<pre>&lt;p&gt;</pre>",
		"<b>rich</b>", `<img src="data:image/png;base64,AAAA" alt="a &#34;picture&#34;" width="9">`, "<pre><b>bad &lt;x&gt;</b>\nat line</pre>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page[strings.Index(page, "<main>"):])
		}
	}
}

// attacks are notebooks' ways to run something in the reader's browser.
var attacks = []string{
	"<script>alert(1)</script><b>kept</b>", `<img src=x onerror=alert(1)>`, `<a href="javascript:alert(1)">x</a>`,
	`<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<svg onload=alert(1)><script>alert(1)</script></svg>`,
	`<form action=//example.org><button formaction="javascript:alert(1)">x</button></form>`, `<meta http-equiv=refresh content="0;url=//example.org">`,
	`<style>@import "//example.org"</style>`, `<p style="background:url(javascript:alert(1))">x</p>`, `<object data="x"></object><embed src=x><base href=//x>`,
	"[x](javascript:alert(1)) <details ontoggle=alert(1) open>", `"><script>alert(1)</script>`, "</pre></section><script>alert(1)</script>",
}

// hostile is a notebook with an attack wherever it has text.
func hostile(attack string) *Notebook {
	n := New(&Cell{Type: Markdown, Source: attack}, NewCode(attack), &Cell{Type: Raw, Source: attack})
	n.Cells[1].Outputs = []Output{
		{Type: StreamOutput, Name: attack, Text: attack}, {Type: ErrorOutput, Kind: attack, Traceback: []string{attack}}, {Type: OutputType(attack), Data: map[string]any{}},
	}
	for _, mime := range []string{"text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"} {
		n.Cells[1].Outputs = append(n.Cells[1].Outputs, Output{
			Type: DisplayOutput, Data: map[string]any{mime: attack, "text/plain": attack},
			Metadata: map[string]any{mime: map[string]any{"width": attack}},
		})
	}
	return n
}

// dangers are what a page has that a harmless one has not, as a browser's parser finds it.
func dangers(page string) (found []string) {
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		t := z.Token()
		if t.Type != html.StartTagToken && t.Type != html.SelfClosingTagToken {
			continue
		}
		if slices.Contains([]string{"script", "iframe", "object", "embed", "base", "svg", "form", "button"}, t.Data) {
			found = append(found, t.String())
		}
		for _, a := range t.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			runs := strings.HasPrefix(value, "javascript:") || a.Key == "style" && strings.Contains(value, "url(")
			if strings.HasPrefix(a.Key, "on") || runs {
				found = append(found, t.String())
			}
		}
	}
	return found
}

func TestASafePageRunsNothing(t *testing.T) {
	for _, attack := range attacks {
		n := hostile(attack)
		if found := dangers(n.SafeHTML(attack)); len(found) > 0 {
			t.Errorf("%s: the safe page has %q", attack, found)
		}
	}
	if len(dangers(hostile(attacks[0]).HTML("")))*len(dangers(hostile(attacks[1]).HTML(""))) == 0 {
		t.Error("the ordinary page has no danger either: this test finds nothing")
	}
}

func TestASafePageKeepsWhatIsHarmless(t *testing.T) {
	n := New(&Cell{Type: Markdown, Source: "# A\n\n<b>bold</b> [x](https://example.org)\n\n| a |\n|---|\n| 1 |"}, NewCode("x"), NewCode("y"))
	n.Cells[1].Outputs = []Output{{Type: ResultOutput, Data: map[string]any{
		"text/html": `<script>draw()</script>`, "text/plain": "a still form"}}}
	n.Cells[2].Outputs = []Output{
		{Type: ResultOutput, Data: map[string]any{"text/html": `<table><tr><td style="text-align: right">2</td></tr></table>`}},
		{Type: DisplayOutput, Data: map[string]any{"text/html": "<b>x</b>", "image/svg+xml": "<svg></svg>", "text/plain": "a drawing"}},
	}
	page := n.SafeHTML("t")
	for _, want := range []string{
		"<b>bold</b>", `<a href="https://example.org"`, "<td>1</td>", "<pre>a still form</pre>", `<td style="text-align: right">2</td>`,
		`<img src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=" alt="a drawing">`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page[strings.Index(page, "<main>"):])
		}
	}
}

// Whatever the notebook says, its safe page runs nothing.
func FuzzSafeHTML(f *testing.F) {
	for _, a := range attacks {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if found := dangers(hostile(text).SafeHTML(text)); len(found) > 0 {
			t.Errorf("%q", found)
		}
	})
}
