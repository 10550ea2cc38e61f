package main

import (
	"encoding/csv"
	"io"
	"strconv"

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
	return writeFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) })
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 9, 64) }

// verdict is what a score says at a threshold.
func verdict(score, threshold float64) string {
	if score >= threshold {
		return "anomalous"
	}
	return "normal"
}
