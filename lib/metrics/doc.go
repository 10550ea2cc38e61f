// Package metrics measures anomaly detection and localisation from plain slices: AUROC, average precision, the best F1
// and its threshold, the exact per-region overlap (AUPRO), the 800-threshold PRO of published tables, AUPIMO, and
// bootstrap confidence intervals.
//
// Everywhere a score is larger where the model finds something less normal, "positive" means anomalous, and a
// threshold t calls an item anomalous when its score is ≥ t. Every distinct score is a threshold and ties count half,
// so no figure depends on the order of the input or on a number of bins (ReferencePRO and Pixels.Intervals excepted,
// which say so).
//
// Images are ranked by [Rank], pixels by [NewPixels]; both check their input once and return the errors below, so the
// figures themselves cannot fail. Nothing here keeps or changes a caller's slice, except that Pixels reads the maps and
// masks it was made of until it is dropped.
package metrics

import (
	"errors"
	"fmt"
)

// The world's faults, wrapped with what was found where. A slice of the wrong length is one too: scores and labels
// often come from files.
var (
	ErrEmpty     = errors.New("no scores")
	ErrLength    = errors.New("lengths differ")
	ErrNaN       = errors.New("a score is NaN")
	ErrOneClass  = errors.New("normal and anomalous items are both needed")
	ErrNoRange   = errors.New("scores are not finite")
	ErrTooCoarse = errors.New("too few normal pixels for so small a false-positive rate")
	ErrLimit     = errors.New("a false-positive rate limit must lie in (0,1]")
)

func checkLimit(limit float64) error {
	if !(limit > 0 && limit <= 1) {
		return fmt.Errorf("metrics: limit %v: %w", limit, ErrLimit)
	}
	return nil
}
