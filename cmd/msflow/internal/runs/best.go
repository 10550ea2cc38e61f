package runs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"

	"github.com/msflow-go/msflow/lib/detector"
	"github.com/msflow-go/msflow/lib/seal"
)

// bestFile holds a BestEpoch in a run's folder.
const bestFile = "best_epoch.json"

// BestEpoch keeps the best test figure of each metric over the epochs, chosen per metric on the test set itself as
// published tables do, and those of the last epoch beside them.
type BestEpoch struct {
	Run    string             `json:"run"`
	Judged []verdictOfEpoch   `json:"judged"`
	Best   map[string]float64 `json:"best_on_test_set"`
	At     map[string]int     `json:"best_epoch"`
	Last   map[string]float64 `json:"last_epoch"`
	SHA256 string             `json:"sha256"`
}

// verdictOfEpoch are the test figures after one epoch.
type verdictOfEpoch struct {
	Epoch   int                `json:"epoch"`
	Figures map[string]float64 `json:"figures"`
}

// Seal is the checksum that the file carries.
func (b *BestEpoch) Seal() *string { return &b.SHA256 }

// OpenBest reads the figures of the epochs that were judged before the training was resumed.
func OpenBest(folder Folder, info *Info) (*BestEpoch, error) {
	b := &BestEpoch{}
	path := folder.File(bestFile)
	if err := seal.Read(path, b); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the epochs judged so far: %w", err)
	}
	if n := len(info.Former); b.Run != info.Run && (n == 0 || b.Run != info.Former[n-1].Run) {
		return &BestEpoch{Run: info.Run}, nil
	}
	b.Run = info.Run
	return b, nil
}

// See adds the figures after an epoch; those of later epochs, which a resumed training repeats, are forgotten.
func (b *BestEpoch) See(epoch int, r *detector.Result) {
	now := map[string]float64{}
	for _, f := range detector.Figures() {
		if v := f.Of(r.Metrics); f.Published && !math.IsNaN(v) {
			now[f.Key] = v
		}
	}
	b.Judged = slices.DeleteFunc(b.Judged, func(v verdictOfEpoch) bool { return v.Epoch >= epoch })
	b.Judged = append(b.Judged, verdictOfEpoch{epoch, now})
	b.Best, b.At, b.Last = map[string]float64{}, map[string]int{}, now
	for _, v := range b.Judged {
		for k, figure := range v.Figures {
			if old, ok := b.Best[k]; !ok || figure > old {
				b.Best[k], b.At[k] = figure, v.Epoch
			}
		}
	}
}

// OrNil is nil when no epoch was judged.
func (b *BestEpoch) OrNil() any {
	if len(b.Judged) == 0 {
		return nil
	}
	return b
}

// Print writes a table: each figure after the last epoch and at its best.
func (b *BestEpoch) Print(out io.Writer) {
	if len(b.Judged) == 0 {
		return
	}
	fmt.Fprintf(out, "%-14s %12s %22s\n", "", "last epoch", "best on the test set")
	for _, f := range detector.Figures() {
		if v, ok := b.Last[f.Key]; ok {
			fmt.Fprintf(out, "%-14s %12.4f %12.4f (epoch %d)\n", f.Key, v, b.Best[f.Key], b.At[f.Key])
		}
	}
}

// Write puts it into a run's folder.
func (b *BestEpoch) Write(folder Folder) error { return seal.Write(folder.File(bestFile), b) }
