package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// Bytes is the notebook's JSON, byte for byte as Jupyter's own nbformat writes it: sorted keys, one space of indentation,
// text as lists of lines.
func (n *Notebook) Bytes() []byte {
	cells := make([]any, len(n.Cells))
	ids := n.ids()
	for i, c := range n.Cells {
		cells[i] = c.object(ids[i])
	}
	doc := extended(n.extra)
	doc["nbformat"], doc["nbformat_minor"] = 4, max(5, n.Minor)
	doc["metadata"], doc["cells"] = orEmpty(n.Metadata), cells
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(doc); err != nil {
		panic(fmt.Sprintf("notebook: a value that is not JSON: %v", err)) // only a caller's own metadata can be
	}
	return unescapeSeparators(b.Bytes())
}

// unescapeSeparators undoes encoding/json's care for old JavaScript, which would make files differ from Jupyter's.
func unescapeSeparators(b []byte) []byte {
	return separators.ReplaceAllFunc(b, func(m []byte) []byte {
		if len(m) == 2 {
			return m // an escaped backslash, so that \\u2028 stays
		}
		return []byte(map[byte]string{'8': "\u2028", '9': "\u2029"}[m[5]])
	})
}

var separators = regexp.MustCompile(`\\\\|\\u202[89]`)

func extended(extra map[string]any) map[string]any {
	if m := maps.Clone(extra); m != nil {
		return m
	}
	return map[string]any{}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func (c *Cell) object(id string) map[string]any {
	m := extended(c.extra)
	m["id"], m["cell_type"], m["source"], m["metadata"] = id, string(c.Type), lines(c.Source), orEmpty(c.Metadata)
	if c.Type != Code {
		return m
	}
	outputs := make([]any, len(c.Outputs))
	for i, o := range c.Outputs {
		outputs[i] = o.object()
	}
	m["outputs"], m["execution_count"] = outputs, nil
	if c.Count > 0 {
		m["execution_count"] = c.Count
	}
	return m
}

func (o Output) object() map[string]any {
	m := map[string]any{"output_type": string(o.Type)}
	switch o.Type {
	case StreamOutput:
		m["name"], m["text"] = o.Name, lines(o.Text)
	case ErrorOutput:
		m["ename"], m["evalue"], m["traceback"] = o.Kind, o.Value, append([]string{}, o.Traceback...)
	default:
		data := map[string]any{}
		for mime, v := range o.Data {
			if s, ok := v.(string); ok && splits(mime) {
				v = lines(s)
			}
			data[mime] = v
		}
		m["data"], m["metadata"] = data, orEmpty(o.Metadata)
		if o.Type == ResultOutput {
			m["execution_count"] = nil
			if o.Count > 0 {
				m["execution_count"] = o.Count
			}
		}
	}
	return m
}

// splits tells which formats are written as lists of lines.
func splits(mime string) bool {
	return strings.HasPrefix(mime, "text/") || mime == "application/javascript" || mime == "image/svg+xml"
}

// lines cuts text after every line's end, where Python's splitlines does.
func lines(text string) []string {
	list := []string{}
	start, after := 0, rune(0)
	for i, r := range text {
		if after == '\r' && r != '\n' || after != 0 && after != '\r' {
			list, start = append(list, text[start:i]), i
		}
		after = 0
		if endsLine(r) {
			after = r
		}
	}
	if start < len(text) {
		list = append(list, text[start:])
	}
	return list
}

func endsLine(r rune) bool {
	switch r {
	case '\n', '\v', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x85, '\u2028', '\u2029':
		return true
	}
	return false
}

var validID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// ids are the cells' ids; those that are missing, malformed or taken are made from the cell's place.
func (n *Notebook) ids() []string {
	ids, taken := make([]string, len(n.Cells)), map[string]bool{}
	for i, c := range n.Cells {
		if validID.MatchString(c.ID) && !taken[c.ID] {
			ids[i], taken[c.ID] = c.ID, true
		}
	}
	for i := range ids {
		for k := i + 1; ids[i] == ""; k++ {
			if id := fmt.Sprintf("cell-%d", k); !taken[id] {
				ids[i], taken[id] = id, true
			}
		}
	}
	return ids
}
