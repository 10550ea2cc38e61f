// Package results writes what tests and predictions give: tables of scores, and maps as NumPy arrays.
package results

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"github.com/msflow-go/msflow/cmd/msflow/internal/runs"
	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/spreadsheet"
)

// WriteScores writes one line per test image: its score and the verdict at the threshold.
func WriteScores(path string, images []detector.Prediction, threshold float64) error {
	rows := [][]string{{"name", "class", "defect", "anomalous", "score", "threshold", "verdict", "part"}}
	for _, p := range images {
		rows = append(rows, []string{
			p.Name, p.Class, p.Defect, strconv.FormatBool(p.Anomalous), Number(p.Score), Number(threshold), Verdict(p.Score, threshold), p.Part,
		})
	}
	return WriteCSV(path, rows)
}

func WriteCSV(path string, rows [][]string) error {
	for _, row := range rows {
		spreadsheet.Row(row)
	}
	return runs.WriteFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) })
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

// Scored is a line of the table that WriteScores writes.
type Scored struct {
	Name, Class, Part string
	Anomalous         bool
	Score             float64
}

// ReadScores reads what WriteScores wrote. Errors name the file and the line.
func ReadScores(path string) ([]Scored, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("reading %s: it is empty; msflow eval writes it anew", path)
	}
	var out []Scored
	for i, row := range rows {
		if i == 0 {
			if len(row) < 7 || row[0] != "name" || row[3] != "anomalous" || row[4] != "score" {
				return nil, fmt.Errorf("reading %s: it has no line of names as msflow eval writes it", path)
			}
			continue
		}
		s := Scored{Name: row[0], Class: row[1], Part: row[0]}
		if len(row) > 7 { // not in tables from before
			s.Part = row[7]
		}
		if s.Score, err = strconv.ParseFloat(row[4], 64); err == nil {
			s.Anomalous, err = strconv.ParseBool(row[3])
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s, line %d: %w", path, i+1, err)
		}
		out = append(out, s)
	}
	return out, nil
}
