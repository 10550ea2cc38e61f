package flags

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// Suggest adds to the error of a flag that there is not the flag that may be meant.
func Suggest(flags *pflag.FlagSet, err error) error {
	name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	best, least := "", 1+len(name)/3 // more edits than these are another word
	flags.VisitAll(func(f *pflag.Flag) {
		if d := edits(name, f.Name); d <= least && !f.Hidden && (d < least || best == "") {
			best, least = f.Name, d
		}
	})
	if best == "" {
		return fmt.Errorf("%w (--help lists the flags)", err)
	}
	return fmt.Errorf("%w; is --%s meant?", err, best)
}

// edits is Levenshtein's distance: how many bytes have to be added, removed or changed.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
