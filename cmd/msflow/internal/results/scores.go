// Package results writes what tests and predictions give: tables of scores, and maps as NumPy arrays.
package results

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
)

// WriteScores writes one line per test image: its score and the verdict at the threshold.
func WriteScores(path string, images []detector.Prediction, threshold float64) error {
	rows := [][]string{{"name", "class", "defect", "anomalous", "score", "threshold", "verdict"}}
	for _, p := range images {
		rows = append(rows, []string{
			p.Name, p.Class, p.Defect, strconv.FormatBool(p.Anomalous), Number(p.Score), Number(threshold), Verdict(p.Score, threshold),
		})
	}
	return WriteCSV(path, rows)
}

func WriteCSV(path string, rows [][]string) error {
	for _, row := range rows {
		for i, field := range row {
			row[i] = Harmless(field)
		}
	}
	return runs.WriteFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) })
}

// Harmless puts an apostrophe before a text that a spreadsheet would take for a formula. Numbers stay as they are.
func Harmless(field string) string {
	if _, err := strconv.ParseFloat(field, 64); err == nil || field == "" || !strings.ContainsRune("=+-@\t\r", rune(field[0])) {
		return field
	}
	return "'" + field
}

// Number is a figure for a file, to the last bit; empty for none.
func Number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Verdict is what a score says at a threshold; empty without one.
func Verdict(score, threshold float64) string {
	if math.IsNaN(threshold) {
		return ""
	}
	if score >= threshold {
		return "anomalous"
	}
	return "normal"
}
