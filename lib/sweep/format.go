package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Formats are the forms of Table.Write.
func Formats() []string { return []string{"markdown", "latex", "csv"} }

// Write writes the table as Markdown or LaTeX for people, in percent, or as CSV with a line for every training, as fractions.
// An unknown format is an error.
func (t *Table) Write(w io.Writer, format string) error {
	switch format {
	case "markdown":
		return t.markdown(w)
	case "latex":
		return t.latex(w)
	case "csv":
		return t.csv(w)
	}
	return fmt.Errorf("format %q; there are %s", format, strings.Join(Formats(), ", "))
}

// text is a spread in percent.
func (s Spread) text(plusMinus string) string {
	switch {
	case math.IsNaN(s.Mean):
		return "–"
	case s.Seeds < 2:
		return fmt.Sprintf("%.1f", 100*s.Mean)
	}
	return fmt.Sprintf("%.1f %s %.1f", 100*s.Mean, plusMinus, 100*s.Deviation)
}

// line is a row's cells: one for every column and figure.
func (t *Table) line(row, plusMinus string) (cells []string) {
	for _, column := range t.Columns {
		for figure := range Figures {
			cells = append(cells, t.Spread(row, column, figure).text(plusMinus))
		}
	}
	return cells
}

func (t *Table) means(plusMinus string) (cells []string) {
	for _, column := range t.Columns {
		for figure := range Figures {
			cells = append(cells, t.Mean(column, figure).text(plusMinus))
		}
	}
	return cells
}

func (t *Table) markdown(w io.Writer) error {
	var b strings.Builder
	row := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	head, rule := []string{""}, []string{"---"}
	for _, column := range t.Columns {
		for _, figure := range Figures {
			head, rule = append(head, strings.ReplaceAll(column, "|", `\|`)+": "+figure), append(rule, "---:")
		}
	}
	row(head...)
	row(rule...)
	for _, r := range t.Rows {
		row(append([]string{strings.ReplaceAll(r, "|", `\|`)}, t.line(r, "±")...)...)
	}
	if len(t.Rows) > 1 {
		row(append([]string{"**mean**"}, t.means("±")...)...)
	}
	fmt.Fprintf(&b, "\nPercent at the last epoch; mean ± standard deviation over the seeds %s.\n", strings.Join(seedNames(t.Seeds), ", "))
	if t.Missing > 0 {
		fmt.Fprintf(&b, "%d points of the sweep have no figures yet.\n", t.Missing)
	}
	if c := t.Compare(); len(c) > 0 {
		b.WriteString("\n| difference | figure | mean | 95 % interval | p | trainings |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
		for _, c := range c {
			row(c.A+" − "+c.B, Figures[c.Figure], fmt.Sprintf("%+.1f", 100*c.Difference), fmt.Sprintf("%+.1f to %+.1f", 100*c.Low, 100*c.High),
				fmt.Sprintf("%.2g", c.P), strconv.Itoa(c.Pairs))
		}
		b.WriteString("\nPoints of percent between trainings of the same class and seed: intervals by a bootstrap over classes and seeds, p-values by flipping signs, with Holm's correction.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// seedNames says which seed an empty name is.
func seedNames(seeds []string) (names []string) {
	for _, s := range seeds {
		if s == "" {
			s = "0 (the default)"
		}
		names = append(names, s)
	}
	return names
}

var latexText = strings.NewReplacer(`\`, `\textbackslash{}`, "_", `\_`, "&", `\&`, "%", `\%`, "#", `\#`, "$", `\$`, "{", `\{`, "}", `\}`, "~", `\textasciitilde{}`, "^", `\textasciicircum{}`)

func (t *Table) latex(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\\begin{tabular}{l%s}\n\\toprule\n", strings.Repeat("r", len(Figures)*len(t.Columns)))
	for _, column := range t.Columns {
		fmt.Fprintf(&b, " & \\multicolumn{%d}{c}{%s}", len(Figures), latexText.Replace(column))
	}
	b.WriteString(" \\\\\n")
	for range t.Columns {
		for _, figure := range Figures {
			b.WriteString(" & " + figure)
		}
	}
	b.WriteString(" \\\\\n\\midrule\n")
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "%s & %s \\\\\n", latexText.Replace(r), strings.Join(t.line(r, `$\pm$`), " & "))
	}
	if len(t.Rows) > 1 {
		fmt.Fprintf(&b, "\\midrule\nmean & %s \\\\\n", strings.Join(t.means(`$\pm$`), " & "))
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"class", "detector", "seed", "det_auroc", "loc_auroc", "aupro"})
	for _, row := range t.Rows {
		for _, column := range t.Columns {
			for _, seed := range t.Seeds {
				v, ok := t.cells[cell{row, column, seed}]
				if !ok {
					continue
				}
				line := []string{row, column, seed}
				for _, x := range v {
					text := ""
					if !math.IsNaN(x) {
						text = strconv.FormatFloat(x, 'g', -1, 64)
					}
					line = append(line, text)
				}
				c.Write(line)
			}
		}
	}
	c.Flush()
	return c.Error()
}
