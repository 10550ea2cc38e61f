package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/msflow-go/msflow/lib/durable"
	"github.com/msflow-go/msflow/lib/train"
)

// A run's folder holds everything about one training:
//
//	run.json                 the data and the settings
//	detector.safetensors     the trained detector
//	checkpoint.safetensors   where the training stands, to resume it
//	log.jsonl                one line per epoch
//	training.{png,svg,csv}   the curves
//	eval/                    metrics.json, scores.csv, figures, maps
type runFolder string

func (r runFolder) file(name string) string { return filepath.Join(string(r), name) }
func (r runFolder) detector() string        { return r.file("detector.safetensors") }
func (r runFolder) checkpoint() string      { return r.file("checkpoint.safetensors") }

// runInfo is run.json.
type runInfo struct {
	Program string    `json:"program"`
	Data    dataFlags `json:"data"`
	Epochs  int       `json:"epochs"`
	Batch   int       `json:"batch"`
	LR      float64   `json:"lr"`
	HoldOut float64   `json:"hold_out,omitempty"`
}

// begin makes sure that the folder is free for a new training: one that holds a run already is left alone.
func (r runFolder) begin() error {
	for _, f := range []string{r.checkpoint(), r.detector()} {
		if _, err := os.Stat(f); err == nil {
			return fmt.Errorf("%s exists; --resume continues that training, --overwrite replaces it", f)
		}
	}
	return nil
}

func (r runFolder) writeInfo(info runInfo) error { return writeJSON(r.file("run.json"), info) }

func (r runFolder) readInfo() (runInfo, error) {
	var info runInfo
	data, err := os.ReadFile(r.file("run.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return info, fmt.Errorf("%s is not a run's folder: it has no run.json (msflow train --out makes one)", r)
	}
	if err != nil {
		return info, fmt.Errorf("reading the run: %w", err)
	}
	if err := json.Unmarshal(data, &info); err != nil {
		return info, fmt.Errorf("reading %s: %w", r.file("run.json"), err)
	}
	return info, nil
}

// thresholds are those of the run's evaluation: of the image score at its best F1, and of the map in nats per channel.
// They are nil when it was not evaluated.
type thresholds struct {
	Score *float64 `json:"det_threshold"`
	Map   *float64 `json:"map_threshold"`
}

func (r runFolder) thresholds() (t thresholds, err error) {
	path := r.file("eval/metrics.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	if err != nil {
		return t, fmt.Errorf("reading the run's thresholds from %s: %w", path, err)
	}
	return t, nil
}

// writeLog writes one line per epoch.
func (r runFolder) writeLog(history []train.Epoch) error {
	return writeFile(r.file("log.jsonl"), func(f io.Writer) error {
		enc := json.NewEncoder(f)
		for _, e := range history {
			if err := enc.Encode(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeJSON writes v to path in whole or not at all.
func writeJSON(path string, v any) error {
	return writeFile(path, func(f io.Writer) error {
		enc := json.NewEncoder(f)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
}

// writeFile writes path in whole or not at all, and its folder if there is none.
func writeFile(path string, fill func(w io.Writer) error) error {
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return durable.Write(path, 0o644, fill)
}
