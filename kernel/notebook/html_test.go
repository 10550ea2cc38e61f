package notebook

import (
	"strings"
	"testing"
)

func TestPageHoldsTextCodeAndOutputs(t *testing.T) {
	n := New(NewMarkdown("# A & B\n\n| a |\n|---|\n| 1 |"), NewCode("%time\nif x < 1 { f(\"s\") } // why"))
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
