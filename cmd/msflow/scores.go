package main

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
)

// writeScores writes one line per test image: its score and the verdict at the threshold.
func writeScores(path string, images []detector.Prediction, threshold float64) error {
	rows := [][]string{{"name", "class", "defect", "anomalous", "score", "threshold", "verdict"}}
	for _, p := range images {
		rows = append(rows, []string{
			p.Name, p.Class, p.Defect, strconv.FormatBool(p.Anomalous), number(p.Score), number(threshold), verdict(p.Score, threshold),
		})
	}
	return writeCSV(path, rows)
}

func writeCSV(path string, rows [][]string) error {
	for _, row := range rows {
		for i, field := range row {
			row[i] = harmless(field)
		}
	}
	return runs.WriteFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) })
}

// harmless puts an apostrophe before a text that a spreadsheet would take for a formula. Numbers stay as they are.
func harmless(field string) string {
	if _, err := strconv.ParseFloat(field, 64); err == nil || field == "" || !strings.ContainsRune("=+-@\t\r", rune(field[0])) {
		return field
	}
	return "'" + field
}

// number is a figure for a file, to the last bit; empty for none.
func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// verdict is what a score says at a threshold; empty without one.
func verdict(score, threshold float64) string {
	if math.IsNaN(threshold) {
		return ""
	}
	if score >= threshold {
		return "anomalous"
	}
	return "normal"
}
