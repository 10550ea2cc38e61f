package runs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/msflow-go/msflow/lib/train"
)

// LogLine is a line of log.jsonl: an epoch with its times, which nothing else in the folder holds.
type LogLine struct {
	Run string `json:"run"`
	train.Epoch
	Seconds float64 `json:"seconds,omitempty"`            // unknown of an epoch whose line was lost
	Rate    float64 `json:"samples_per_second,omitempty"` // likewise
}

// Log writes log.jsonl while the training goes on.
type Log struct {
	run   string
	times map[int]LogLine // of the epochs before the training was resumed
}

// OpenLog takes the times of earlier epochs from the folder's log. What belongs neither to the run nor to a former one that it goes
// on from is left out.
func OpenLog(folder Folder, info *Info) (*Log, error) {
	of := []string{info.Run}
	for _, f := range info.Former {
		of = append(of, f.Run)
	}
	l := &Log{run: info.Run, times: map[int]LogLine{}}
	text, err := os.ReadFile(folder.File("log.jsonl"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	for _, line := range bytes.Split(text, []byte("\n")) {
		var e LogLine
		if json.Unmarshal(line, &e) == nil && slices.Contains(of, e.Run) {
			l.times[e.Epoch.Epoch] = e
		}
	}
	return l, nil
}

// Write writes the log of all finished epochs into a folder.
func (l *Log) Write(folder Folder, history []train.Epoch) error {
	return WriteFile(folder.File("log.jsonl"), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		for _, e := range history {
			line := LogLine{l.run, e, e.Seconds, e.Rate}
			if e.Seconds == 0 {
				line.Seconds, line.Rate = l.times[e.Epoch].Seconds, l.times[e.Epoch].Rate
			}
			if err := enc.Encode(line); err != nil {
				return err
			}
		}
		return nil
	})
}
