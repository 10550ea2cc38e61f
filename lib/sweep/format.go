package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/lib/spreadsheet"
)

// Formats are the forms of Table.Write.
func Formats() []string { return []string{"markdown", "latex", "csv"} }

// Write writes the table as Markdown or LaTeX for people, in percent, or as CSV with a line for every training, as fractions. Those of
// the best test epochs and the published values come after it, labelled. An unknown format is an error.
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

// Markdown is the table as a notebook shows it.
func (t *Table) Markdown() string {
	var b strings.Builder
	if err := t.markdown(&b); err != nil {
		panic(err) // a builder takes everything
	}
	return b.String()
}

// String is the table as a terminal shows it.
func (t *Table) String() string { return t.Markdown() }

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

// markdown writes tables of Markdown.
type markdown struct{ strings.Builder }

func (b *markdown) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// missing says how much of the sweep the table does not have.
func (t *Table) missing() string {
	switch {
	case len(t.Rows) == 0:
		return "No point of the sweep has figures yet; msflow sweep runs what is missing."
	case t.Missing == 1:
		return "1 point of the sweep has no figures yet."
	}
	return fmt.Sprintf("%d points of the sweep have no figures yet.", t.Missing)
}

func (t *Table) markdown(w io.Writer) error {
	if len(t.Rows) == 0 {
		_, err := io.WriteString(w, t.missing()+"\n")
		return err
	}
	b := &markdown{}
	t.markdownFigures(b)
	fmt.Fprintf(b, "\nPercent at the last epoch; mean ± standard deviation over the seeds %s.\n", strings.Join(seedNames(t.Seeds), ", "))
	if t.Missing > 0 {
		b.WriteString(t.missing() + "\n")
	}
	t.markdownComparisons(b)
	if best := t.Best(); best != nil {
		b.WriteString("\n**Best test epoch**, for each figure another, as published tables choose it:\n\n")
		best.markdownFigures(b)
		b.WriteString("\nThese epochs were chosen by the test images themselves, so the figures are too good by construction.\n")
	}
	t.markdownPublished(b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) markdownFigures(b *markdown) {
	head, rule := []string{""}, []string{"---"}
	for _, column := range t.Columns {
		for _, figure := range Figures {
			head, rule = append(head, column+": "+figure), append(rule, "---:")
		}
	}
	b.row(head...)
	b.row(rule...)
	for _, r := range t.Rows {
		b.row(append([]string{r}, t.line(r, "±")...)...)
	}
	if len(t.Rows) > 1 {
		b.row(append([]string{"**mean**"}, t.means("±")...)...)
	}
}

func (t *Table) markdownComparisons(b *markdown) {
	all := t.Compare()
	if len(all) == 0 {
		return
	}
	b.WriteString("\n| difference | figure | mean | 95 % interval | p | trainings |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
	for _, c := range all {
		b.row(c.A+" − "+c.B, Figures[c.Figure], fmt.Sprintf("%+.1f", 100*c.Difference), fmt.Sprintf("%+.1f to %+.1f", 100*c.Low, 100*c.High),
			fmt.Sprintf("%.2g", c.P), strconv.Itoa(c.Pairs))
	}
	b.WriteString("\nPoints of percent between trainings of the same class and seed: intervals by a bootstrap over classes and seeds, p-values by flipping signs, with Holm's correction.\n")
}

// aboutPublished is what to know of published values.
const aboutPublished = "Published PRO is an approximation by some hundred thresholds, the AUPRO here is exact. Many papers report the best test epoch, not the last."

func (t *Table) markdownPublished(b *markdown) {
	all := t.Published()
	if len(all) == 0 {
		return
	}
	b.WriteString("\n**Published** beside measured:\n\n")
	b.row("", "published", "det AUROC", "loc AUROC", "PRO", "here", "det AUROC", "loc AUROC", "AUPRO", "source")
	b.row("---", "---", "---:", "---:", "---:", "---", "---:", "---:", "---:", "---")
	for _, p := range all {
		cells := append([]string{p.row(), p.method()}, p.published()...)
		cells = append(cells, or(p.Detector, "–"))
		for _, s := range p.Here {
			cells = append(cells, s.text("±"))
		}
		b.row(append(cells, p.Source)...)
	}
	b.WriteString("\n" + aboutPublished + "\n")
}

// row says which class, or of how many classes the mean is.
func (b Beside) row() string {
	switch {
	case b.Class != "":
		return b.Class
	case b.Classes <= 1:
		return "all"
	case b.Rows == 0 || b.Rows == b.Classes:
		return fmt.Sprintf("mean of %d", b.Classes)
	}
	return fmt.Sprintf("mean of %d, here of %d", b.Classes, b.Rows)
}

func (p Published) method() string {
	if p.Best {
		return p.Method + ", best test epoch"
	}
	return p.Method
}

func (p Published) published() (cells []string) {
	for _, v := range p.Figures {
		cells = append(cells, Spread{Mean: v}.text(""))
	}
	return cells
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// seedNames says which seed an empty name is.
func seedNames(seeds []string) (names []string) {
	for _, s := range seeds {
		names = append(names, or(s, "0 (the default)"))
	}
	return names
}

var latexText = strings.NewReplacer(`\`, `\textbackslash{}`, "_", `\_`, "&", `\&`, "%", `\%`, "#", `\#`, "$", `\$`, "{", `\{`, "}", `\}`, "~", `\textasciitilde{}`, "^", `\textasciicircum{}`)

// latex writes a tabular for the last epoch, and further ones for the best test epoch and the published values where there are any.
func (t *Table) latex(w io.Writer) error {
	if len(t.Rows) == 0 {
		_, err := io.WriteString(w, "% "+t.missing()+"\n")
		return err
	}
	var b strings.Builder
	t.latexFigures(&b, "")
	if best := t.Best(); best != nil {
		b.WriteString("\n% Each figure at its own best test epoch, chosen by the test images: too good by construction.\n")
		best.latexFigures(&b, "best test epoch")
	}
	t.latexPublished(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) latexFigures(b *strings.Builder, corner string) {
	fmt.Fprintf(b, "\\begin{tabular}{l%s}\n\\toprule\n%s", strings.Repeat("r", len(Figures)*len(t.Columns)), corner)
	for _, column := range t.Columns {
		fmt.Fprintf(b, " & \\multicolumn{%d}{c}{%s}", len(Figures), latexText.Replace(column))
	}
	b.WriteString(" \\\\\n")
	for range t.Columns {
		for _, figure := range Figures {
			b.WriteString(" & " + figure)
		}
	}
	b.WriteString(" \\\\\n\\midrule\n")
	for _, r := range t.Rows {
		fmt.Fprintf(b, "%s & %s \\\\\n", latexText.Replace(r), strings.Join(t.line(r, `$\pm$`), " & "))
	}
	if len(t.Rows) > 1 {
		fmt.Fprintf(b, "\\midrule\nmean & %s \\\\\n", strings.Join(t.means(`$\pm$`), " & "))
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
}

func (t *Table) latexPublished(b *strings.Builder) {
	all := t.Published()
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%% %s\n\\begin{tabular}{llrrrlrrr}\n\\toprule\n", aboutPublished)
	b.WriteString(" & published & det AUROC & loc AUROC & PRO & here & det AUROC & loc AUROC & AUPRO \\\\\n\\midrule\n")
	for _, p := range all {
		cells := append([]string{latexText.Replace(p.row()), latexText.Replace(p.method())}, p.published()...)
		cells = append(cells, latexText.Replace(or(p.Detector, "–")))
		for _, s := range p.Here {
			cells = append(cells, s.text(`$\pm$`))
		}
		fmt.Fprintf(b, "%s \\\\ %% %s\n", strings.Join(cells, " & "), p.Source)
	}
	b.WriteString("\\bottomrule\n\\end{tabular}\n")
}

// csv writes a line for each training at the last epoch, then those at the best test epochs, then the published values, which have a
// source; an empty class is the mean over the data set.
func (t *Table) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"class", "detector", "seed", "det_auroc", "loc_auroc", "aupro", "epoch", "source"})
	t.csvTrainings(c, "last")
	if best := t.Best(); best != nil {
		best.csvTrainings(c, "best")
	}
	seen := map[[2]string]bool{}
	for _, p := range t.Published() {
		if at := [2]string{p.Class, p.Method}; !seen[at] {
			seen[at] = true
			line := append([]string{p.Class, p.Method, ""}, numbers(p.Figures)...)
			c.Write(append(line, map[bool]string{true: "best"}[p.Best], p.Source))
		}
	}
	c.Flush()
	return c.Error()
}

func (t *Table) csvTrainings(c *csv.Writer, epoch string) {
	for _, row := range t.Rows {
		for _, column := range t.Columns {
			for _, seed := range t.Seeds {
				if r, ok := t.cells[cell{row, column, seed}]; ok {
					c.Write(append(append(spreadsheet.Row([]string{row, column, seed}), numbers(r.Figures)...), epoch, ""))
				}
			}
		}
	}
}

// numbers are figures as fractions; empty where there is none.
func numbers(figures [3]float64) (out []string) {
	for _, x := range figures {
		text := ""
		if !math.IsNaN(x) {
			text = strconv.FormatFloat(x, 'g', -1, 64)
		}
		out = append(out, text)
	}
	return out
}
