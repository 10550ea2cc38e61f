package datasets

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image/png"
	"strings"
)

// String says what is in the data set, a line per part and kind of defect.
func (d *Data) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %d×%d pixels\n", Printable(d.Name), d.H, d.W)
	for _, r := range d.counts() {
		fmt.Fprintf(&b, "%-12s %-24s %5d\n", r.part, Printable(r.kind), r.n)
	}
	return b.String()
}

// count is one line of a summary.
type count struct {
	part, kind string
	n          int
}

func (d *Data) counts() []count {
	var out []count
	for _, part := range []struct {
		name string
		set  Set
	}{{"training", d.Train}, {"validation", d.Validation}, {"test", d.Test}} {
		for _, kind := range append([]string{Good}, part.set.Defects()...) {
			if n := len(part.set.ofDefect(kind)); n > 0 {
				out = append(out, count{part.name, kind, n})
			}
		}
	}
	return out
}

// ofDefect is the part of the set with one kind of defect.
func (s Set) ofDefect(kind string) Set {
	var out Set
	for _, sample := range s {
		if sample.Defect == kind {
			out = append(out, sample)
		}
	}
	return out
}

// HTML is what a notebook shows: the counts, and a contact sheet with some samples of each kind, defects outlined.
func (d *Data) HTML() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption style=\"white-space:nowrap;text-align:left\">%s at %d×%d pixels</caption><tr><th style=\"text-align:left\">part</th><th style=\"text-align:left\">kind</th><th>images</th></tr>", html.EscapeString(d.Name), d.H, d.W)
	for _, r := range d.counts() {
		fmt.Fprintf(&b, `<tr><td style="text-align:left">%s</td><td style="text-align:left">%s</td><td>%d</td></tr>`, r.part, html.EscapeString(r.kind), r.n)
	}
	b.WriteString("</table>")
	b.WriteString(d.sheetHTML())
	return b.String()
}

// A summary's contact sheet shows a few samples of each kind, this many in all.
const (
	sheetColumns = 8
	sheetCell    = 96
	sheetSamples = 3 * sheetColumns
)

// some picks training images for the first row, then test images of all defects in turn.
func (d *Data) some() Set {
	out := append(Set{}, d.Train[:min(sheetColumns, len(d.Train))]...)
	kinds := d.Test.Defects()
	for i := 0; len(out) < sheetSamples; i++ {
		before := len(out)
		for _, kind := range kinds {
			if set := d.Test.ofDefect(kind); i < len(set) && len(out) < sheetSamples {
				out = append(out, set[i])
			}
		}
		if len(out) == before {
			break
		}
	}
	return out
}

func (d *Data) sheetHTML() string {
	sheet, err := ContactSheet(d.some(), sheetColumns, sheetCell)
	if err != nil {
		return "<p>" + html.EscapeString(err.Error()) + "</p>"
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		return "<p>" + html.EscapeString(err.Error()) + "</p>"
	}
	return `<img alt="contact sheet" src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(b.Bytes()) + `">`
}
